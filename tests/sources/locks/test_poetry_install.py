"""``poetry install``: what its options choose of a lock, and what it stops at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from sources.locks.project import LockedProject

from pytest_deploycheck.resolution.result import Outcome

PYPROJECT = """\
[tool.poetry]
name = "shop"
version = "1"

[tool.poetry.dependencies]
python = "^3.11"
web = "^1.0"
cache = { version = "1.0", optional = true }

[tool.poetry.extras]
fast = ["cache"]

[tool.poetry.group.dev.dependencies]
tool = "*"

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
pages = ">=1"
"""
# As Poetry 2.5 writes it for that file.
METADATA = """
[extras]
fast = ["cache"]

[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "85d060b7b5e01b9dd5cbf82bc5f6814e7818dd28f79af83170775246aa88d5b7"
"""


def package(
    name: str,
    version: str = "1.0",
    files: Sequence[str] = ("py3-none-any.whl",),
    more: str = 'groups = ["main"]\n',
) -> str:
    """A package of PyPI, as Poetry writes it."""
    ends = (f"{name}-{version}-{each}" if each.endswith(".whl") else f"{name}-{version}{each}" for each in files)
    named = ", ".join(f'{{ file = "{each}", hash = "sha256:0" }}' for each in ends)
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nfiles = [{named}]\n{more}\n'


WEB = """\
groups = ["main"]

[package.dependencies]
base = ">=1"
socks = { version = "*", optional = true, markers = "extra == \\"proxy\\"" }
"""
LOCK = (
    package("base")
    + package("cache", more='optional = true\ngroups = ["main"]\nmarkers = "extra == \\"fast\\""\n')
    + package("pages", more='groups = ["docs"]\n')
    + package("tool", more='groups = ["main", "dev"]\nmarkers = { main = "python_version < \\"3.12\\"" }\n')
    + package("web", more=WEB)
    + METADATA
)


@pytest.fixture
def shop(tmp_path: Path) -> LockedProject:
    return LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "poetry.lock": LOCK})


@pytest.mark.parametrize(
    ("command", "installed"),
    [
        ("poetry install", "base tool web"),
        ("poetry sync --no-root", "base tool web"),
        ("poetry install --no-interaction --only main", "base web"),
        ("poetry install --only=main,docs", "base pages web"),
        ("poetry install --without dev --with docs", "base pages web"),
        ("poetry install --no-dev -E fast", "base cache web"),
        ('poetry install --only main --extras "fast"', "base cache web"),
        ("poetry install --only main --all-extras", "base cache web"),
        ("poetry install --all-groups", "base pages tool web"),
        ("poetry install --only-root", ""),
        ("python -m poetry install --only docs", "pages"),
    ],
)
def test_what_options_choose(shop: LockedProject, command: str, installed: str) -> None:
    assert shop.installed(command) == [f"{each}==1.0" for each in installed.split()]


def test_a_package_is_there_under_the_marker_that_a_chosen_group_has_for_it(shop: LockedProject) -> None:
    assert shop.installed("poetry install --only main", "3.11.4") == ["base==1.0", "tool==1.0", "web==1.0"]
    assert shop.installed("poetry install --only main", "3.12.4") == ["base==1.0", "web==1.0"]
    assert shop.installed("poetry install --only dev", "3.12.4") == ["tool==1.0"]


def test_who_requires_what(shop: LockedProject) -> None:
    found = shop.resolution("poetry install --only main")
    assert {each.name: (each.required_by, str(each.line)) for each in found.distributions} == {
        "base": (("web",), "pyproject.toml:7"),
        "web": ((), "pyproject.toml:7"),
    }
    assert [each.text for each in shop.lock("poetry install -E fast").file.lines] == [
        "web (^1.0)",
        "cache (1.0)",
        "tool (*)",
    ]


BEFORE_2_1 = LOCK.replace('lock-version = "2.1"', 'lock-version = "2.0"')


def test_a_lock_without_groups_is_followed_from_the_requirements(tmp_path: Path) -> None:
    lines = [each for each in BEFORE_2_1.splitlines() if not each.startswith(("groups", "markers"))]
    files = {"pyproject.toml": PYPROJECT, "poetry.lock": package("socks", more="") + "\n".join(lines)}
    shop = LockedProject.of(tmp_path, files)
    assert shop.installed("poetry install") == ["base==1.0", "tool==1.0", "web==1.0"]
    assert shop.installed("poetry install --only main -E fast") == ["base==1.0", "cache==1.0", "web==1.0"]


def test_of_several_versions_the_one_is_taken_that_the_requirement_allows(tmp_path: Path) -> None:
    asked = 'web = [{ version = "^1.0", python = "<3.12" }, { version = "^2.0", python = ">=3.12" }]'
    pyproject = PYPROJECT.replace('web = "^1.0"', asked)
    old = [each for each in BEFORE_2_1.splitlines() if not each.startswith(("groups", "markers", "content-hash"))]
    lock = "\n".join(old) + "\n"
    shop = LockedProject.of(
        tmp_path, {"pyproject.toml": pyproject, "poetry.lock": package("web", "2.1", more="") + lock}
    )
    assert shop.installed("poetry install --only main", "3.11.1") == ["base==1.0", "web==1.0"]
    assert shop.installed("poetry install --only main", "3.12.1") == ["web==2.1"]


def test_a_build_number_counts_more_than_tags(tmp_path: Path) -> None:
    files = ("py3-none-any.whl", "1-py3-none-any.whl", "cp312-cp312-manylinux_2_17_x86_64.whl", ".tar.gz")
    lock = LOCK.replace(package("base"), package("base", files=files))
    shop = LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "poetry.lock": lock})
    found = shop.resolution("poetry install --only main").distributions[0]
    assert found.file.filename == "base-1.0-1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("settings", "told", "built"),
    [
        ("no-binary = true", {}, ["base", "web"]),
        ("no-binary = ['base']", {}, ["base"]),
        ("only-binary = true", {"POETRY_INSTALLER_NO_BINARY": "base"}, ["base"]),
        ("", {"POETRY_INSTALLER_NO_BINARY": "web,base"}, ["base", "web"]),
        ("no-binary = false", {}, []),
    ],
)
def test_settings_choose_between_wheels_and_source_distributions(
    tmp_path: Path, settings: str, told: dict[str, str], built: list[str]
) -> None:
    files = ("py3-none-any.whl", ".tar.gz")
    lock = LOCK.replace(package("base"), package("base", files=files))
    lock = lock.replace(package("web", more=WEB), package("web", files=files, more=WEB))
    project = {"pyproject.toml": PYPROJECT, "poetry.lock": lock, "poetry.toml": f"[installer]\n{settings}\n"}
    found = LockedProject.of(tmp_path, project).resolution("poetry install --only main", **told)
    assert [each.name for each in found.distributions if not each.file.is_wheel] == built


def test_where_there_is_no_file_poetry_stops(shop: LockedProject) -> None:
    lock = LOCK.replace("base-1.0-py3-none-any", "base-1.0-cp312-cp312-manylinux_2_40_x86_64")
    (shop.root / "poetry.lock").write_text(lock, encoding="utf-8")
    found = shop.resolution("poetry install")
    assert (found.outcome, found.message) == (
        Outcome.NO_MATCH,
        "Poetry finds no distribution of base 1.0 in poetry.lock",
    )
    assert [str(each) for each in found.causes] == ["web 1.0 requires base==1.0"]
    assert found.evidence[-2] == (
        "base: its cp312 wheel for manylinux_2_40_x86_64 needs glibc 2.40; this platform has 2.36"
    )


def test_a_python_that_the_lock_was_not_made_for(shop: LockedProject) -> None:
    found = shop.resolution("poetry install", "3.10.4")
    assert found.message == "the target's Python is 3.10.4, and poetry.lock was made for ^3.11"
    (cause,) = found.causes
    assert (shop.root / "poetry.lock").read_text(encoding="utf-8").splitlines()[
        cause.line.line - 1 if cause.line else 0
    ] == ('python-versions = "^3.11"')


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("poetry install --with nope", "there is no group 'nope' in pyproject.toml, so Poetry stops"),
        ("poetry install --without nope", "there is no group 'nope' in pyproject.toml, so Poetry stops"),
        ("poetry install -E nope", "there is no extra 'nope' in pyproject.toml, so Poetry stops"),
    ],
)
def test_poetry_stops_at_what_it_does_not_know(shop: LockedProject, command: str, expected: str) -> None:
    (problem,) = shop.problems(command)
    assert problem.endswith(f"refused: {expected}")


# Of these files, by Poetry 2.5.1; the last one as before 2.3, which did not look at [dependency-groups].
PEP_621 = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = ["web (>=1.0,<2.0)"]

[project.optional-dependencies]
fast = ["cache==1.0"]
"""
GROUPS = """
[dependency-groups]
dev = ["tool", { include-group = "lint" }]
lint = ["pages"]
"""
OWN = """
[tool.poetry.dependencies]
web = { source = "own" }

[tool.poetry.group.dev.dependencies]
tool = "*"
"""


@pytest.mark.parametrize(
    ("pyproject", "digest"),
    [
        (PYPROJECT, "85d060b7b5e01b9dd5cbf82bc5f6814e7818dd28f79af83170775246aa88d5b7"),
        (PEP_621, "538751866392d58fca28f67722daedf090adf67c767079187a98e5d115153098"),
        (PEP_621 + GROUPS, "8238fe8eea687de2a06e9e48d844255586e53a247569d2a2e6ffd89a40180210"),
        (PEP_621 + OWN, "47e5a331664d31a11ecb51bc8555a5e81ff16aca5ec684b334b427057b136630"),
        (PEP_621 + GROUPS, "538751866392d58fca28f67722daedf090adf67c767079187a98e5d115153098"),
    ],
)
def test_a_lock_that_was_made_for_the_file_fits(shop: LockedProject, pyproject: str, digest: str) -> None:
    (shop.root / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    lock = re.sub('content-hash = ".*"', f'content-hash = "{digest}"', LOCK)
    (shop.root / "poetry.lock").write_text(lock, encoding="utf-8")
    assert shop.problems("poetry install") == []
    (shop.root / "pyproject.toml").write_text(pyproject.replace("web", "web2"), encoding="utf-8")
    (problem,) = shop.problems("poetry install")
    assert problem.endswith(
        "refused: pyproject.toml has changed since, and Poetry stops there: run poetry lock, and commit it"
    )


def test_both_tables_and_included_groups_ask_for_what_is_installed(tmp_path: Path) -> None:
    lock = re.sub('content-hash = ".*"', "", LOCK)
    shop = LockedProject.of(tmp_path, {"pyproject.toml": PEP_621 + GROUPS + OWN, "poetry.lock": lock})
    lines = shop.lock("poetry install -E fast").file.lines
    assert [each.text for each in lines] == ["web (>=1.0,<2.0)", "cache==1.0", "tool", "pages", "tool (*)"]


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        ("[metadata]\nlock-version = '2.1'\n= 1\n", "poetry.lock:3 refused: it is no TOML"),
        (
            "package = []\n",
            "poetry.lock:1 refused: a lock of Poetry says the version of its format, and this one does not",
        ),
        ("[metadata]\nlock-version = '3.0'\n", "poetry.lock:2 unknown: its format is 3.0, and those known here are"),
        ("[metadata]\nlock-version = '1.0'\n", "poetry.lock:2 unknown: its format is 1.0, and those known here are"),
        (
            "[[package]]\nname = 'a'\n[metadata]\nlock-version = '2.1'\n",
            "poetry.lock:1 refused: a version such as 1.0 was expected, and '' is none",
        ),
        (
            "[[package]]\nname = 'a'\nversion = '1'\nfiles = [1]\n[metadata]\nlock-version = '2.1'\n",
            "poetry.lock:1 refused: files has to hold tables",
        ),
    ],
)
def test_a_lock_that_cannot_be_read(shop: LockedProject, lock: str, problem: str) -> None:
    (shop.root / "poetry.lock").write_text(lock, encoding="utf-8")
    (said,) = shop.problems("poetry install")
    assert said.startswith(problem)


