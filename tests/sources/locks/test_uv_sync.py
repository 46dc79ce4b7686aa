"""``uv sync``: what its options choose of a lock, and what it stops at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sources.locks.project import LockedProject

from pytest_deploycheck.resolution.result import Outcome

CP312 = "cp312-cp312-manylinux_2_17_x86_64"
PYPROJECT = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = [
    "web>=1",
    "native==1.0",
]

[dependency-groups]
dev = ["tool"]
"""
HEAD = 'version = 1\nrequires-python = ">=3.11"\n'
SHOP = """
[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "native" }, { name = "web" }]

[package.dev-dependencies]
dev = [{ name = "tool" }]

[package.metadata]
requires-dist = [{ name = "native", specifier = "==1.0" }, { name = "web", specifier = ">=1" }]

[package.metadata.requires-dev]
dev = [{ name = "tool" }]
"""


def package(
    name: str, version: str = "1.0", wheels: Sequence[str] = ("py3-none-any",), *, sdist: bool = False, more: str = ""
) -> str:
    """A package of an index, as uv writes it."""
    host = "https://files.example"
    named = [f'{{ url = "{host}/{name}-{version}-{tags}.whl", hash = "sha256:0" }}' for tags in wheels]
    source = f'sdist = {{ url = "{host}/{name}-{version}.tar.gz", hash = "sha256:0" }}\n' if sdist else ""
    return (
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
        f"{more}{source}wheels = [{', '.join(named)}]\n"
    )


LOCK = HEAD + package("native", wheels=(CP312,), sdist=True) + SHOP + package("tool") + package("web")


@pytest.fixture
def shop(tmp_path: Path) -> LockedProject:
    return LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "uv.lock": LOCK})


@pytest.mark.parametrize(
    ("command", "installed"),
    [
        ("uv sync", "native tool web"),
        ("uv --no-progress sync --frozen --no-dev", "native web"),
        ("python -m uv sync --locked --no-group=dev", "native web"),
        ("uv sync --no-default-groups", "native web"),
        ("uv sync --only-dev", "tool"),
        ("uv sync --only-group dev", "tool"),
        ("uv sync --no-dev --no-install-package web", "native"),
    ],
)
def test_what_options_choose(shop: LockedProject, command: str, installed: str) -> None:
    assert shop.installed(command) == [f"{each}==1.0" for each in installed.split()]


def test_variables_are_options_too(shop: LockedProject) -> None:
    assert shop.installed("uv sync", UV_NO_DEV="true") == ["native==1.0", "web==1.0"]
    assert shop.installed("uv sync", UV_NO_DEV="0") == ["native==1.0", "tool==1.0", "web==1.0"]
    assert shop.installation("uv sync", UV_NO_GROUP=None).unknown == ("the variable UV_NO_GROUP",)


def test_default_groups_are_the_projects_own(shop: LockedProject) -> None:
    (shop.root / "pyproject.toml").write_text(PYPROJECT + "[tool.uv]\ndefault-groups = []\n", encoding="utf-8")
    assert shop.installed("uv sync") == ["native==1.0", "web==1.0"]


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("uv sync --upgrade", "the option --upgrade"),
        ("uv sync -P web", "the option -P"),
        ("uv sync --script tool.py", "the option --script"),
        ("uv sync --frozen --python-platform linux", "the option --python-platform"),
        ("uv sync --group $GROUP", "the option $GROUP"),
        ("uv sync $OPTIONS", "the option $OPTIONS"),
    ],
)
def test_what_is_not_followed_is_said(shop: LockedProject, command: str, unknown: str) -> None:
    found = shop.installation(command)
    assert (found.lock, unknown in found.unknown) == (None, True)


def test_of_a_version_the_best_wheel_is_taken_and_a_source_distribution_where_there_is_none(tmp_path: Path) -> None:
    wheels = (
        "py3-none-any",
        CP312,
        "cp312-cp312-manylinux_2_38_x86_64",
        "cp312-cp312-win_amd64",
        "cp311-abi3-manylinux_2_5_x86_64",
    )
    files = {"pyproject.toml": PYPROJECT, "uv.lock": LOCK.replace(package("web"), package("web", wheels=wheels))}
    shop = LockedProject.of(tmp_path, files)

    def taken(python: str, platform: str = "manylinux_2_36_x86_64") -> list[str]:
        found = shop.resolution("uv sync --no-dev", python, platform)
        return [each.file.filename for each in found.distributions]

    assert taken("3.12.1") == [f"native-1.0-{CP312}.whl", f"web-1.0-{CP312}.whl"]
    assert taken("3.13.0") == ["native-1.0.tar.gz", "web-1.0-cp311-abi3-manylinux_2_5_x86_64.whl"]
    assert taken("3.12.1", "musllinux_1_2_x86_64") == ["native-1.0.tar.gz", "web-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("settings", "command", "built"),
    [
        ("", "uv sync --no-binary", "native"),
        ("", "uv sync --no-binary-package native", "native"),
        ("no-binary-package = ['native']", "uv sync", "native"),
        ("no-binary = true", "uv sync --no-build-package web", "native"),
        ("no-build = true", "uv sync", ""),
    ],
)
def test_settings_choose_between_wheels_and_source_distributions(
    tmp_path: Path, settings: str, command: str, built: str
) -> None:
    both = LOCK.replace(package("web"), package("web", sdist=True)).replace(
        package("tool"), package("tool", sdist=True)
    )
    shop = LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT + f"[tool.uv]\n{settings}\n", "uv.lock": both})
    found = [each.name for each in shop.resolution(command).distributions if not each.file.is_wheel]
    assert (built in found) if built else not found


