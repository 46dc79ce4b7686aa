"""What else in a repository asks for a Python, and who reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.python_wish import find_python_wishes

SERVICE = """\
services:
  - type: worker
    name: jobs
    runtime: python
    buildCommand: {build}
    envVars:
      - key: PYTHON_VERSION
        value: 3.13.4
"""
PIP = "pip install -r requirements.txt"
PROJECT = '[project]\nname = "jobs"\nversion = "1"\nrequires-python = "{asked}"\n'


def findings(root: Path, build: str = PIP) -> list[Finding]:
    (root / "requirements.txt").touch()
    (root / "render.yaml").write_text(SERVICE.format(build=build))
    deployment = Deployment(Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name == "python-version"]
    return [finding for each in planned for finding in each.check.run(each.subject, deployment)]


@pytest.mark.parametrize(
    ("file", "text", "asked", "specifier", "place"),
    [
        ("runtime.txt", "python-3.11.5\n", "3.11.5", "==3.11.5", (1, 8)),
        ("runtime.txt", "\n3.11\n", "3.11", "==3.11.*", (2, 1)),
        ("pyproject.toml", PROJECT.format(asked=">=3.12"), ">=3.12", ">=3.12", (4, 19)),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '^3.11'\n", "^3.11", "<4,>=3.11", (2, 10)),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '~3.11'\n", "~3.11", "<3.12,>=3.11", (2, 10)),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = '>=3.9,<3.13'\n",
            ">=3.9,<3.13",
            "<3.13,>=3.9",
            (2, 10),
        ),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '3.12.1'\n", "3.12.1", "==3.12.1", (2, 10)),
        ("Pipfile", '[requires]\npython_version = "3.12"\n', "3.12", "==3.12.*", (2, 18)),
        ("Pipfile", '[requires]\npython_full_version = "3.12.4"\n', "3.12.4", "==3.12.4", (2, 23)),
    ],
)
def test_what_a_file_asks_for(
    tmp_path: Path, file: str, text: str, asked: str, specifier: str, place: tuple[int, int]
) -> None:
    (tmp_path / file).write_text(text)
    (wish,) = find_python_wishes(tmp_path, ".")
    assert (wish.file, wish.asked, str(wish.specifier)) == (file, asked, specifier)
    assert (wish.location.line, wish.location.column) == place


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("runtime.txt", "ruby-3.2\n"),
        ("pyproject.toml", "not toml at all"),
        ("pyproject.toml", "[project]\nname = 'jobs'\n"),
        ("pyproject.toml", PROJECT.format(asked="three")),
        ("pyproject.toml", "project = 3\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '*'\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '^3.9 || ^3.11'\n"),
        ("Pipfile", "[packages]\n"),
    ],
)
def test_what_asks_for_none_or_cannot_be_read_is_against_none(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert findings(tmp_path) == []


def test_what_the_service_gets_is_what_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "runtime.txt").write_text("python-3.13.4\n")
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(asked=">=3.11"))
    (tmp_path / "Pipfile").write_text('[requires]\npython_version = "3.13"\n')
    (tmp_path / ".python-version").write_text("3.13\n")
    assert findings(tmp_path) == []


def test_uv_reads_these_files_itself(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(asked=">=3.14"))
    (tmp_path / ".python-version").write_text("3.14\n")
    assert findings(tmp_path, "uv sync") == []
    (tmp_path / "runtime.txt").write_text("3.14\n")
    assert [each.location.path for each in findings(tmp_path, "uv sync")] == ["runtime.txt"]


@pytest.mark.parametrize("build", ["pip install .", "pip install -e .", "pip install './[extra]'"])
def test_of_what_pip_installs_its_resolution_says_it(tmp_path: Path, build: str) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(asked=">=3.14"))
    assert findings(tmp_path, build) == []


def test_a_requirement_for_another_python_is_right_where_most_are_for_this(tmp_path: Path) -> None:
    backports = "tomli==2.0.1 ; python_version < '3.11'\nexceptiongroup==1.2 ; python_version < '3.11'\n"
    (tmp_path / "requirements.txt").write_text(backports + "flask==3.0.0\nclick==8.1.7\n")
    assert findings(tmp_path) == []


def test_what_another_system_needs_is_not_for_another_python(tmp_path: Path) -> None:
    windows = "pywin32==306 ; sys_platform == 'win32'\ncolorama==0.4.6 ; sys_platform == 'win32'\n"
    (tmp_path / "requirements.txt").write_text(windows)
    assert findings(tmp_path) == []
