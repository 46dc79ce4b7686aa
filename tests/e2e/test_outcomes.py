"""How items end: failed, error, skipped or a warning, and what is said then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Fault, Index, sdist, wheel

SERVICE = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install --no-cache-dir -r requirements.txt
    startCommand: python -m http.server $PORT
    healthCheckPath: /health
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
      - {key: CARGO_HOME, value: /opt/render/project/.cargo}
      - {key: RUSTUP_HOME, value: /tmp/rustup}
"""
TARGET = "3.13-manylinux_2_36_x86_64"
GITIGNORE = ".cargo/\nrustup/\n"


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {
            "render.yaml": SERVICE,
            "requirements.txt": "demo==1.0\nother\n",
            ".gitignore": GITIGNORE,
            "pytest.ini": "[pytest]\n",
            "app.py": "",
        }
    )
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(wheel("demo", "1.0", requires_dist=["deep"]), wheel("other", "2.0"), wheel("deep", "3.0"))
    return index


def test_a_project_without_a_fault_passes_with_every_warning_an_error(project: Deploycheck, index: Index) -> None:
    project("-W", "error", index=index).assert_outcomes(passed=19)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(reset=True), "*connection*"),
        (Fault(status=503), "answered 503*"),
        (Fault(hang=True), "no answer within 1 s"),
        (Fault(status=403), "answered 403*"),
        (Fault(garbage=b"<xml/>"), "answered with*"),
    ],
    ids=["reset", "503", "hang", "403", "garbage"],
)
def test_an_index_in_trouble_is_an_error_that_names_it(
    project: Deploycheck, index: Index, fault: Fault, words: str
) -> None:
    index.fault(fault)
    project.project({"pytest.ini": "[pytest]\ndeploycheck_timeout = 1\n"})
    started = time.monotonic()
    result = project(index=index)
    assert time.monotonic() - started < 30
    result.assert_outcomes(passed=16, errors=3)
    result.stdout.fnmatch_lines([f"ERROR requirements.txt::{TARGET}::resolves - *"])
    result.stdout.fnmatch_lines([f"requirements.txt:1: cannot be checked: {index.url.rstrip('/')}/*/: {words}"])


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_an_interrupted_run_ends_at_once_and_leaves_its_report(project: Deploycheck, index: Index) -> None:
    index.fault(Fault(hang=True))
    command = [sys.executable, "-m", "pytest", "--deploycheck", "--deploycheck-json=report.json"]
    environment = {**os.environ, "PIP_INDEX_URL": index.url}
    with subprocess.Popen(command, cwd=project.path, env=environment, stdout=subprocess.DEVNULL) as process:
        while not index.requests and process.poll() is None:
            time.sleep(0.05)
        interrupted = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == pytest.ExitCode.INTERRUPTED
    assert time.monotonic() - interrupted < 10  # The timeout is 15 s.
    assert project.read_report("report.json")["schema"] == 1


def test_an_index_that_is_not_there_is_an_error_too(project: Deploycheck) -> None:
    result = project()
    result.assert_outcomes(passed=16, errors=3)
    result.stdout.fnmatch_lines(["*cannot be checked: http://127.0.0.1:9/simple/*/: connection refused"])
    assert "Traceback" not in result.stdout.str()


def test_offline_is_answered_by_the_cache_or_an_error(project: Deploycheck, index: Index) -> None:
    project("--deploycheck-offline").assert_outcomes(passed=16, errors=3)
    project(index=index).assert_outcomes(passed=19)
    asked = len(index.requests)
    project("--deploycheck-offline", index=index).assert_outcomes(passed=19)
    assert len(index.requests) == asked


def test_a_broken_blueprint_is_one_failure_with_line_and_column(project: Deploycheck, index: Index) -> None:
    project.project({"render.yaml": "services:\n  - type: web\n    name: [api\n    runtime: python\n"})
    result = project("render.yaml", index=index)
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["render.yaml:4: this is no YAML: * (column 12)"])
    report = project.report("render.yaml", index=index)
    (finding,) = report["findings"]
    assert (finding["check"], finding["path"], finding["line"], finding["column"]) == ("syntax", "render.yaml", 4, 12)


