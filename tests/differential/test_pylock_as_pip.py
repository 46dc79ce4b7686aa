"""``pylock.toml``: real pip installs what is resolved here, of random locks and, with a network, of real ones.

A random lock may be wrong in each way that pip looks at: wheels for other machines, Pythons, environments and markers
that do not hold, groups and extras, requirements that the lock lacks or pins to what does not fit, source distributions
with wrong hashes, folders beside hashed files. ``DIFFERENTIAL_EXAMPLES=1000`` looks longer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from differential.generated import ARCH, BACKEND, HOST, PYPROJECT
from differential.pip_process import Pip, random_examples
from hypothesis import given
from hypothesis import strategies as st
from lock_tools import LockTools, interpreters
from packaging.utils import canonicalize_name

from index_server import Distribution, Index, sdist, wheel
from pytest_deploycheck.resolution.locked.resolve import resolve_locked
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.installation import read_installation
from pytest_deploycheck.sources.installs import read_installs
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file
from pytest_deploycheck.subjects import Source

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")

PROJECTS = ("alpha", "beta", "gamma")
OTHER_PYTHON = f"cp3{HOST.python_version.minor + 1}"
OWN_PYTHON = f"cp3{HOST.python_version.minor}"
TAGS = (
    "py3-none-any",
    f"{OTHER_PYTHON}-{OTHER_PYTHON}-manylinux_2_17_{ARCH}",
    f"{OWN_PYTHON}-abi3-manylinux2014_{ARCH}",
    "py3-none-win_amd64",
)
HERE = "sys_platform == 'linux'"
ELSEWHERE = "sys_platform == 'win32'"
MARKERS = ("", "", HERE, ELSEWHERE, "'docs' in dependency_groups", "'mail' in extras or 'dev' in dependency_groups")
NO_PYTHON = f">3.{HOST.python_version.minor + 1}"
OPTIONS = (
    "-r pylock.toml",
    "-r pylock.toml",
    "-r pylock.toml[mail]",
    "-r pylock.toml --group pylock.toml:docs",
    "--group pylock.toml:docs",
    "-r pylock.toml[none] --group ./pylock.toml:none",
    "-r pylock.toml --no-binary alpha",
    "-r pylock.toml --only-binary :all:",
    "-r pylock.toml --no-deps",
    "-r pylock.toml alpha",
    "-r pylock.toml delta",
    "-r pylock.toml --no-require-hashes delta",
    "-r pylock.toml -c constraints.txt",
    "-r pylock.toml -r pylock.more.toml",
)


@dataclass(frozen=True)
class Entry:
    """A package of a lock."""

    name: str
    wheels: tuple[str, ...]
    has_sdist: bool
    requires: tuple[str, ...]
    marker: str
    requires_python: str
    has_wrong_hash: bool
    kind: str

    def files(self, version: str) -> list[Distribution]:
        built = [wheel(self.name, version, tags, requires_dist=self.requires) for tags in self.wheels]
        return [*built, *([self._sdist(version)] if self.has_sdist else [])]

    def _sdist(self, version: str) -> Distribution:
        members = {"pyproject.toml": PYPROJECT, "backend.py": BACKEND}
        return sdist(self.name, version, requires_dist=self.requires, files=members)

    def written(self, index: Index, version: str = "1.0") -> str:
        files = self.files(version)
        index.add(*files)
        head = f'[[packages]]\nname = "{self.name}"\n'
        head += f'marker = "{self.marker}"\n' if self.marker else ""
        head += f'requires-python = "{self.requires_python}"\n' if self.requires_python else ""
        if self.kind == "directory":
            return f'{head}directory = {{ path = "./{self.name}" }}\n'
        tables = [self._table(each, index) for each in files]
        if self.kind == "archive":
            return f"{head}archive = {tables[0]}\n"
        head += f'version = "{version}"\n'
        head += f"sdist = {tables.pop()}\n" if self.has_sdist else ""
        return f"{head}wheels = [{', '.join(tables)}]\n" if tables else head

    def _table(self, file: Distribution, index: Index) -> str:
        # Of a wheel only the end is fetched here, so that its hash is taken for right.
        digest = "0" * 64 if self.has_wrong_hash and not file.is_wheel else file.sha256
        return f'{{ url = "{index.origin}/files/{file.filename}", hashes = {{ sha256 = "{digest}" }} }}'


@dataclass(frozen=True)
class Case:
    entries: tuple[Entry, ...]
    head: str
    options: str


def entries(name: str) -> st.SearchStrategy[Entry]:
    required = ("alpha", "beta>=1", "gamma<1", "delta", f"delta; {ELSEWHERE}", "delta==0.9")
    rarely = st.sampled_from([False] * 12 + [True])
    made = st.builds(
        Entry,
        st.just(name),
        st.lists(st.sampled_from(TAGS), unique=True, max_size=3).map(tuple),
        st.booleans(),
        st.lists(st.sampled_from(required[:2] * 3 + required[2:]), max_size=1).map(tuple),
        st.sampled_from(MARKERS),
        st.sampled_from([*[""] * 8, ">=3.8", NO_PYTHON]),
        rarely,
        st.sampled_from(["index"] * 8 + ["archive", "directory"]),
    )
    return made.filter(lambda each: bool(each.wheels or each.has_sdist))


HEADS = (
    *[""] * 8,
    f'requires-python = "{NO_PYTHON}"\n',
    f'environments = ["{ELSEWHERE}"]\n',
    f'environments = ["{ELSEWHERE}", "{HERE}"]\n',
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = draw(st.lists(st.sampled_from(PROJECTS), min_size=1, max_size=3, unique=True))
    names += draw(st.sampled_from([[], [], [], [], [names[0]]]))
    made = tuple(draw(entries(name)) for name in sorted(names))
    # Of what pip refuses it tells one thing: which comes first does not matter.
    may_be_refused = [each for each in OPTIONS if "-binary" in each]
    has_folders = any(each.kind == "directory" for each in made)
    options = [each for each in OPTIONS if not (has_folders and each in may_be_refused)]
    return Case(made, draw(st.sampled_from(HEADS)), draw(st.sampled_from(options)))


def write(case: Case, folder: Path, index: Index) -> None:
    """The lock, and what goes with it."""
    index.add(wheel("delta", "0.9"), wheel("alpha", "2.0"), wheel("beta", "2.0"), wheel("gamma", "2.0"))
    head = 'lock-version = "1.0"\ncreated-by = "hand"\n'
    declared = 'extras = ["mail"]\ndependency-groups = ["docs", "dev"]\ndefault-groups = ["dev"]\n'
    # Of two packages with one name each has files of its own.
    packages = [each.written(index, f"1.{position}") for position, each in enumerate(case.entries)]
    (folder / "pylock.toml").write_text("\n".join([head + declared + case.head, *packages]))
    more = Entry("alpha", (TAGS[0],), False, (), ELSEWHERE, "", False, "index")
    (folder / "pylock.more.toml").write_text(f"{head}\n{more.written(index, '3.0')}")
    (folder / "constraints.txt").write_text("alpha<1\n")
    for name in PROJECTS:
        (folder / name).mkdir()
        project = f'[project]\nname = "{name}"\nversion = "1.0"\n'
        (folder / name / "pyproject.toml").write_text(project + PYPROJECT)
        (folder / name / "backend.py").write_text(BACKEND)
        (folder / name / "PKG-INFO").write_text(f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n")


def ours(index_url: str, folder: Path, options: str, target: Target) -> tuple[str, Mapping[str, str], str]:
    """The outcome, the URLs of what this resolution picks, and its message."""
    environ = {**os.environ, "PIP_INDEX_URL": index_url, "PIP_CONFIG_FILE": os.devnull}
    environ["PYTEST_DEPLOYCHECK_CACHE"] = str(folder / "cache")
    commands = read_commands(text_of_file("build.sh", f"pip install {options}"), ".", folder, "/checkout", {})
    installation = read_installation(read_installs(commands).installs[0], (), folder, environ)
    assert installation.file is not None
    assert not installation.unknown
    resolutions = Resolutions(Settings(root=folder), environ)
    resolution = resolutions.get(Source(installation.file, ()), target)
    resolutions.close()
    picked = {each.name: each.file.url for each in resolution.distributions}
    return resolution.outcome.value, picked if resolution.outcome.value == "ok" else {}, resolution.message


@random_examples(60)
@given(case=cases())
@pytest.mark.timeout(600)
def test_of_a_random_lock_pip_installs_what_is_resolved(
    case: Case, pip: Pip, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    with Index() as index:
        write(case, folder, index)
        outcome, picked, message = ours(index.url, folder, case.options, HOST)
        theirs = pip.ask(index.url, folder, *case.options.split())
    lock = (folder / "pylock.toml").read_text()
    found = {name: url.rstrip("/") for name, url in picked.items()}
    expected = (theirs["outcome"], {name: url.rstrip("/") for name, url in theirs["picked"]})
    assert (outcome, found) == expected, f"{case.options}\n{lock}\nours: {message}\npip: {theirs['message']}"
    shutil.rmtree(folder)


PROJECT = """\
[project]
name = "web"
version = "1"
requires-python = ">=3.10"
dependencies = [
    "fastapi[standard]==0.115.*",
    "sqlalchemy[asyncio]>=2",
    "pydantic-core",
    "psycopg2==2.9.9",
    "tomli; python_version < '3.11'",
    "colorama; os_name == 'nt'",
]
"""


@pytest.mark.network
@pytest.mark.timeout(900)
def test_of_a_lock_that_uv_exports_pip_and_uv_install_what_is_resolved(tmp_path: Path) -> None:
    """On each interpreter at hand: pip answers for the one that it runs on alone."""
    tools = LockTools.install(tmp_path / "tools")
    project = tmp_path / "web"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple/")
    tools.export(project)
    found = [(version, python) for version, python in interpreters() if (3, 10) <= _minor(version) <= (3, 14)]
    assert found
    for version, python in found:
        target = Target(version, HOST.platform)
        outcome, picked, message = ours(index, project, "-r pylock.toml", target)
        assert outcome == "ok", message
        assert {name: _filename(url) for name, url in picked.items()} == asked_of_pip(python, project), version
        assert sorted(installed_by_uv(project, target)) == tools.installed_from_pylock(project, python), version


def asked_of_pip(python: Path, folder: Path) -> dict[str, str]:
    """What pip, on another interpreter than its own, would install from the lock."""
    import pip

    runner = Path(pip.__file__).with_name("__pip-runner__.py")
    report = folder / "report.json"
    asked = ("install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report), "-r", "pylock.toml")
    subprocess.run([python, runner, *asked], cwd=folder, check=True)
    said = json.loads(report.read_text())["install"]
    return {canonicalize_name(each["metadata"]["name"]): _filename(each["download_info"]["url"]) for each in said}


def installed_by_uv(folder: Path, target: Target) -> list[str]:
    """What is said here of ``uv pip sync``."""
    commands = read_commands(text_of_file("build.sh", "uv pip sync pylock.toml"), ".", folder, "/checkout", {})
    lock = read_installation(read_installs(commands).installs[0], (), folder, {}).lock
    assert lock is not None
    assert lock.locked is not None
    return [f"{each.name}=={each.version}" for each in resolve_locked(lock.locked, target).distributions]


def _filename(url: str) -> str:
    return unquote(url.partition("#")[0].rpartition("/")[2])


def _minor(version: str) -> tuple[int, int]:
    major, minor, _ = version.split(".")
    return int(major), int(minor)
