"""The checks that come with this plugin, in the order in which items are collected: one module a family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# isort: off
from pytest_deploycheck.checks import blueprint
from pytest_deploycheck.checks import python_version
from pytest_deploycheck.checks import build_command
from pytest_deploycheck.checks import build_home
from pytest_deploycheck.checks import health_check
from pytest_deploycheck.checks import repository
from pytest_deploycheck.checks import resolution
from pytest_deploycheck.checks import wheels

# isort: on
from pytest_deploycheck.checks.registry import Check, Registry, Subject, checks_in

FAMILIES = (blueprint, python_version, build_command, build_home, health_check, repository, resolution, wheels)


@pytest.hookimpl(trylast=True)  # And so the first: what is registered later comes behind it.
def pytest_deploycheck_checks() -> Iterator[Check]:
    """The built-in ones, by the hook that others have."""
    return (each for family in FAMILIES for each in checks_in(family) if each.run.__module__ == family.__name__)


def built_in() -> Registry:
    """The table of them alone."""
    return Registry(pytest_deploycheck_checks())


def checks(subject: Subject) -> Iterator[Check]:
    """Those for a kind of subject."""
    return built_in().of(subject)