def test_every_bad_line_of_a_requirements_file_is_named_at_once(project: Deploycheck, index: Index) -> None:
    project.project({"requirements.txt": "demo==1.0\nother=2.0\n\nrequests==-2.31.0\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "requirements.txt:2: pip refuses this line: other=2.0",
            "  = is no operator, use ==: other==2.0",
            "requirements.txt:4: pip refuses this line: requests==-2.31.0",
            "  -2.31.0 is no version (PEP 440)*",
        ]
    )
    assert project.report(index=index)["resolutions"][0]["outcome"] == "invalid"


def test_no_match_says_what_there_is(project: Deploycheck, index: Index) -> None:
    project.project({"requirements.txt": "demo==9.0\nmissing\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(failed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "requirements.txt:1: pip finds no distribution for demo==9.0 (on *",
            "  versions with a distribution for *: 1.0",
        ]
    )


def test_a_requirement_for_another_platform_has_nothing_to_decide(project: Deploycheck, index: Index) -> None:
    project.project({"requirements.txt": 'demo\nother; sys_platform == "win32"\n'})
    result = project("requirements.txt", "-rs", index=index)
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * its marker is false on *"])


@pytest.mark.parametrize(("path", "skipped"), [("render.yaml", 1), ("requirements.txt", 0)])
def test_a_file_that_the_disk_does_not_give_is_an_error(
    project: Deploycheck, index: Index, path: str, skipped: int
) -> None:
    # For root, who runs these tests in containers, every file is readable: so the reading itself is refused.
    project.project(
        {
            "conftest.py": "import pathlib\n"
            "read = pathlib.Path.read_bytes\n"
            "def refuse(self):\n"
            f"    if self.name == {path!r}:\n"
            "        raise PermissionError(13, 'Permission denied')\n"
            "    return read(self)\n"
            "pathlib.Path.read_bytes = refuse\n"
        }
    )
    result = project(path, index=index)
    result.assert_outcomes(errors=1, skipped=skipped)
    result.stdout.fnmatch_lines([f"{path}:1: cannot be checked: *cannot be read*: permission denied"])


def test_a_file_of_nothing_resolves(project: Deploycheck, index: Index) -> None:
    project.project({"requirements.txt": "# none yet\n"})
    project("requirements.txt", index=index).assert_outcomes(passed=1)


def test_what_a_sdist_requires_and_does_not_say_is_advice(project: Deploycheck, index: Index) -> None:
    index.add(
        sdist("vague", "1.0", pkg_info="Metadata-Version: 1.0\nName: vague\nVersion: 1.0\n", files={"setup.py": "x"})
    )
    project.project({"requirements.txt": "vague\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    result.stdout.fnmatch_lines(["*DeploycheckAdvice: *what vague 1.0 requires is not known*"])


def test_what_pip_builds_only_in_passing_is_advice(project: Deploycheck, index: Index) -> None:
    index.add(
        wheel("other", "1.0"),
        sdist("other", "3.0", files={"setup.py": SETUP_PY}),
        wheel("needs-old", "1.0", requires_dist=["other<3"]),
    )
    project.project({"requirements.txt": "other\nneeds-old\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(passed=3, warnings=1)
    result.stdout.fnmatch_lines(["*DeploycheckAdvice: *on its way pip builds other-3.0.tar.gz, to learn*"])


MATURIN = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'


def test_a_source_that_is_named_itself_and_compiles_fails(project: Deploycheck, index: Index) -> None:
    index.add(sdist("rusty", "1.0", files={"pyproject.toml": MATURIN}))
    url = f"{index.origin}/files/rusty-1.0.tar.gz"
    project.project({"requirements.txt": f"demo\nrusty @ {url}\nvague @ git+https://host.example/vague.git\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(passed=2, failed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "requirements.txt:2: rusty @ http*rusty-1.0.tar.gz would compile on *",
            "  rusty-1.0.tar.gz is built from its source with maturin: it needs a Rust compiler",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            "requirements.txt:3: vague @ * would be built from source on *",
            "  vague.git is built from its source: whether it needs a compiler cannot be told without building it",
        ]
    )


SETUP_PY = "from setuptools import setup\nsetup(name=open('name').read())\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("git+https://user:word@host.example/owner/some.git@v1", "a repository is not cloned here"),
        ("<files>/odd.tar.gz", "only a build would tell it"),
    ],
)
def test_a_link_whose_project_pip_would_only_learn_is_not_known(
    line: str, reason: str, project: Deploycheck, index: Index
) -> None:
    index.add(sdist("odd", "1.0", filename="odd.tar.gz", pkg_info="", files={"setup.py": SETUP_PY}))
    project.project({"requirements.txt": f"demo\n{line.replace('<files>', f'{index.origin}/files')}\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [f"*requirements.txt:2: *: which project this is, and what it requires, is not known, since {reason}: write *"]
    )
    assert "word" not in result.stdout.str()


def test_what_a_line_without_a_name_brings_in_is_judged_too(project: Deploycheck, index: Index) -> None:
    index.add(sdist("rusty", "1.0", files={"pyproject.toml": MATURIN}))
    project.project(
        {
            "requirements.txt": "-e .\n",
            "pyproject.toml": '[project]\nname = "own"\nversion = "1"\ndependencies = ["rusty"]\n',
        }
    )
    result = project("requirements.txt", index=index)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["requirements.txt:1: -e . would compile on *", "  own 1 -> rusty 1.0"])


def test_a_source_of_unknown_version_that_brings_in_a_sdist(project: Deploycheck, index: Index) -> None:
    dynamic = '[project]\nname = "me"\ndynamic = ["version"]\ndependencies = ["rusty"]\n'
    index.add(
        sdist("rusty", "1.0", files={"pyproject.toml": MATURIN}),
        sdist("me", "1.0", filename="me-main.zip", pkg_info="", files={"pyproject.toml": dynamic}),
    )
    project.project({"requirements.txt": f"me @ {index.origin}/files/me-main.zip\n"})
    result = project("requirements.txt", index=index)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["requirements.txt:1: me @ * would compile on *", "  me unknown -> rusty 1.0"])


# Advice.

BARE = SERVICE.replace(" --no-cache-dir", "")


def test_advice_is_a_warning(project: Deploycheck, index: Index) -> None:
    project.project({"render.yaml": BARE})
    result = project(index=index)
    result.assert_outcomes(passed=19, warnings=1)
    result.stdout.fnmatch_lines(
        ["*render.yaml:5: DeploycheckAdvice: *`pip install -r requirements.txt` lacks --no-cache-dir"]
    )


@pytest.mark.parametrize(
    "arguments",
    [["-W", "error::pytest_deploycheck.DeploycheckAdvice"], ["-o", "deploycheck_strict=true"], ["-W", "error"]],
    ids=["-W of its class", "strict", "-W of all"],
)
def test_advice_can_be_made_to_fail(project: Deploycheck, index: Index, arguments: list[str]) -> None:
    project.project({"render.yaml": BARE})
    result = project(*arguments, index=index)
    result.assert_outcomes(passed=18, failed=1)
    result.stdout.fnmatch_lines(["FAILED render.yaml::api::build-command - render.yaml:5: api: `pip install*"])


def test_advice_can_be_silenced(project: Deploycheck, index: Index) -> None:
    project.project({"render.yaml": BARE})
    ignored = project("-W", "ignore::pytest_deploycheck.DeploycheckAdvice", index=index)
    ignored.assert_outcomes(passed=19, warnings=0)


# deploycheck_ignore.


def ignoring(*lines: str) -> dict[str, str]:
    return {"pytest.ini": "[pytest]\ndeploycheck_ignore =\n" + "".join(f"    {line}\n" for line in lines)}


@pytest.mark.parametrize(
    "entry",
    ["health-check-path", "render.yaml::api::health-check-path", "*::api::health*"],
    ids=["check", "id", "glob"],
)
def test_an_ignored_check_is_skipped_with_its_reason(project: Deploycheck, index: Index, entry: str) -> None:
    project.project(ignoring(f"{entry}  # its port is enough"))
    project.project({"render.yaml": SERVICE.replace("    healthCheckPath: /health\n", "")})
    result = project("-rs", index=index)
    result.assert_outcomes(passed=18, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * deploycheck_ignore: its port is enough"])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("health-check-path", "'health-check-path' gives no reason*"),
        ("health-check-path #", "*gives no reason*"),
        ("healthcheck # typo", "'healthcheck' matches no check and no node id*"),
    ],
)
def test_an_entry_that_ignores_nothing_or_says_not_why_is_a_usage_error(
    project: Deploycheck, entry: str, words: str
) -> None:
    project.project(ignoring(entry))
    result = project()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *deploycheck_ignore: {words}"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "deploycheck_service_created = yesterday",
            "deploycheck_service_created = yesterday: expected a date such as*",
        ),
        ("deploycheck_timeout = soon", "deploycheck_timeout: expected a number of seconds, such as 15: *soon*"),
        ("deploycheck_platform = linux", "--deploycheck: 'linux' is no platform tag*"),
    ],
)
def test_a_setting_that_makes_no_sense_is_a_usage_error(project: Deploycheck, line: str, words: str) -> None:
    project.project({"pytest.ini": f"[pytest]\n{line}\n"})
    result = project()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {words}"])


