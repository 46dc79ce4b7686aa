"""Projects locked anew with uv, Poetry, Pipenv and PDM on the real index: what the tools would install is what is read.

On each interpreter at hand, the one that runs the tests and those that pyenv keeps. ``tests/sources/locks`` does the
same with recorded locks, without a network.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from lock_tools import RECORDED, LockTools, interpreters
from sources.locks.project import LockedProject

from pytest_deploycheck.builds import source_of
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target"),
]

WEB = """\
[project]
name = "web"
version = "1"
requires-python = ">=3.11"
dependencies = [
    "fastapi[standard]>=0.110",
    "sqlalchemy[asyncio]>=2",
    "celery[redis]==5.4.0",
    "colorama; os_name == 'nt'",
]

[project.optional-dependencies]
aws = ["boto3>=1.34"]
mail = ["aiosmtplib>=3", "jinja2>=3"]

[dependency-groups]
dev = ["pytest>=8", "mypy==1.11.*"]
docs = ["sphinx>=7"]
"""
WORKER = """\
[project]
name = "worker"
version = "1"
requires-python = ">=3.11,<4"
dependencies = [
    "django>=4.2,<5 ; python_version < '3.12'",
    "django>=5,<6 ; python_version >= '3.12'",
    "gunicorn[gevent]>=22",
    "psycopg[binary]>=3.1",
    "uvloop>=0.19 ; sys_platform != 'win32'",
]

