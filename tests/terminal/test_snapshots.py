"""What a user sees of the most important failures, at three widths, with colours and without.

`pytest tests/terminal/test_snapshots.py --snapshot-update` writes the pictures anew: look at each before it is kept.
"""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from command import Deploycheck
from index_server import Index, sdist, wheel

MATURIN = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
BLUEPRINT = """\
services:
  - type: web
    name: shop-api
    runtime: python
    buildCommand: pip install --no-cache-dir -r compiling.txt
    startCommand: uvicorn shop:app --host 0.0.0.0 --port $PORT
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
  - type: worker
    name: shop-worker
    runtime: python
    buildCommand: pip install --no-cache-dir -r compiling.txt
    startCommand: celery -A shop worker
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
  - type: worker
    name: shop-mailer
    runtime: python
    buildCommand: pip install --no-cache-dir -r requirements/mailer.txt
    startCommand: python -m shop.mailer
    envVars:
      - {key: PYTHON_VERSION, value: 3.10}
"""
ON = "3.13-manylinux_2_36_x86_64"
# One of each kind; named one by one, so that checks of other things that come later change no picture.
ITEMS = (
    "render.yaml::shop-api::health-check-path",
    "render.yaml::shop-mailer::python-version",
    "render.yaml::shop-mailer::build-command",
    f"compiling.txt::{ON}::framework",
    f"conflicting.txt::{ON}::resolves",
    f"missing.txt::{ON}::resolves",
    f"refused.txt::{ON}::resolves",
)
FILES = {
    "pytest.ini": "[pytest]\n",
    "render.yaml": BLUEPRINT,
    "compiling.txt": "framework==2.5.3\nplain==1.0\n",
    "conflicting.txt": "bot==3.13.1\nhttp-client==3.11.10\n",
    "missing.txt": "plain==9.0\n",
    "refused.txt": "plain==1.0\nframework=2.5.3\n",
}
BROKEN = {
    "pytest.ini": "[pytest]\n",
    "render.yaml": "services:\n  - type: web\n    name: [shop\n    runtime: python\n",
    "unreachable.txt": "plain==1.0\n",
}
OLDER = [f"cp{minor}-cp{minor}-manylinux_2_17_x86_64" for minor in ("310", "311", "312")]


class Pictures(SingleFileSnapshotExtension):
    """Texts that a terminal can show: ``cat`` is enough to look at one."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Pictures)


@pytest.fixture
def shop(index: Index) -> Index:
    index.add(
        sdist("framework-core", "2.14.6", files={"pyproject.toml": MATURIN}),
        *(wheel("framework-core", "2.14.6", tags=tag) for tag in OLDER),
        wheel("framework-core", "2.18.0", tags="cp313-cp313-manylinux_2_17_x86_64"),
        wheel("framework", "2.5.3", requires_dist=["framework-core==2.14.6"]),
        wheel("framework", "2.8.0", requires_dist=["framework-core==2.18.0"]),
        wheel("plain", "1.0"),
        wheel("bot", "3.13.1", requires_dist=["http-client<3.11,>=3.9.0"]),
        wheel("http-client", "3.10.5"),
        wheel("http-client", "3.11.10"),
    )
    return index


def seen(result: pytest.RunResult) -> str:
    """Failures and what follows, without what differs from run to run and from one pytest to the next."""
    shown = result.stdout.str()
    start = min(shown.find(f" {title} ") for title in ("ERRORS", "FAILURES") if f" {title} " in shown)
    begin = shown.rfind("\n", 0, start) + 1
    end = shown.rfind("\n", 0, shown.find("short test summary info"))
    return re.sub(r"[0-9.]+ kB", "41.8 kB", shown[begin:end])


@pytest.mark.parametrize("color", ["no", "yes"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_failures(
    deploycheck: Deploycheck,
    shop: Index,
    picture: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    color: str,
) -> None:
    deploycheck.project(FILES)
    assert seen(run(deploycheck, monkeypatch, columns, color, *ITEMS, index=shop)) == picture


@pytest.mark.parametrize("color", ["no", "yes"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_what_cannot_be_read_and_what_cannot_be_reached(
    deploycheck: Deploycheck, picture: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, columns: int, color: str
) -> None:
    deploycheck.project(BROKEN)
    items = ("render.yaml::blueprint::syntax", f"unreachable.txt::{ON}::resolves")
    assert seen(run(deploycheck, monkeypatch, columns, color, *items)) == picture


@pytest.mark.parametrize("color", ["no", "yes"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_one_cause_of_several_services_is_told_once(
    deploycheck: Deploycheck,
    shop: Index,
    picture: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    color: str,
) -> None:
    names = ("pytest.ini", "render.yaml", "compiling.txt")
    deploycheck.project({name: FILES[name] for name in names})
    homes = [f"render.yaml::{service}::build-home" for service in ("shop-api", "shop-worker")]
    assert seen(run(deploycheck, monkeypatch, columns, color, *homes, index=shop)) == picture


def run(
    project: Deploycheck,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    color: str,
    *items: str,
    index: Index | None = None,
) -> pytest.RunResult:
    monkeypatch.setenv("COLUMNS", str(columns))
    if color == "yes":
        monkeypatch.delenv("NO_COLOR")
    sources = [f"--deploycheck-requirements={each.name}" for each in sorted(project.path.glob("*.txt"))]
    return project(f"--color={color}", f"--deploycheck-target={ON}", *sources, *items, index=index)


def test_no_color_in_the_environment_is_obeyed(deploycheck: Deploycheck, shop: Index) -> None:
    deploycheck.project(FILES)
    result = deploycheck("--deploycheck-requirements=missing.txt", index=shop)
    assert "\x1b" not in result.stdout.str()


def test_what_an_ascii_terminal_lacks_is_written_in_escapes(
    deploycheck: Deploycheck, shop: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("PYTHONUTF8", "0")
    deploycheck.project(
        {"pytest.ini": "[pytest]\n", "requirements.txt": "plain==1.0\ncaf\N{LATIN SMALL LETTER E WITH ACUTE}=1\n"}
    )
    result = deploycheck("requirements.txt", index=shop)
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines([r"requirements.txt:2: pip refuses this line: caf?xe9=1"])


def test_a_log_has_whole_lines_so_that_they_can_be_searched_for(deploycheck: Deploycheck, shop: Index) -> None:
    deploycheck.project(FILES)
    result = deploycheck(f"--deploycheck-target={ON}", "--deploycheck-requirements=compiling.txt", index=shop)
    assert max(map(len, result.outlines)) > 120
