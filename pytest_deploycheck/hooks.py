"""What others extend this plugin with: hooks that a ``conftest.py`` or a plugin implements.

Each may return None to add nothing. An implementation that raises is an ERROR that names its file, of the items that it
concerns and of no other. In a repository with several projects, a ``conftest.py`` in the folder of one of them is asked
for that one alone. They are asked with ``--deploycheck``, and where a test takes a fixture of this plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_deploycheck import (
        Check,
        CheckFunction,
        Finding,
        Ignored,
        Platform,
        RequirementsText,
        Resolution,
        Service,
    )


@pytest.hookspec()
def pytest_deploycheck_checks(config: pytest.Config) -> Iterable[Check | CheckFunction] | None:
    """Add checks; the built-in ones come through this hook too.

    Called once for each project, before anything is collected. What is decorated with ``@pytest_deploycheck.check`` in
    a ``conftest.py`` or in the module of a plugin is found without it.

    :param config: pytest's
    :returns: functions decorated with ``@pytest_deploycheck.check``
    """


@pytest.hookspec()
def pytest_deploycheck_platforms(config: pytest.Config) -> Iterable[Platform] | None:
    """Add platforms that ``deploycheck_platform`` and targets (``3.13-lambda``) can name.

    Called once for each project, before its files are read. Of two with one name, the one registered later counts.

    :param config: pytest's
    :returns: names, with the newest wheel platform that their machines accept
    """


@pytest.hookspec()
def pytest_deploycheck_sources(folder: Path, config: pytest.Config) -> Iterable[str | Path | RequirementsText] | None:
    """Add what is installed, beside what the blueprint and the settings name.

    Called once for each project, when its files are read.

    :param folder: the project's; relative paths start there
    :param config: pytest's
    :returns: requirements files, or text in their format that stands for a file in another one
    """


@pytest.hookspec()
def pytest_deploycheck_finding(finding: Finding, nodeid: str, config: pytest.Config) -> Finding | Ignored | None:
    """Adjust a finding: give it another severity (:func:`dataclasses.replace`), or ignore it for a reason.

    Called for each finding of each item that ``--deploycheck`` adds, before the item is judged, in the order in which
    the implementations were registered; each is given what the one before it returned. An item of which every finding
    is ignored is SKIPPED, with the reasons.

    :param finding: as it is so far
    :param nodeid: the item's
    :param config: pytest's
    :returns: the finding to go on with, :class:`~pytest_deploycheck.Ignored`, or None to leave it as it is
    """


@pytest.hookspec()
def pytest_deploycheck_resolution(resolution: Resolution, services: tuple[Service, ...], config: pytest.Config) -> None:
    """See what would be installed.

    Called once for each source on each target in each process of a run, when the item ``resolves`` or the fixture
    ``deploy_resolution`` first has it; whatever its outcome, but not where the index could not be reached. A raised
    exception is the error of all of them.

    :param resolution: what pip would pick, or why it would fail
    :param services: those that install it; empty where no blueprint says so
    :param config: pytest's
    """
