"""The checks that come with this plugin, in the order in which items are collected: one module a family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_deploycheck.checks import (
    blueprint,
    build_command,
    build_home,
    cron,
    disk,
    docker,
    environment,
    health_check,
    plan,
    port,
    python_version,
    repository,
    resolution,
    root_dir,
    scaling,
    sqlite,
    start_command,
    start_program,
    static,
    tracked,
    variables,
    wheels,
)
from pytest_deploycheck.checks.registry import Check, Registry, Subject, checks_in

# The order of their items.
FAMILIES = (
    blueprint,
    root_dir,
    python_version,
    build_command,
    build_home,
    start_command,
    start_program,
    port,
    health_check,
    plan,
    disk,
    scaling,
    variables,
    cron,
    static,
    docker,
    environment,
    sqlite,
    repository,
    tracked,
    resolution,
    wheels,
)


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
