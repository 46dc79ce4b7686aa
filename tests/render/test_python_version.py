"""Which Python a service gets: the variable, the file, the default of the day."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_deploycheck.render.blueprint import Service, parse_blueprint
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import Origin, ServicePython, service_python

TODAY = date(2026, 11, 24)


def service(variable: str) -> Service:
    text = f"services:\n  - name: api\n    envVars:\n      - key: PYTHON_VERSION\n        {variable}\n"
    return parse_blueprint(text.encode(), "render.yaml").services[0]


def python(variable: str | None = None, file: str | None = None, created: date = TODAY) -> ServicePython:
    return service_python(service(variable) if variable else None, file, created, created_is_assumed=False)


@pytest.mark.parametrize(
    ("created", "version"),
    [
        ("2026-11-24", "3.14.3"),
        ("2026-02-11", "3.14.3"),
        ("2026-02-10", "3.13.4"),
        ("2025-06-12", "3.13.4"),
        ("2025-06-11", "3.11.11"),
        ("2024-10-29", "3.11.10"),
        ("2024-04-04", "3.11.9"),
        ("2024-02-22", "3.11.8"),
        ("2024-01-02", "3.11.7"),
        ("2023-12-04", "3.11.6"),
        ("2023-11-15", None),
        ("2023-10-31", "3.7.10"),
    ],
)
def test_the_default_of_the_day_of_creation(created: str, version: str | None) -> None:
    found = python(created=date.fromisoformat(created))
    assert (found.version, found.origin, found.mistake) == (version, Origin.DEFAULT, None)


def test_the_variable_goes_before_the_file_and_the_file_before_the_default() -> None:
    assert python('value: "3.12.1"', "3.11").version == "3.12.1"
    assert python(None, "3.11").version == platform_facts().latest_patch("3.11")
    assert python(None, "3.11.4\n").origin is Origin.FILE


@pytest.mark.parametrize(
    ("variable", "version", "words", "refused"),
    [
        ("value: '3.13'", "latest", "has to be fully qualified, and is '3.13'", True),
        ("value: 3.13", "latest", "has to be fully qualified, and is '3.13'", True),
        ("value: 3.10", "latest", "YAML reads PYTHON_VERSION's 3.10 as the number 3.1", True),
        ("value: latest", None, "has to be fully qualified, and is 'latest'", True),
        ("value: python-3.12.1", "3.12.1", "has to be fully qualified", True),
        ("value: v3.12.1", "3.12.1", "has to be fully qualified", True),
        ("value: '>=3.12'", "3.12.16", "has to be fully qualified", True),
        ("value: 3.12.x", "3.12.16", "has to be fully qualified", True),
        ("value: 3.12.*", "3.12.16", "has to be fully qualified", True),
        ("value: '3'", None, "has to be fully qualified", True),
        ("value: 3.99", None, "has to be fully qualified", True),
        ("value: pypy3.10-7.3.12", None, "has to be fully qualified", True),
        ("value: 3.7.2", "3.7.2", "older than 3.7.3", True),
        ("value: 2.7.18", "2.7.18", "older than 3.7.3", True),
        ("value: 3.13.99", "3.13.99", "was not released when this plugin last looked", False),
        ("value: 3.99.0", "3.99.0", "was not released when this plugin last looked", False),
        ("sync: false", None, "is set outside the blueprint", False),
        ("generateValue: true", None, "is set outside the blueprint", False),
    ],
)
def test_mistakes_in_the_variable(variable: str, version: str | None, words: str, refused: bool) -> None:
    found = python(variable)
    written = variable.partition(": ")[2].strip("'")
    assert found.version == (platform_facts().latest_patch(written) if version == "latest" else version)
    assert found.mistake is not None
    assert words in found.mistake.message
    assert found.mistake.refused is refused
    assert found.location is not None
    assert found.location.line == 4 if found.mistake.message.endswith("known here") else 5


@pytest.mark.parametrize("version", ["3.7.3", "3.13.4", platform_facts().newest_default])
def test_a_full_version_is_right(version: str) -> None:
    assert python(f"value: {version}") == ServicePython(version, Origin.VARIABLE, python(f"value: {version}").location)


@pytest.mark.parametrize(
    ("text", "version", "line"),
    [("3.12.4\n", "3.12.4", 1), ("# ours\n\n  3.12.4  \n", "3.12.4", 3), ("3.12", "latest", 1), ("3.99", "3.99.0", 1)],
)
def test_the_file(text: str, version: str, line: int) -> None:
    found = python(None, text)
    assert found.version == (platform_facts().latest_patch("3.12") if version == "latest" else version)
    assert found.location is not None
    assert (found.location.path, found.location.line) == (".python-version", line)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("", None),
        ("# nothing\n", None),
        ("cpython-3.12\n", "3.12.16"),
        ("python-3.12.1\n", "3.12.1"),
        ("3\n", None),
        ("3.12.x\n", "3.12.16"),
        ("system\n", None),
    ],
)
def test_a_file_without_a_version_is_a_mistake(text: str, version: str | None) -> None:
    found = python(None, text)
    assert found.version == version
    assert found.mistake is not None
    assert "has to hold a version and nothing else" in found.mistake.message


def test_the_facts_hold_together() -> None:
    facts = platform_facts()
    for default in facts.python_defaults:
        assert default.created_from is None or default.holds_for(default.created_from)
        assert default.created_before is None or not default.holds_for(default.created_before)
    assert list(facts.released_minors) == sorted(facts.released_minors, key=lambda minor: int(minor.split(".")[1]))
    assert all(full.startswith(f"{minor}.") for minor, full in facts.latest_patches.items())


@pytest.mark.parametrize(
    ("folder", "writable"),
    [
        ("/opt/render/project/.cargo", True),
        ("/opt/render/project", True),
        ("/tmp/cargo", True),
        (".cargo", True),
        ("/usr/local/cargo", False),
        ("/opt/render/projects", False),
        ("/", False),
    ],
)
def test_where_a_build_can_write(folder: str, writable: bool) -> None:
    assert platform_facts().is_writable(folder) is writable