def test_without_the_project_it_is_not_known_what_is_installed(shop: LockedProject) -> None:
    (shop.root / "pyproject.toml").unlink()
    (said,) = shop.problems("poetry install")
    assert said.startswith("poetry.lock:1 unknown: pyproject.toml cannot be read, and it decides what is installed")


def test_what_is_no_version_of_an_index_is_installed_from_where_it_is(tmp_path: Path) -> None:
    sources = {
        "cache": 'type = "git"\nurl = "https://host/cache.git"\nresolved_reference = "0123"',
        "pages": 'type = "directory"\nurl = "libs/pages"',
        "tool": 'type = "url"\nurl = "https://host/tool-1.0.tar.gz"',
        "base": 'type = "file"\nurl = "vendor/base-1.0-py3-none-any.whl"',
    }
    lock = LOCK
    for name, source in sources.items():
        before = next(each for each in LOCK.split("[[package]]") if f'name = "{name}"' in each).partition("[extras]")[0]
        lock = lock.replace(before, f"{before}\n[package.source]\n{source}\n\n")
    shop = LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "poetry.lock": lock})
    found = shop.resolution("poetry install --all-groups --all-extras")
    assert [f"{each.kind.value} {each.name}" for each in found.distributions] == [
        "direct base",
        "direct cache",
        "direct pages",
        "direct tool",
        "wheel web",
    ]
    assert "pages==1.0" not in shop.installed("poetry install --all-groups --no-directory")
