"""Random small indexes, served over HTTP with real wheels and sdists: real pip and this resolution pick the same files.

The target is the machine that the test runs on, since pip can only be asked about that one. The number of examples is
bounded here; ``DIFFERENTIAL_EXAMPLES=1000`` looks longer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_server import Distribution, Index, sdist, wheel
from packaging import tags

from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "60"))
PROJECTS = ("alpha", "beta", "gamma", "delta", "epsilon")
VERSIONS = ("0.9", "1.0", "1.0.post1", "1.1", "2.0rc1", "2.0", "3.0.dev1")

# A build backend that lies in the source distribution itself: pip runs it to learn the metadata, we read PKG-INFO.
BACKEND = """
import pathlib, re
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    text = pathlib.Path("PKG-INFO").read_text()
    name, version = re.search("Name: (.*)", text)[1], re.search("Version: (.*)", text)[1]
    folder = pathlib.Path(directory, f"{name}-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(text)
    (folder / "WHEEL").write_text("Wheel-Version: 1.0")
    return folder.name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def host() -> Target:
    """The machine that the test runs on, as a target."""
    own = next(iter(tags.sys_tags()))
    platform = next(tag.platform for tag in tags.sys_tags() if tag.platform.startswith("manylinux"))
    return Target(".".join(map(str, sys.version_info[:3])), platform, own.abi.endswith("t"))


HOST = host()
WHEEL_TAGS = (
    "py3-none-any",
    f"{HOST.minor_tag}-{HOST.minor_tag}-{HOST.platforms[1]}",
    f"cp38-abi3-{HOST.platforms[-1]}",
    "cp27-cp27m-win32",
    f"{HOST.minor_tag}-{HOST.minor_tag}-manylinux_2_99_x86_64",
)

specifiers = st.sampled_from(
    ["", "", "", ">=1.0", "<2", "~=1.0", "==1.0", "==1.*", "!=1.1", ">1.0,<3", ">=2.0rc1", "===1.0", "==2.0", "<=1.1"]
)
extras = st.sampled_from(["", "", "", "[fast]", "[fast,slow]", "[unknown]"])
markers = st.sampled_from(
    ["", "", "", '; sys_platform == "win32"', '; python_version >= "3.8"', '; extra == "fast"', '; extra == "slow"']
)
requires_python = st.sampled_from([None, None, None, ">=3.6", ">=3.99", "nonsense"])


@st.composite
def requirements(draw: st.DrawFn, among: tuple[str, ...] = PROJECTS, *, with_marker: bool = True) -> str:
    marker = draw(markers) if with_marker else ""
    return f"{draw(st.sampled_from(among))}{draw(extras)}{draw(specifiers)}{' ' + marker if marker else ''}"


@st.composite
def releases(draw: st.DrawFn, project: str) -> list[Distribution]:
    """The files of one version: wheels and perhaps a sdist, which all require the same."""
    version = draw(st.sampled_from(VERSIONS))
    others = tuple(name for name in PROJECTS if name != project)
    requires = draw(st.lists(requirements(others), max_size=3))
    python, yanked = draw(requires_python), draw(st.sampled_from([None, None, None, "withdrawn"]))
    kinds = draw(st.lists(st.sampled_from([*WHEEL_TAGS, WHEEL_TAGS[0], "sdist"]), min_size=1, max_size=3, unique=True))
    files = []
    for kind in kinds:
        if kind == "sdist":
            members = {"pyproject.toml": PYPROJECT, "backend.py": BACKEND}
            files.append(
                sdist(project, version, requires_dist=requires, requires_python=python, yanked=yanked, files=members)
            )
        else:
            provided = ("fast", "slow")
            files.append(
                wheel(
                    project,
                    version,
                    kind,
                    requires_dist=requires,
                    provides_extra=provided,
                    requires_python=python,
                    yanked=yanked,
                    filler=0,
                )
            )
    return files


@dataclass(frozen=True)
class Case:
    """An index and a requirements file."""

    files: tuple[Distribution, ...]
    lines: tuple[str, ...]
    constraints: tuple[str, ...]

    def __repr__(self) -> str:
        shown = [f"{f.filename} ({f.requires_python}, yanked {f.yanked}) {f.metadata!r}" for f in self.files]
        return "\n".join([*shown, "requirements:", *self.lines, "constraints:", *self.constraints])


OPTIONS = ("--pre", "--prefer-binary", "--only-binary :all:", "--no-binary alpha", "--only-binary beta,gamma")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    files: dict[str, Distribution] = {}
    for project in PROJECTS:
        for release in draw(st.lists(releases(project), max_size=4)):
            files.update({file.filename: file for file in release})
    lines = draw(st.lists(requirements(with_marker=False), min_size=1, max_size=4))
    options = draw(st.lists(st.sampled_from(OPTIONS), max_size=1)) if draw(st.integers(0, 3)) == 0 else []
    constraints: list[str] = []
    if draw(st.integers(0, 3)) == 0:
        names = st.sampled_from(PROJECTS)
        constraints = draw(st.lists(st.builds("{}{}".format, names, specifiers.filter(bool)), max_size=2))
    return Case(tuple(files.values()), (*options, *lines), tuple(constraints))


class Pip:
    """A process that asks pip."""

    def __init__(self) -> None:
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("pip_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**quiet, "PIP_CONFIG_FILE": os.devnull},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._questions: IO[str] = self._process.stdin
        self._answers: IO[str] = self._process.stdout

    def ask(self, index_url: str, file: Path) -> dict[str, Any]:
        """The outcome and what was picked."""
        self._questions.write(json.dumps({"index_url": index_url, "requirements": str(file)}) + "\n")
        self._questions.flush()
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._questions.close()
        self._process.wait(timeout=30)
        self._answers.close()


@pytest.fixture(scope="module")
def pip() -> Iterator[Pip]:
    process = Pip()
    yield process
    process.close()


def ours(index_url: str, file: Path, cache: Path) -> tuple[str, dict[str, str], str]:
    """The outcome, what this resolution picks, and its message."""
    environ = {"PIP_INDEX_URL": index_url, "PIP_CONFIG_FILE": os.devnull, "PYTEST_DEPLOYCHECK_CACHE": str(cache)}
    resolutions = Resolutions(Settings(root=file.parent), environ)
    source = Source(read_requirements(file, file.parent, environ), ())
    resolution = resolutions.get(source, HOST)
    resolutions.close()
    picked = {each.name: each.file.filename for each in resolution.distributions}
    return resolution.outcome.value, picked, resolution.message


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="DIFFERENTIAL_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(case=cases())
def test_the_same_files_and_the_same_outcome_as_pip(
    case: Case, pip: Pip, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    file = folder / "requirements.txt"
    (folder / "constraints.txt").write_text("\n".join(case.constraints))
    file.write_text("\n".join(["-c constraints.txt", *case.lines]))
    with Index() as index:
        index.add(*case.files)
        theirs = pip.ask(index.url, file)
        outcome, picked, message = ours(index.url, file, folder / "cache")
    assert (outcome, picked) == (theirs["outcome"], theirs["picked"]), f"{message}\n{theirs['message']}"