def test_where_there_is_no_file_uv_stops(shop: LockedProject) -> None:
    (shop.root / "uv.lock").write_text(LOCK.replace("py3-none-any", "cp311-cp311-win_amd64"), encoding="utf-8")
    found = shop.resolution("uv sync --no-dev")
    assert (found.outcome, found.message) == (Outcome.NO_MATCH, "uv finds no distribution of web 1.0 in uv.lock")
    assert [str(each.line) for each in found.causes] == ["pyproject.toml:6"]
    assert found.evidence == (
        "uv.lock:32: web 1.0 has 1 wheel and no source distributions there",
        "web: it has wheels, but none for this platform (manylinux_2_36_x86_64)",
        "web: its wheels are for: Windows",
    )


def test_no_build_leaves_nothing_where_there_is_no_wheel(shop: LockedProject) -> None:
    found = shop.resolution("uv sync --no-build", "3.13.0")
    assert found.message == "uv finds no distribution of native 1.0 in uv.lock"
    assert found.evidence[:2] == (
        "uv.lock:4: native 1.0 has 1 wheel and 1 source distribution there",
        "settings of uv leave out source distributions",
    )


def test_a_python_that_the_lock_was_not_made_for(shop: LockedProject) -> None:
    found = shop.resolution("uv sync", "3.10.4")
    assert found.outcome is Outcome.NO_MATCH
    assert found.message == "the target's Python is 3.10.4, and uv.lock was made for >=3.11"
    assert [str(each.line) for each in found.causes] == ["uv.lock:2"]


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (
            "uv sync --group docs",
            "build.sh:1 refused: there is no group 'docs' in the project's pyproject.toml, so uv stops",
        ),
        ("uv sync --extra x", "build.sh:1 refused: there is no extra 'x' in the project's pyproject.toml, so uv stops"),
        (
            "uv sync --frozen --package x",
            "uv.lock:1 refused: the lock does not have the project x: run uv lock, and commit it",
        ),
    ],
)
def test_uv_stops_at_what_it_does_not_know(shop: LockedProject, command: str, problem: str) -> None:
    command_place = problem.replace("build.sh", "line")
    assert [each.replace("build.sh", "line") for each in shop.problems(command)] == [command_place]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"web>=1"', '"web>=2"', "pyproject.toml:6"),
        ('"web>=1"', '"web>=1", "more"', "pyproject.toml:6"),
        ('    "native==1.0",\n', "", "uv.lock:11"),
        ('["tool"]', '["tool", "lint"]', "pyproject.toml:11"),
    ],
)
def test_a_lock_that_does_not_fit_is_refused_or_not_known_or_advice(
    shop: LockedProject, before: str, after: str, said: str
) -> None:
    (shop.root / "pyproject.toml").write_text(PYPROJECT.replace(before, after), encoding="utf-8")
    assert [each.partition(": ")[0] for each in shop.problems("uv sync --locked")] == [f"{said} refused"]
    assert [each.partition(": ")[0] for each in shop.problems("uv sync")] == [f"{said} unknown"]
    frozen = shop.lock("uv sync --frozen").file
    assert (frozen.problems, [str(each.location) for each in frozen.warnings]) == ((), [said])


@pytest.mark.parametrize("same", ["web >= 1", "web>=1.0", "web>=1; python_version > '3'", "Web>=1"])
def test_another_spelling_is_no_difference(shop: LockedProject, same: str) -> None:
    (shop.root / "pyproject.toml").write_text(PYPROJECT.replace("web>=1", same), encoding="utf-8")
    assert shop.problems("uv sync --locked") == []