[dependency-groups]
dev = ["ipython>=8", { include-group = "test" }]
test = ["pytest-django>=4", "coverage[toml]>=7"]
"""
OF_POETRY = """
[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
priority = "primary"
"""
PROJECTS = {"web": WEB, "worker": WORKER}
# PDM locks one version of each project.
_TWO = """\
    "django>=4.2,<5 ; python_version < '3.12'",
    "django>=5,<6 ; python_version >= '3.12'",
"""
OF_PDM = {
    "web": WEB,
    "worker": WORKER.replace(_TWO, '    "django>=4.2,<6",\n') + '\n[tool.pdm.dev-dependencies]\nlint = ["ruff"]\n',
}
COMMANDS = {
    "uv": {
        "web": ((), ("--no-dev", "--extra", "mail"), ("--all-extras", "--all-groups"), ("--only-group", "docs")),
        "worker": ((), ("--no-dev",), ("--group", "test", "--no-group", "dev")),
    },
    "poetry": {
        "web": ((), ("--only", "main", "-E", "mail"), ("--all-extras",), ("--without", "docs,dev")),
        "worker": ((), ("--only=main",), ("--only", "test")),
    },
}


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> LockTools:
    return LockTools.install(tmp_path_factory.mktemp("tools") / "environment")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("tool", COMMANDS)
def test_what_the_tool_would_install_is_what_is_read(tmp_path: Path, tools: LockTools, tool: str, name: str) -> None:
    project = LockedProject.of(tmp_path, {"pyproject.toml": PROJECTS[name] + (OF_POETRY if tool == "poetry" else "")})
    found = [(version, python) for version, python in interpreters() if (3, 11) <= _minor(version) <= (3, 14)]
    tools.lock(tool, tmp_path, found[0][1])
    command = {"uv": "uv sync --locked", "poetry": "poetry install"}[tool]
    for version, python in found:
        for options in COMMANDS[tool][name]:
            expected = tools.installed(tool, tmp_path, python, options)
            assert len(expected) > 2, "the tool says what it would install"
            read = project.installed(" ".join((command, *options)), version)
            assert sorted(read) == expected, f"{tool} {' '.join(options)} on {version}"


def test_what_uv_would_build_is_what_is_said_to_be_built(tmp_path: Path, tools: LockTools) -> None:
    shutil.copytree(RECORDED / "uv", tmp_path / "shop")
    project = LockedProject(tmp_path / "shop")
    glibc = platform.libc_ver()[1].replace(".", "_")
    for version, python in interpreters():
        if (3, 11) <= _minor(version) <= (3, 14):
            machine = f"manylinux_{glibc}_{platform.machine()}"
            read = project.resolution("uv sync --frozen", version, machine)
            sdists = {each.name for each in read.distributions if not each.file.is_wheel}
            assert sdists == tools.without_wheels(project.root, python), version
            assert "psycopg2" in sdists


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "strategy", [(), ("-S", "no_inherit_metadata"), ("-S", "static_urls")], ids=["inherited", "walked", "urls"]
)
@pytest.mark.parametrize("name", OF_PDM)
def test_what_pdm_would_install_is_what_is_read(
    tmp_path: Path, tools: LockTools, strategy: tuple[str, ...], name: str
) -> None:
    project = LockedProject.of(tmp_path, {"pyproject.toml": OF_PDM[name]})
    found = [(version, python) for version, python in interpreters() if (3, 11) <= _minor(version) <= (3, 14)]
    tools.lock("pdm", tmp_path, found[0][1], strategy)
    groups = "docs" if name == "web" else "test"
    chosen = ((), ("--prod",), ("-G", ":all", "--prod"), ("-G", groups, "--no-default"), ("--without", groups), ("-d",))
    for version, python in found:
        for options in chosen:
            expected = tools.installed("pdm", tmp_path, python, options)
            read = project.installed(" ".join(("pdm sync", *options)), version)
            assert sorted(read) == expected, f"{' '.join(options)} on {version}"
    # It fits, since it was made just now, and it does not any longer.
    assert project.problems("pdm install --check") == []
    (tmp_path / "pyproject.toml").write_text(
        OF_PDM[name].replace("dependencies = [", 'dependencies = [\n    "six",', 1)
    )
    assert ["refused" in each for each in project.problems("pdm install --check")] == [True]


PIPFILE = """\
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"

[packages]
flask = ">=3"
fastapi = {version = "==0.115.*", extras = ["standard"]}
requests = {version = "*", extras = ["socks"]}
colorama = {version = "*", markers = "os_name == 'nt'"}
tomli = {version = "==2.0.1", markers = "python_version < '3.11'"}

[dev-packages]
pytest = "*"
coverage = {version = "==7.6.1", extras = ["toml"]}

[docs]
markdown = "*"
"""


@pytest.mark.timeout(900)
def test_what_pipenv_gives_to_pip_is_what_pip_is_said_to_install(tmp_path: Path, tools: LockTools) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE)
    found = [(version, python) for version, python in interpreters() if (3, 10) <= _minor(version) <= (3, 14)]
    tools.lock("pipenv", tmp_path, found[0][1])
    glibc = platform.libc_ver()[1].replace(".", "_")
    for version, python in found:
        for options in ((), ("--dev",), ("--categories", "packages docs"), ("--categories=docs", "--dev")):
            expected = tools.given_to_pip(tmp_path, python, options)
            # What is locked on one Python may be for no older one, by its markers.
            assert expected or "--categories=docs" in options, "pip says what it would install"
            target = Target(version, f"manylinux_{glibc}_{platform.machine()}")
            read = resolved(tmp_path, " ".join(("pipenv sync", *map(shlex.quote, options))), target)
            assert sorted(f"{each.name}-{each.version}" for each in read.distributions) == expected, (options, version)
            # On other Pythons the lock may hold what nobody requires there.
            others = [each for each in read.distributions if each.line is None or each.line.path != "Pipfile"]
            assert not others or version != found[0][0]


def resolved(root: Path, command: str, target: Target) -> Resolution:
    """What is said of a command, as a run does it."""
    lock = LockedProject(root).lock(command)
    assert not lock.file.problems
    environ = {**os.environ, "PYTEST_DEPLOYCHECK_CACHE": str(root / ".cache")}
    resolutions = Resolutions(Settings(root=root), environ)
    found = resolutions.get(source_of(lock), target)
    resolutions.close()
    assert not found.message, found.message
    return found


def _minor(version: str) -> tuple[int, int]:
    major, minor, _ = version.split(".")
    return int(major), int(minor)
