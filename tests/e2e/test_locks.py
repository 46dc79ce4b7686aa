"""Lock files of uv and Poetry as sources, by the command as users run it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from locked_shop import BLUEPRINT, CORE, CORE_SDIST, PLAIN, T312, T313, WEB, assert_never_passes

from command import Deploycheck
from index_server import Distribution, Index

PYPROJECT = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = [
    "web",
    "plain",
]
"""


@pytest.fixture
def shop(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    """A project whose lock has a wheel of everything on 3.12, and has to compile on 3.13."""
    index.add(PLAIN, WEB, CORE, CORE_SDIST)
    deploycheck.project({"pyproject.toml": PYPROJECT, "uv.lock": uv_lock(index), "main.py": ""})
    return deploycheck


def uv_lock(index: Index, sdist_hash: str = "") -> str:
    def entry(file: Distribution, digest: str = "") -> str:
        url = f"{index.url.removesuffix('simple/')}files/{file.filename}"
        return f'{{ url = "{url}", hash = "sha256:{digest or file.sha256}" }}'

    registry = f'source = {{ registry = "{index.url}" }}'
    return f"""\
version = 1
requires-python = ">=3.11"

[[package]]
name = "core"
version = "1.5"
{registry}
sdist = {entry(CORE_SDIST, sdist_hash)}
wheels = [{entry(CORE)}]

[[package]]
name = "plain"
version = "1.0"
{registry}
wheels = [{entry(PLAIN)}]

[[package]]
name = "shop"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "plain" }}, {{ name = "web" }}]

[package.metadata]
requires-dist = [{{ name = "plain" }}, {{ name = "web" }}]

[[package]]
name = "web"
version = "2.0"
{registry}
dependencies = [{{ name = "core" }}]
wheels = [{entry(WEB)}]
"""


def poetry_lock(source: str = "") -> str:
    def package(name: str, version: str, files: list[Distribution], more: str = "") -> str:
        named = ", ".join(f'{{ file = "{each.filename}", hash = "sha256:{each.sha256}" }}' for each in files)
        head = f'[[package]]\nname = "{name}"\nversion = "{version}"\ngroups = ["main"]\nfiles = [{named}]\n'
        return head + more + source

    return (
        package("core", "1.5", [CORE, CORE_SDIST])
        + package("plain", "1.0", [PLAIN])
        + package("web", "2.0", [WEB], '[package.dependencies]\ncore = "*"\n')
        + '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\n'
    )


def pdm_lock() -> str:
    def package(name: str, version: str, files: list[Distribution], more: str = "") -> str:
        named = ", ".join(f'{{ file = "{each.filename}", hash = "sha256:{each.sha256}" }}' for each in files)
        return f'[[package]]\nname = "{name}"\nversion = "{version}"\ngroups = ["default"]\n{more}files = [{named}]\n'

    return (
        package("core", "1.5", [CORE, CORE_SDIST])
        + package("plain", "1.0", [PLAIN])
        + package("web", "2.0", [WEB], 'dependencies = ["core"]\n')
        + '[metadata]\nlock_version = "4.5.0"\nstrategy = ["inherit_metadata"]\ngroups = ["default"]\n'
    )


def test_what_uv_sync_installs_has_items_of_its_own(shop: Deploycheck, index: Index) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command="uv sync --frozen")})
    report = shop.report(index=index)
    ended = {each["nodeid"]: each["outcome"] for each in report["items"] if each["nodeid"].startswith("uv.lock")}
    assert ended == {
        f"uv.lock::{T313}::resolves": "passed",
        f"uv.lock::{T313}::plain": "passed",
        f"uv.lock::{T313}::web": "failed",
    }
    assert not [each for each in report["findings"] if each["check"] == "build-command"]
    (resolution,) = report["resolutions"]
    assert (resolution["source"], resolution["services"], resolution["outcome"]) == ("uv.lock", ["api"], "ok")
    core = next(each for each in resolution["distributions"] if each["name"] == "core")
    assert core == {
        "name": "core",
        "version": "1.5",
        "filename": CORE_SDIST.filename,
        "size": None,
        "kind": "sdist",
        "native": True,
        "needs": ["Rust"],
        "required_by": ["web"],
        "chain": ["web 2.0", "core 1.5"],
        "requirement_path": "pyproject.toml",
        "requirement_line": 6,
    }