def test_tables_of_another_tool_are_not_for_uv(shop: LockedProject) -> None:
    poetry = '[tool.poetry.dependencies]\npython = "^3.9"\nold = "^1.0"\n'
    (shop.root / "pyproject.toml").write_text(PYPROJECT + poetry, encoding="utf-8")
    assert shop.problems("uv sync --locked") == []


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        ("version = 1\nrequires-python = '>=3'\nx = = 1\n", "uv.lock:3 refused: it is no TOML: invalid value"),
        ("<<<<<<< HEAD\n", "uv.lock:1 refused: it is no TOML: "),
        (
            "requires-python = '>=3'\n",
            "uv.lock:1 refused: a lock of uv says the version of its format, and this one does not",
        ),
        ("version = 1\n", "uv.lock:1 refused: a lock of uv says requires-python, and this one does not"),
        (HEAD + "[[package]]\nversion = '1'\n", "uv.lock:3 refused: a package needs a name"),
        (HEAD + "[[package]]\nname = 'a'\n", "uv.lock:3 refused: a package needs a source"),
        (HEAD + "[[package]]\nname = 1\n", "uv.lock:3 refused: name has to be a string"),
        (HEAD + "package = 1\n", "uv.lock:1 refused: package has to be an array"),
        (
            HEAD.replace(">=3.11", "three"),
            "uv.lock:2 refused: a version specifier such as >=3.12 was expected, and 'three' is none",
        ),
        (
            HEAD + "[[package]]\nname = 'a'\nsource = { moon = 'x' }\n",
            "uv.lock:3 refused: the source 'moon' is not known",
        ),
        ("version = 2\n", "uv.lock:1 unknown: its format is 2, and those known here are 1: update pytest-deploycheck"),
    ],
)
def test_a_lock_that_cannot_be_read(shop: LockedProject, lock: str, problem: str) -> None:
    (shop.root / "uv.lock").write_text(lock, encoding="utf-8")
    (said,) = shop.problems("uv sync")
    assert said.startswith(problem)
    assert shop.lock("uv sync").locked is None


def test_what_is_no_version_of_an_index_is_installed_from_where_it_is(tmp_path: Path) -> None:
    direct = {
        "repo": '{ git = "https://host/repo.git?rev=main#0123" }',
        "remote": '{ url = "https://host/remote-1.0.tar.gz" }\nsdist = { hash = "sha256:0" }',
        "archive": '{ path = "vendor/archive-1.0-py3-none-any.whl" }\n'
        'wheels = [{ filename = "archive-1.0-py3-none-any.whl", hash = "sha256:0" }]',
        "folder": '{ directory = "libs/folder" }',
        "plain": '{ virtual = "libs/plain" }\ndependencies = [{ name = "web" }]',
    }
    packages = [
        f'\n[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {source}\n' for name, source in direct.items()
    ]
    asked = ", ".join(f'{{ name = "{name}" }}' for name in direct)
    shop = f'\n[[package]]\nname = "shop"\nversion = "1"\nsource = {{ editable = "." }}\ndependencies = [{asked}]\n'
    files = {"pyproject.toml": PYPROJECT, "uv.lock": HEAD + shop + "".join(packages) + package("web")}
    project = LockedProject.of(tmp_path, files)
    found = project.resolution("uv sync --frozen")
    assert [
        f"{each.kind.value} {each.file.filename} {'->'.join(name for name, _ in each.chain)}"
        for each in found.distributions
    ] == [
        "direct archive-1.0-py3-none-any.whl archive",
        "direct folder folder",
        "direct remote-1.0.tar.gz remote",
        "direct repo.git repo",
        "wheel web-1.0-py3-none-any.whl web",
    ]
    assert "folder==1.0" not in project.installed("uv sync --frozen --no-install-local")


WORKSPACE = (
    HEAD
    + """
[manifest]
members = ["api", "shared"]

[[package]]
name = "api"
version = "1"
source = { editable = "apps/api" }
dependencies = [{ name = "shared" }]

[[package]]
name = "shared"
version = "1"
source = { editable = "libs/shared" }
dependencies = [{ name = "web" }]
"""
)


def test_a_member_of_a_workspace_is_what_the_folder_says(tmp_path: Path) -> None:
    def project(name: str, *asked: str) -> str:
        return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = {list(asked)}\n'

    shop = LockedProject.of(
        tmp_path,
        {
            "pyproject.toml": "[tool.uv.workspace]\nmembers = ['apps/*', 'libs/*']\n",
            "uv.lock": WORKSPACE + package("web"),
            "apps/api/pyproject.toml": project("api", "shared"),
            "libs/shared/pyproject.toml": project("shared", "web"),
        },
    )
    assert shop.installed("cd apps/api && uv sync --frozen") == ["shared==1", "web==1.0"]
    assert shop.installed("uv sync --frozen --project apps/api") == ["shared==1", "web==1.0"]
    assert shop.installed("uv sync --frozen --package shared") == ["web==1.0"]
    assert shop.installed("uv sync --frozen --package api --no-install-workspace") == ["web==1.0"]
    assert shop.installed("uv sync --frozen") == ["web==1.0"]
    (line,) = shop.lock("uv sync --frozen --package shared").file.lines
    assert str(line.location) == "libs/shared/pyproject.toml:4"


def test_a_lock_that_lacks_what_is_required_is_not_known(shop: LockedProject) -> None:
    (shop.root / "uv.lock").write_text(LOCK.replace(package("web"), ""), encoding="utf-8")
    found = shop.resolution("uv sync")
    assert found.outcome is Outcome.UNREACHABLE
    assert found.message == (
        "what is installed from uv.lock is not known: web is required, and uv.lock does not have it"
    )
