"""What others may import is there, in one list, and nothing of it is loaded before it is asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import pytest_deploycheck


def test_every_public_name_is_there() -> None:
    for name in pytest_deploycheck.__all__:
        assert getattr(pytest_deploycheck, name) is not None
    assert set(pytest_deploycheck.__all__) <= set(dir(pytest_deploycheck))
    listed = {name for names in pytest_deploycheck._MODULES.values() for name in names}
    assert listed == set(pytest_deploycheck.__all__) - {"DeploycheckAdvice", "__version__"}


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="module 'pytest_deploycheck' has no attribute 'Registry'"):
        pytest_deploycheck.Registry  # type: ignore[attr-defined]  # noqa: B018


def test_a_name_is_the_one_of_its_module() -> None:
    for module, names in pytest_deploycheck._MODULES.items():
        for name in names:
            own = getattr(importlib.import_module(f"pytest_deploycheck.{module}"), name)
            assert getattr(pytest_deploycheck, name) is own


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import pytest_deploycheck", {"pytest_deploycheck.findings", "typing_extensions", "yaml", "packaging"}),
        ("from pytest_deploycheck import Finding, check", {"yaml", "packaging", "requests", "resolvelib", "pytest"}),
    ],
)
def test_what_a_conftest_imports_loads_little(code: str, unwanted: set[str]) -> None:
    shown = f"{code}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    assert unwanted.isdisjoint(run.stdout.split())