def test_what_would_compile_is_told_at_the_line_of_the_project(shop: Deploycheck, index: Index) -> None:
    result = shop(f"--deploycheck-target={T313}", index=index)
    result.stdout.fnmatch_lines(
        [
            f"pyproject.toml:6: web would compile on {T313}",
            "  web 2.0 -> core 1.5 (uv.lock:4)",
            f"  {CORE_SDIST.filename} is a source distribution built with maturin: it needs a Rust compiler",
            "  its wheels for this platform: cp312; none for cp313",
            "  fix: set PYTHON_VERSION to 3.12.*: all 3 distributions of uv.lock have wheels there",
        ]
    )
    result.assert_outcomes(passed=2, failed=1)
    # Of all files the one that would be built is fetched.
    assert [each.path for each in index.requests] == [f"/files/{CORE_SDIST.filename}"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("uv sync --frozen", "add --no-build-package core to uv sync (render.yaml:5)"),
        ("poetry install", "set POETRY_INSTALLER_ONLY_BINARY=core before poetry install (render.yaml:5)"),
        ("pdm sync", "set PDM_ONLY_BINARY=core before pdm (render.yaml:5)"),
    ],
)
def test_each_tool_can_be_told_not_to_build(shop: Deploycheck, index: Index, command: str, told: str) -> None:
    shop.project(
        {
            "poetry.lock": poetry_lock(),
            "pdm.lock": pdm_lock(),
            "render.yaml": BLUEPRINT.format(command=f"pip install uv && {command}"),
        }
    )
    (finding,) = [each for each in shop.report(index=index)["findings"] if each["check"] == "wheel"]
    assert finding["fixes"][-1] == f"{told}: it then names what has no wheel at once"
    assert not [each for each in finding["fixes"] if "--only-binary" in each]


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_where_all_are_wheels_no_network_is_needed(shop: Deploycheck, index: Index, lock: str) -> None:
    shop.project({"poetry.lock": poetry_lock(), "pdm.lock": pdm_lock()})
    result = shop(f"--deploycheck-requirements={lock}", "--deploycheck-target=3.12", "--deploycheck-offline")
    result.assert_outcomes(passed=3)
    assert index.requests == []


def test_a_lock_is_the_default_where_there_are_no_requirements(shop: Deploycheck) -> None:
    assert "uv.lock::" in shop("--collect-only", "-q").stdout.str()
    shop.project({"requirements.txt": "plain\n"})
    assert "uv.lock::" not in shop("--collect-only", "-q").stdout.str()
    (shop.path / "requirements.txt").unlink()
    (shop.path / "uv.lock").unlink()
    shop.project({"poetry.lock": poetry_lock()})
    assert f"poetry.lock::{T312}::web" in shop("--collect-only", "-q", "--deploycheck-target=3.12").stdout.str()


def test_a_lock_of_pdm_names_files_that_an_index_has(shop: Deploycheck, index: Index) -> None:
    shop.project({"pdm.lock": pdm_lock()})
    result = shop("--deploycheck-requirements=pdm.lock", f"--deploycheck-target={T313}", index=index)
    result.stdout.fnmatch_lines(
        [
            f"pyproject.toml:6: web would compile on {T313}",
            "  web 2.0 -> core 1.5 (pdm.lock:1)",
            f"  {CORE_SDIST.filename} is a source distribution built with maturin: it needs a Rust compiler",
            "  fix: set PYTHON_VERSION to 3.12.*: all 3 distributions of pdm.lock have wheels there",
        ]
    )