# The report.


def test_the_report_of_a_run_that_was_spread_is_the_same(project: Deploycheck, index: Index) -> None:
    index.add(sdist("demo", "1.1", files={"demo.c": "", "setup.py": "setup(ext_modules=[])"}))
    project.project({"requirements.txt": "demo>1.0\nother\n", "render.yaml": BARE})
    alone, spread = project.report(index=index), project.report("-n", "2", index=index)
    assert alone == spread
    assert {each["check"] for each in alone["findings"]} == {"wheel", "build-command"}
    assert alone["tool"]["name"] == "pytest-deploycheck"
    assert alone["schema"] == 1


def test_the_report_is_written_when_the_index_is_down(project: Deploycheck) -> None:
    (resolution,) = project.report()["resolutions"]
    assert resolution["outcome"] == "unreachable"
    assert resolution["message"].endswith("connection refused")


@pytest.mark.parametrize(
    ("path", "words"),
    [("folder", "*/folder is a folder: name a file"), ("gone/report.json", "there is no folder */gone")],
)
def test_a_report_that_could_not_be_written_is_a_usage_error(project: Deploycheck, path: str, words: str) -> None:
    (project.path / "folder").mkdir()
    result = project(f"--deploycheck-json={path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --deploycheck-json: {words}"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_report_goes_through_a_pipe_and_leaves_it(project: Deploycheck, index: Index) -> None:
    pipe = project.path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        result = project("--deploycheck-json=pipe", index=index)
        if result.ret != pytest.ExitCode.OK:
            reader.kill()  # Nobody may have opened the other end.
        assert reader.stdout is not None
        assert json.loads(reader.stdout.read())["schema"] == 1
    assert pipe.is_fifo()


def test_a_report_is_for_whoever_may_read_the_folder(project: Deploycheck, index: Index) -> None:
    project.report(index=index)
    path = project.path / "report.json"
    other = project.path / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
    assert not list(project.path.glob("*.tmp"))


def test_a_report_that_cannot_be_written_leaves_the_old_one(project: Deploycheck, index: Index) -> None:
    project.report(index=index)
    written = Path(project.path, "report.json").read_bytes()
    project("-x", "--deploycheck-json", "report.json", "--deploycheck-target", "nonsense")
    assert Path(project.path, "report.json").read_bytes() == written
