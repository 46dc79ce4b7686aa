"""The index that other tests rely on: each kind it imitates, and real pip as its client."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from index_server import Distribution, Fault, Index, Switches, recorded, sdist, wheel
from index_server.recording import RECORDED, RecordedProject, recorded_runs
from index_server.site import HTML, JSON, chosen_type

TAGS = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"
WHEEL = f"demo_tool-1.0-{TAGS}.whl"
SDIST = "demo_tool-1.1.tar.gz"


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def demo(index: Index) -> Index:
    index.add(
        wheel("Demo.Tool", "1.0", TAGS, requires_dist=["other>=2"], requires_python=">=3.8", yanked="broken"),
        sdist("demo-tool", "1.1", files={"src/demo.c": "int main;"}),
    )
    return index


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--no-cache-dir", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_wheel_is_real_and_the_same_each_time() -> None:
    def make() -> Distribution:
        return wheel("demo-tool", "1.0", requires_dist=["other"], files={"demo.py": "x = 1\n"})

    assert make().filename == "demo_tool-1.0-py3-none-any.whl"
    assert make().sha256 == hashlib.sha256(make().content).hexdigest()
    with zipfile.ZipFile(io.BytesIO(make().content)) as archive:
        assert b"Requires-Dist: other\n" in archive.read("demo_tool-1.0.dist-info/METADATA")
        assert archive.testzip() is None
    assert len(make().content) > 20_000


@pytest.mark.parametrize("filename", [None, "demo-1.0.zip"])
def test_a_sdist_is_real_and_the_same_each_time(filename: str | None) -> None:
    def make() -> Distribution:
        return sdist("demo", "1.0", requires_dist=["other"], files={"src/lib.rs": ""}, filename=filename)

    assert make().content == make().content
    if filename:
        names = zipfile.ZipFile(io.BytesIO(make().content)).namelist()
    else:
        with tarfile.open(fileobj=io.BytesIO(make().content)) as archive:
            names = archive.getnames()
    assert names == ["demo-1.0/PKG-INFO", "demo-1.0/src/lib.rs", "demo-1.0/pyproject.toml"]


def test_a_json_page(demo: Index, http: requests.Session) -> None:
    answer = http.get(demo.url + "demo-tool/", headers={"Accept": JSON})
    assert answer.headers["Content-Type"] == JSON
    first, second = answer.json()["files"]
    file = demo.projects["demo-tool"].files[0]
    assert first == {
        "filename": WHEEL,
        "url": f"../../files/{WHEEL}",
        "hashes": {"sha256": file.sha256},
        "requires-python": ">=3.8",
        "yanked": "broken",
        "size": len(file.content),
        "core-metadata": {"sha256": file.metadata_sha256},
        "dist-info-metadata": {"sha256": file.metadata_sha256},
    }
    assert "core-metadata" not in second


def test_an_html_page(demo: Index, http: requests.Session) -> None:
    answer = http.get(demo.url + "demo-tool/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    file = demo.projects["demo-tool"].files[0]
    assert f'<a href="../../files/{WHEEL}#sha256={file.sha256}" data-requires-python="&gt;=3.8"' in answer.text
    assert f'data-yanked="broken" data-core-metadata="sha256={file.metadata_sha256}"' in answer.text


@pytest.mark.parametrize(
    ("accept", "switches", "expected"),
    [
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", Switches(), JSON),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", Switches(json=False), HTML),
        (f"{JSON}; q=0.1, text/html", Switches(), "text/html"),
        ("application/vnd.pypi.simple.latest+json", Switches(), JSON),
        ("*/*", Switches(), "text/html"),
        ("*/*", Switches(html=False), JSON),
        (JSON, Switches(json=False), None),
        ("image/png", Switches(), None),
    ],
)
def test_the_type_is_negotiated(accept: str, switches: Switches, expected: str | None) -> None:
    assert chosen_type(accept, switches) == expected


def test_unknown_projects_types_and_names(demo: Index, http: requests.Session) -> None:
    assert http.get(demo.url + "nothing/").status_code == 404
    assert http.get(demo.origin + "/elsewhere").status_code == 404
    assert http.get(demo.url + "demo-tool/", headers={"Accept": "image/png"}).status_code == 406
    assert http.post(demo.url).status_code == 405
    redirected = http.get(demo.url + "Demo.Tool")
    assert redirected.url == demo.url + "demo-tool/"
    demo.switches.redirect_pages = False
    assert http.get(demo.url + "Demo.Tool/").status_code == 404
    assert http.get(demo.url, headers={"Accept": JSON}).json()["projects"] == [{"name": "demo-tool"}]


@pytest.mark.parametrize(
    ("metadata", "advertised", "status"),
    [("advertised", True, 200), ("unadvertised", False, 200), ("broken", True, 404), ("absent", False, 404)],
)
def test_metadata_files(demo: Index, http: requests.Session, metadata: str, advertised: bool, status: int) -> None:
    demo.switches.metadata = metadata  # type: ignore[assignment]
    entry = http.get(demo.url + "demo-tool/", headers={"Accept": JSON}).json()["files"][0]
    assert ("core-metadata" in entry) is advertised
    answer = http.get(f"{demo.origin}/files/{WHEEL}.metadata")
    assert answer.status_code == status
    if status == 200:
        assert hashlib.sha256(answer.content).hexdigest() == demo.projects["demo-tool"].files[0].metadata_sha256


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=-100", slice(-100, None)), ("bytes=10-19", slice(10, 20)), ("bytes=10-", slice(10, None))],
)
def test_ranges(demo: Index, http: requests.Session, wanted: str, part: slice) -> None:
    content = demo.projects["demo-tool"].files[0].content
    answer = http.get(f"{demo.origin}/files/{WHEEL}", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, content[part])
    first = range(len(content))[part][0]
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(content)}"


def test_ranges_ignored_refused_and_beyond_the_end(demo: Index, http: requests.Session) -> None:
    def ask(span: str) -> int:
        return http.get(f"{demo.origin}/files/{WHEEL}", headers={"Range": f"bytes={span}"}).status_code

    assert ask("999999-") == 416
    demo.switches.suffix_ranges = False
    assert (ask("0-9"), ask("-10")) == (206, 501)
    demo.switches.ranges, demo.switches.range_refusal = "refused", 416
    assert ask("0-9") == 416
    demo.switches.ranges = "ignored"
    assert ask("0-9") == 200


def test_head(demo: Index, http: requests.Session) -> None:
    whole = http.head(f"{demo.origin}/files/{WHEEL}")
    assert (whole.status_code, whole.content) == (200, b"")
    assert int(whole.headers["Content-Length"]) > 20_000
    demo.switches.head = False
    assert http.head(f"{demo.origin}/files/{WHEEL}").status_code == 405


def test_revalidation(demo: Index, http: requests.Session) -> None:
    url = demo.url + "demo-tool/"
    first = http.get(url)
    assert first.headers["Cache-Control"] == "max-age=600, public"
    assert http.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert http.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    demo.add(wheel("demo-tool", "2.0"))
    assert http.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    demo.switches.revalidation = frozenset()
    assert {"ETag", "Last-Modified"}.isdisjoint(http.get(url).headers)


def test_credentials(demo: Index, http: requests.Session) -> None:
    demo.switches.credentials = ("user", "p@ss")
    assert http.get(demo.url + "demo-tool/").status_code == 401
    assert http.get(demo.url_for("user", "p@ss") + "demo-tool/").status_code == 200


def test_redirected_files(demo: Index, http: requests.Session) -> None:
    demo.switches.redirect_files = True
    answer = http.get(f"{demo.origin}/files/{SDIST}")
    assert answer.url == f"{demo.origin}/elsewhere/{SDIST}"
    assert answer.content == demo.projects["demo-tool"].files[1].content


@pytest.mark.parametrize(("hashes", "expected"), [("wrong", {"sha256": "0" * 64}), ("none", {})])
def test_wrong_or_no_hashes(demo: Index, http: requests.Session, hashes: str, expected: dict[str, str]) -> None:
    demo.switches.hashes = hashes  # type: ignore[assignment]
    page = http.get(demo.url + "demo-tool/", headers={"Accept": JSON}).json()
    assert page["files"][0]["hashes"] == expected


def test_a_fault_strikes_so_many_times(demo: Index, http: requests.Session) -> None:
    demo.fault(Fault("/simple/*", times=2, status=503, headers={"Retry-After": "0"}))
    answers = [http.get(demo.url + "demo-tool/") for _ in range(3)]
    assert [each.status_code for each in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "0"


def test_a_reset_connection(demo: Index, http: requests.Session) -> None:
    demo.fault(Fault(reset=True, times=1))
    with pytest.raises(requests.ConnectionError):
        http.get(demo.url)
    assert http.get(demo.url).status_code == 200


def test_a_truncated_answer(demo: Index, http: requests.Session) -> None:
    demo.fault(Fault("/files/*", truncated=True))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        http.get(f"{demo.origin}/files/{WHEEL}")


def test_garbage_and_delay(demo: Index, http: requests.Session) -> None:
    demo.fault(Fault("/simple/demo-tool/", times=1, garbage=b"<captive portal>"))
    assert http.get(demo.url + "demo-tool/").content == b"<captive portal>"
    demo.switches.delay = 0.05
    started = time.monotonic()
    http.get(demo.url)
    assert time.monotonic() - started >= 0.05


def test_hanging_ends_with_the_index(http: requests.Session) -> None:
    index = Index()
    index.fault(Fault(hang=True))
    with pytest.raises(requests.Timeout):
        http.get(index.url, timeout=0.05)
    errors: list[Exception] = []

    def wait() -> None:
        try:
            requests.get(index.url, timeout=30)
        except requests.RequestException as error:
            errors.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while len(index.requests) < 2:
        time.sleep(0.005)
    index.close()
    waiting.join(5)
    assert [type(each) for each in errors] == [requests.ConnectionError]


def test_requests_are_recorded_on_kept_connections(demo: Index, http: requests.Session) -> None:
    for _ in range(3):
        http.get(demo.url + "demo-tool/", headers={"Accept": JSON})
    http.get(f"{demo.origin}/files/{WHEEL}", headers={"Range": "bytes=-10"})
    assert demo.requested("/files/*") == [f"/files/{WHEEL}"]
    last = demo.requests[-1]
    assert (last.method, last.status, last.sent, last.headers["range"]) == ("GET", 206, 10, "bytes=-10")
    assert len(demo.requested("/simple/*", "GET")) == 3
    assert len(http.adapters["http://"].poolmanager.pools) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("switches", [Switches(), Switches(json=False, metadata="absent", credentials=("me", "x"))])
def test_pip_downloads_from_it(switches: Switches, tmp_path: Path) -> None:
    with Index(switches) as index:
        index.add(wheel("demo-tool", "1.0"), wheel("demo-tool", "1.1", yanked="broken"))
        done = pip("download", "--no-deps", "--index-url", index.url_for("me", "x"), "-d", str(tmp_path), "demo-tool")
        assert done.returncode == 0, done.stderr
        [path] = tmp_path.iterdir()
        assert path.name == "demo_tool-1.0-py3-none-any.whl"
        assert path.read_bytes() == index.projects["demo-tool"].files[0].content


def test_pip_installs_what_it_serves(index: Index, tmp_path: Path) -> None:
    index.add(wheel("demo", "1.0", files={"demo.py": "answer = 42\n"}, requires_dist=["other"]), wheel("other", "1"))
    done = pip("install", "--index-url", index.url, "--target", str(tmp_path), "demo")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo.py").read_text() == "answer = 42\n"
    assert (tmp_path / "other-1.dist-info").is_dir()


def test_the_recording_reads_back_as_it_was_written() -> None:
    paths = sorted((RECORDED / "nexus" / "projects").glob("*.json"))
    assert len(paths) > 60
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert RecordedProject.load(text).dump() == text


def test_the_recording_is_small() -> None:
    assert sum(path.stat().st_size for path in (RECORDED / "nexus").rglob("*.json")) < 1_500_000


def test_the_recording_says_what_the_incident_was(nexus_index: Index) -> None:
    files = nexus_index.projects["pydantic-core"].files
    linux = {f.filename.split("-")[2] for f in files if "-2.14.6-" in f.filename and "manylinux_2_17" in f.filename}
    assert linux == {"cp37", "cp38", "cp39", "cp310", "cp311", "cp312"}
    sdists = [f for f in files if f.filename == "pydantic_core-2.14.6.tar.gz"]
    with tarfile.open(fileobj=io.BytesIO(sdists[0].content)) as archive:
        pyproject = archive.extractfile("pydantic_core-2.14.6/pyproject.toml")
        assert pyproject is not None
        assert b"maturin" in pyproject.read()
        assert "pydantic_core-2.14.6/Cargo.toml" in archive.getnames()


def test_every_file_that_pip_picked_is_recorded(nexus_index: Index) -> None:
    picked = {(n, f) for run in recorded_runs("nexus").values() for n, f in run["picked"].items()}
    offered = {
        (name, f.filename) for name, project in nexus_index.projects.items() for f in project.files if f.is_recorded
    }
    assert picked - offered == set()


@pytest.mark.skipif(sys.platform != "linux", reason="the recording holds the wheels of Linux")
def test_pip_picks_from_the_recording_what_it_picked_from_the_index(tmp_path: Path) -> None:
    version = "{}.{}".format(*sys.version_info)
    run = recorded_runs("nexus").get(f"before on {version}", {"outcome": "not recorded"})
    if run["outcome"] != "ok":
        pytest.skip(f"nothing was picked on {version} when it was recorded: {run['outcome']}")
    requirements = Path(__file__).parents[1] / "examples" / "nexus" / "before" / "requirements.txt"
    report = tmp_path / "report.json"
    with recorded("nexus") as index:
        options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report), "--index-url", index.url]
        done = pip("install", *options, "-r", str(requirements))
        assert done.returncode == 0, done.stderr
        assert index.missing == []
    urls = [entry["download_info"]["url"] for entry in json.loads(report.read_text())["install"]]
    assert sorted(url.rpartition("/")[2] for url in urls) == sorted(run["picked"].values())