@pytest.mark.parametrize("has_source", [True, False], ids=["of a source", "of PyPI"])
def test_a_lock_without_urls_names_files_that_an_index_has(shop: Deploycheck, index: Index, has_source: bool) -> None:
    source = f'[package.source]\ntype = "legacy"\nurl = "{index.url.rstrip("/")}"\nreference = "own"\n'
    shop.project({"poetry.lock": poetry_lock(source if has_source else "")})
    arguments = ("--deploycheck-requirements=poetry.lock", f"--deploycheck-target={T313}")
    result = shop(*arguments, index=None if has_source else index)
    result.stdout.fnmatch_lines(
        [
            f"pyproject.toml:6: web would compile on {T313}",
            "  web 2.0 -> core 1.5 (poetry.lock:1)",
            f"  {CORE_SDIST.filename} is a source distribution built with maturin: it needs a Rust compiler",
        ]
    )
    assert {each.path for each in index.requests} == {"/simple/core/", f"/files/{CORE_SDIST.filename}"}


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock"])
def test_what_cannot_be_fetched_is_to_be_built_and_said_not_to_be_known(shop: Deploycheck, lock: str) -> None:
    shop.project({"poetry.lock": poetry_lock()})
    result = shop(f"--deploycheck-requirements={lock}", f"--deploycheck-target={T313}", "--deploycheck-offline")
    result.stdout.fnmatch_lines(
        [
            f"pyproject.toml:6: web would be built from source on {T313}",
            f"  {CORE_SDIST.filename} is a source distribution: whether it needs a compiler is not known: *offline*",
        ]
    )
    result.assert_outcomes(passed=2, failed=1)


def test_a_file_that_is_another_than_the_lock_has_stops_uv(shop: Deploycheck, index: Index) -> None:
    shop.project({"uv.lock": uv_lock(index, sdist_hash="0" * 64)})
    result = shop(f"--deploycheck-target={T313}", index=index)
    result.stdout.fnmatch_lines(
        [f"pyproject.toml:6: uv stops: {CORE_SDIST.filename} of the index has not the hash that the lock has *"]
    )
    result.assert_outcomes(failed=1, skipped=2)


def test_a_python_that_the_lock_was_not_made_for_fails_at_its_line(shop: Deploycheck) -> None:
    result = shop("--deploycheck-target=3.10.4")
    result.stdout.fnmatch_lines(["uv.lock:2: the target's Python is 3.10.4, and uv.lock was made for >=3.11 *"])
    result.assert_outcomes(failed=1, skipped=2)


def test_services_that_choose_different_groups_have_items_of_their_own(shop: Deploycheck, index: Index) -> None:
    lock = uv_lock(index).replace(
        "[package.metadata]", '[package.dev-dependencies]\ndev = [{ name = "plain" }]\n\n[package.metadata]'
    )
    second = (
        BLUEPRINT.replace("services:\n", "").replace("name: api", "name: jobs").format(command="uv sync --only-dev")
    )
    shop.project({"uv.lock": lock, "render.yaml": BLUEPRINT.format(command="uv sync --frozen") + second})
    found = {each for each in shop("--collect-only", "-q").stdout.lines if each.startswith("uv.lock")}
    assert f"uv.lock::{T313}@jobs::plain" in found
    assert f"uv.lock::{T313}@jobs::web" not in found
    assert f"uv.lock::{T313}::web" in found


