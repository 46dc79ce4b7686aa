"""Files that are not what their names, their index or their archives say: where pip stops, so does a resolution."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from index_server import Fault, Index, sdist, wheel
from index_server.distributions import metadata_text
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.transport import Transport
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")
WHEEL = "demo-2.0-py3-none-any.whl"
JSON = "application/vnd.pypi.simple.v1+json"

Resolve = Callable[..., Resolution]


@pytest.fixture
def resolving(index: Index, tmp_path: Path) -> Iterator[Resolve]:
    """Resolves requirements against the index, where an older version would do as well."""
    index.add(wheel("demo", "1.0"))
    clients = []

    def resolved(*lines: str) -> Resolution:
        clients.append(IndexClient(Transport(timeout=5.0), Cache(tmp_path / "cache")))
        asked = [Asked(Requirement(line)) for line in lines]
        return resolve("requirements.txt", asked, TargetView(Indexes(clients[-1], Places((index.url,))), TARGET))

    yield resolved
    for each in clients:
        each.close()


def picked(resolution: Resolution) -> dict[str, str]:
    assert resolution.outcome is Outcome.OK, resolution.message
    return {each.name: each.version for each in resolution.distributions}


def page(index: Index, *entries: dict[str, object]) -> None:
    """Let the page of demo hold these entries."""
    content = json.dumps({"meta": {"api-version": "1.1"}, "files": entries}).encode()
    index.fault(Fault("/simple/demo/", garbage=content, headers={"Content-Type": JSON}))


def entry(index: Index, filename: str = WHEEL, **said: object) -> dict[str, object]:
    return {"filename": filename, "url": f"{index.origin}/files/{filename}", "hashes": {}, **said}


OTHER_HASHES = [
    pytest.param(
        wheel("demo", "2.0"), f"{WHEEL}.metadata", metadata_text("demo", "2.0", ["x"]).encode(), id="metadata"
    ),
    pytest.param(sdist("demo", "2.0"), "demo-2.0.tar.gz", sdist("demo", "2.0", filler=9).content, id="sdist"),
]


@pytest.mark.parametrize(("file", "path", "content"), OTHER_HASHES)
def test_a_file_with_another_hash_ends_the_resolution(
    file: object, path: str, content: bytes, index: Index, resolving: Resolve
) -> None:
    index.add(file)  # type: ignore[arg-type]
    index.fault(Fault(f"/files/{path}", garbage=content))
    resolution = resolving("demo")
    assert resolution.outcome is Outcome.NO_MATCH
    assert resolution.message.startswith(f"{index.origin}/files/demo-2.0")
    assert "(sha256) is not the one that the index gives; pip stops at such a file: " in resolution.message
    assert "`demo!=2.0` leaves it out" in resolution.message
    assert picked(resolving("demo!=2.0")) == {"demo": "1.0"}


def test_of_several_hashes_one_suffices(index: Index, resolving: Resolve) -> None:
    file = sdist("demo", "2.0")
    index.add(file)
    page(index, entry(index, file.filename, hashes={"md5": "0" * 32, "sha256": file.sha256, "blake9": "00"}))
    assert picked(resolving("demo")) == {"demo": "2.0"}


BROKEN = [
    pytest.param(wheel("demo", "2.0"), "absent", WHEEL, b"no zip", "no wheel: File is not a zip file", id="no zip"),
    pytest.param(sdist("demo", "2.0"), "absent", "demo-2.0.tar.gz", b"no tar", "it cannot be unpacked: ", id="no tar"),
    pytest.param(
        wheel("demo", "2.0"),
        "advertised",
        f"{WHEEL}.metadata",
        b"<html>Login</html>",
        "says no name",
        id="a login page",
    ),
    pytest.param(wheel("demo", "2.0"), "advertised", f"{WHEEL}.metadata", b"", "says no name", id="empty metadata"),
    pytest.param(
        wheel("demo", "2.0"),
        "advertised",
        f"{WHEEL}.metadata",
        b"Metadata-Version: 2.1\nName: demo\n",
        "the version in its metadata is not valid: none",
        id="metadata without a version",
    ),
    pytest.param(
        wheel("demo", "2.0"),
        "advertised",
        f"{WHEEL}.metadata",
        b"Metadata-Version: 2.1\nName: demo\nVersion: 2.0\nAuthor: Ren\xe9\n",
        "its metadata is not UTF-8",
        id="metadata in Latin-1",
    ),
    pytest.param(
        wheel("demo", "2.0"),
        "absent",
        WHEEL,
        wheel("demo", "2.0", metadata="\ufeffName: demo\nVersion: 2.0\n").content,
        "says no name",
        id="metadata behind a byte order mark",
    ),
    pytest.param(
        wheel("demo", "2.0"),
        "absent",
        WHEEL,
        wheel("demo", "2.0", files={"other-1.0.dist-info/METADATA": "Name: other"}).content,
        "no wheel: more than one .dist-info in it: demo-2.0.dist-info, other-1.0.dist-info",
        id="a wheel of two projects",
    ),
]


@pytest.mark.parametrize(("file", "metadata", "path", "content", "reason"), BROKEN)
def test_a_file_that_cannot_be_read_ends_the_resolution(
    file: object, metadata: str, path: str, content: bytes, reason: str, index: Index, resolving: Resolve
) -> None:
    index.switches.hashes = "none"
    index.switches.metadata_hash = False
    index.switches.metadata = metadata  # type: ignore[assignment]
    index.add(file)  # type: ignore[arg-type]
    index.fault(Fault(f"/files/{path}", garbage=content))
    resolution = resolving("demo")
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message.startswith(f"{index.origin}/files/demo-2.0")
    assert reason in resolution.message
    assert "`demo!=2.0` leaves it out" in resolution.message


def test_a_wheel_without_a_name_in_its_metadata_ends_the_resolution(index: Index, resolving: Resolve) -> None:
    index.switches.metadata = "absent"
    index.add(wheel("demo", "2.0", metadata="Metadata-Version: 2.1\nVersion: 2.0\n"))
    assert resolving("demo").outcome is Outcome.INVALID


@pytest.mark.parametrize("metadata", ["Name: other\nVersion: 2.0\n", "Name: demo\nVersion: 2.0.post1\n"])
def test_a_wheel_that_names_another_is_passed_over(metadata: str, index: Index, resolving: Resolve) -> None:
    index.add(wheel("demo", "2.0", metadata=f"Metadata-Version: 2.1\n{metadata}"))
    assert picked(resolving("demo")) == {"demo": "1.0"}


@pytest.mark.parametrize(("metadata", "on_older"), [("absent", "2.0"), ("advertised", "1.0")])
def test_on_an_older_python_pip_does_not_read_the_name_in_a_wheel(
    metadata: str, on_older: str, index: Index, tmp_path: Path
) -> None:
    index.switches.metadata = metadata  # type: ignore[assignment]
    index.add(wheel("demo", "1.0"), wheel("demo", "2.0", metadata="Metadata-Version: 2.1\nName: other\nVersion: 2.0\n"))
    client = IndexClient(Transport(timeout=5.0), Cache(tmp_path / "cache"))
    indexes = Indexes(client, Places((index.url,)))
    asked = [Asked(Requirement("demo"))]
    for python, version in (("3.10.13", on_older), ("3.11.7", "1.0")):
        view = TargetView(indexes, Target(python, "manylinux_2_36_x86_64"))
        assert picked(resolve("requirements.txt", asked, view)) == {"demo": version}
    client.close()


def test_a_broken_file_that_nobody_comes_to_is_no_matter(index: Index, resolving: Resolve) -> None:
    index.add(sdist("demo", "0.5"))
    index.fault(Fault("/files/demo-0.5*", garbage=b"no tar"))
    assert picked(resolving("demo")) == {"demo": "1.0"}


DYNAMIC = '[project]\nname = "demo"\ndynamic = ["version"]\n'


@pytest.mark.parametrize(
    ("pkg_info", "pyproject", "version"),
    [
        pytest.param("", DYNAMIC, "2.0", id="the version is left to the build"),
        pytest.param("Metadata-Version: 2.1\nName: demo\nVersion: 0.0.0\n", DYNAMIC, "2.0", id="an old PKG-INFO"),
        pytest.param("Metadata-Version: 2.1\nName: demo\nVersion: 0.0.0\n", "", "2.0", id="an old PKG-INFO alone"),
        pytest.param("Metadata-Version: 2.2\nName: demo\nVersion: 0.0.0\n", "", "1.0", id="a PKG-INFO that binds"),
        pytest.param("", '[project]\nname = "demo"\nversion = "3"\n', "1.0", id="a static version"),
        pytest.param("", '[project]\nname = "other"\ndynamic = ["version"]\n', "1.0", id="a static name"),
    ],
)
def test_a_source_distribution_is_another_only_where_every_build_will_say_so(
    pkg_info: str, pyproject: str, version: str, index: Index, resolving: Resolve
) -> None:
    index.add(sdist("demo", "2.0", pkg_info=pkg_info, files={"pyproject.toml": pyproject} if pyproject else {}))
    assert picked(resolving("demo")) == {"demo": version}


def test_a_fragment_in_a_link_is_its_hash_and_no_part_of_it(index: Index, resolving: Resolve) -> None:
    file = wheel("demo", "2.0", requires_dist=["other"])
    index.add(file, wheel("other", "1.0"))
    url = f"{index.origin}/files/{WHEEL}#sha256={file.sha256}&egg=demo"
    page(index, entry(index, url=url) | {"core-metadata": {"sha256": file.metadata_sha256}})
    resolution = resolving("demo")
    assert picked(resolution) == {"demo": "2.0", "other": "1.0"}
    assert resolution.distributions[0].file.hashes == (f"sha256={file.sha256}",)
    assert index.requested("/files/demo*") == [f"/files/{WHEEL}.metadata"]


@pytest.mark.parametrize("named", ["demo-3.0-py3-none-any.whl", "other-1.0-py3-none-any.whl", "x", None, 3])
def test_a_file_has_the_name_that_its_url_ends_with(named: object, index: Index, resolving: Resolve) -> None:
    index.add(wheel("demo", "2.0"))
    page(index, entry(index, "demo-1.0-py3-none-any.whl"), entry(index, WHEEL) | {"filename": named})
    resolution = resolving("demo")
    assert [each.file.filename for each in resolution.distributions] == [WHEEL]


def test_an_entry_without_a_url_is_left_out(index: Index, resolving: Resolve) -> None:
    page(index, entry(index, "demo-1.0-py3-none-any.whl"), entry(index, WHEEL, url=None))
    assert picked(resolving("demo")) == {"demo": "1.0"}


ODD = [
    {"requires-python": 3},
    {"requires-python": [">=3"]},
    {"hashes": ["x"]},
    {"hashes": {"sha256": None}},
    {"url": 3},
]


@pytest.mark.parametrize("said", [*ODD, {"core-metadata": {"sha256": 3}}], ids=str)
def test_an_entry_with_a_value_of_another_type_makes_the_page_none(
    said: dict[str, object], index: Index, resolving: Resolve, caplog: pytest.LogCaptureFixture
) -> None:
    page(index, entry(index, "demo-1.0-py3-none-any.whl"), entry(index, WHEEL, **said))
    resolution = resolving("demo")
    assert resolution.outcome is Outcome.UNREACHABLE
    assert f"{index.url}demo/: answered with " in resolution.message
    assert caplog.records == []


@pytest.mark.parametrize("said", [{"size": "x"}, {"yanked": None}, {"hashes": None}, {"core-metadata": {"b9": "x"}}])
def test_what_pip_does_not_mind_is_no_matter(said: dict[str, object], index: Index, resolving: Resolve) -> None:
    index.add(wheel("demo", "2.0"))
    page(index, entry(index, WHEEL, **said))
    assert picked(resolving("demo")) == {"demo": "2.0"}


def bomb(name: str, beginning: bytes, megabytes: int) -> bytes:
    """A zip archive with one file that goes on and on."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        member.write(beginning)
        for _ in range(megabytes):
            member.write(b" " * 1_000_000)
    return buffer.getvalue()


def test_metadata_is_unpacked_in_bounded_memory(index: Index, resolving: Resolve) -> None:
    index.switches.metadata, index.switches.hashes, index.switches.ranges = "absent", "none", "ignored"
    index.add(wheel("demo", "2.0"))
    content = bomb("demo-2.0.dist-info/METADATA", metadata_text("demo", "2.0").encode(), 200)
    index.fault(Fault(f"/files/{WHEEL}", garbage=content))
    tracemalloc.start()
    try:
        resolution = resolving("demo")
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert resolution.outcome is Outcome.INVALID
    assert "its METADATA is larger than 16 MB" in resolution.message
