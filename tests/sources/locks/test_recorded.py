"""Locks that uv, Poetry and PDM wrote: what they said they would install is what is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lock_tools import RECORDED
from sources.locks.project import LockedProject

from pytest_deploycheck.resolution.result import Kind

COMMANDS = {"uv": "uv sync --frozen", "poetry": "poetry install", "pdm": "pdm install --check"}


def recorded() -> list[Any]:
    return [
        pytest.param(
            tool,
            each["python"],
            each["options"],
            each["installed"],
            id=" ".join((tool, each["python"], *each["options"])),
        )
        for tool in COMMANDS
        for each in json.loads((RECORDED / tool / "installed.json").read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("tool", "python", "options", "installed"), recorded())
def test_what_the_tool_would_install_is_what_is_read(
    tool: str, python: str, options: list[str], installed: list[str]
) -> None:
    found = LockedProject(RECORDED / tool).installed(" ".join((COMMANDS[tool], *options)), python)
    assert sorted(found) == sorted(installed)


@pytest.mark.parametrize(
    ("tool", "python", "built"),
    [
        ("uv", "3.12.1", {"psycopg2": ("psycopg2",)}),
        ("uv", "3.13.0", {"psycopg2": ("psycopg2",), "pydantic-core": ("pydantic", "pydantic-core")}),
        ("poetry", "3.12.1", {"psycopg2": ("psycopg2",)}),
        ("poetry", "3.13.0", {"psycopg2": ("psycopg2",), "pydantic-core": ("pydantic", "pydantic-core")}),
        ("pdm", "3.12.1", {"psycopg2": ("psycopg2",)}),
        (
            "pdm",
            "3.13.0",
            {"numpy": ("numpy",), "psycopg2": ("psycopg2",), "pydantic-core": ("pydantic", "pydantic-core")},
        ),
    ],
)
def test_what_has_no_wheel_is_blamed_on_the_line_that_asks_for_it(
    tool: str, python: str, built: dict[str, tuple[str, ...]]
) -> None:
    project = LockedProject(RECORDED / tool)
    found = project.resolution(COMMANDS[tool], python)
    sdists = [each for each in found.distributions if each.kind is Kind.SDIST]
    assert {each.name: tuple(name for name, _ in each.chain) for each in sdists} == built
    text = (RECORDED / tool / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for each in sdists:
        assert each.line is not None
        assert each.line.path == "pyproject.toml"
        assert each.chain[0][0] in text[each.line.line - 1]


def test_every_requirement_of_the_project_has_a_line_with_the_version_that_is_installed() -> None:
    lines = LockedProject(RECORDED / "uv").lock("uv sync --frozen --no-dev").file.lines
    assert [f"{each.location} {each.requirement}" for each in lines] == [
        "pyproject.toml:7 orjson==3.10.7",
        'pyproject.toml:8 psycopg2==2.9.9; sys_platform == "linux"',
        "pyproject.toml:6 pydantic==2.5.3",
        'pyproject.toml:10 pywin32==312; sys_platform == "win32"',
        'pyproject.toml:9 tomli==2.5.0; python_full_version < "3.12"',
        "pyproject.toml:11 uvicorn[standard]==0.30.6",
    ]
    assert all(each.is_pinned for each in lines)