@pytest.mark.parametrize(
    ("command", "items", "said"),
    [
        ("uv sync --frozen --no-install-package web && uv sync --frozen", {f"{T313}"}, ""),
        ("uv sync --frozen --no-install-package web && uv sync --frozen --inexact", {f"{T313}", f"{T313}@api"}, ""),
        (
            "uv sync --frozen || uv sync --frozen --extra more",
            {f"{T313}"},
            "api: `uv sync --frozen --extra more` runs only under a condition, and is not resolved here",
        ),
        ("uv sync --upgrade", set(), "what `uv sync --upgrade` installs for api is not known: it depends on *"),
    ],
)
def test_of_several_commands_those_count_whose_work_lasts(
    shop: Deploycheck, index: Index, command: str, items: set[str], said: str
) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command=command)})
    report = shop.report(index=index)
    named = [each["nodeid"] for each in report["items"] if each["nodeid"].endswith("::resolves")]
    assert {each.split("::")[1] for each in named} == items
    found = [each["message"] for each in report["findings"] if each["check"] == "build-command"]
    assert [fnmatchcase(each, said) for each in found] == [True] * bool(said)


def test_a_frozen_lock_that_does_not_fit_is_advice(shop: Deploycheck, index: Index) -> None:
    shop.project(
        {
            "pyproject.toml": PYPROJECT.replace('"plain"', '"plain", "more"'),
            "render.yaml": BLUEPRINT.format(command="uv sync --frozen"),
        }
    )
    (finding,) = [each for each in shop.report(index=index)["findings"] if each["check"] == "resolves"]
    assert (finding["severity"], finding["path"], finding["line"]) == ("advice", "pyproject.toml", 7)
    assert finding["message"] == "uv.lock does not know of more"


@pytest.mark.parametrize(
    ("text", "outcome", "shown"),
    [
        ("version = 1\n= 2\n", "failed", "uv.lock:2: uv cannot read this file"),
        (
            "version = 7\n",
            "errors",
            "uv.lock:1: cannot be checked: uv.lock:1: its format is 7, and those known here are 1: *",
        ),
    ],
)
def test_a_lock_that_cannot_be_read_never_passes(shop: Deploycheck, text: str, outcome: str, shown: str) -> None:
    assert_never_passes(shop, "uv.lock", text, outcome, shown)


@pytest.mark.parametrize("write", ["--deploycheck-fix", "--deploycheck-fix=write"])
def test_no_fix_touches_a_lock(shop: Deploycheck, index: Index, write: str) -> None:
    before = {each.name: each.read_bytes() for each in shop.path.iterdir() if each.is_file()}
    result = shop(write, f"--deploycheck-target={T313}", index=index)
    assert {name: (shop.path / name).read_bytes() for name in before} == before
    assert "requirements.txt" not in result.stdout.str()
    result.assert_outcomes(passed=2, failed=1)


def test_the_matrix_has_locks_too(shop: Deploycheck, index: Index) -> None:
    result = shop("--deploycheck-matrix", f"--deploycheck-target={T312}", index=index)
    result.stdout.fnmatch_lines(
        [
            "uv.lock on manylinux_2_36_x86_64",
            "  3.10 * no match * Python >=3.11 is asked for",
            "  3.12 * wheels * all 3",
            "  3.13 * sdists * 1 of 3: core",
        ]
    )


def test_workers_see_the_same(shop: Deploycheck, index: Index) -> None:
    alone = shop.report(f"--deploycheck-target={T313}", index=index)
    together = shop.report(f"--deploycheck-target={T313}", "-n", "2", index=index)
    assert together["resolutions"] == alone["resolutions"]
    assert together["findings"] == alone["findings"]


def test_tests_of_ones_own_see_what_a_lock_installs(shop: Deploycheck, index: Index) -> None:
    shop.project(
        {
            "test_own.py": """\
import pytest

@pytest.mark.deploy_targets("3.12")
def test_no_compiling(deploy_resolution):
    assert not deploy_resolution.sdists
    assert str(deploy_resolution.chain("core")) == "web 2.0 -> core 1.5"

@pytest.mark.requirements
def test_pinned(requirement):
    assert requirement.is_pinned
"""
        }
    )
    shop.own(index=index).assert_outcomes(passed=3)
