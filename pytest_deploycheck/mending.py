"""What a run does about what it found: ``--deploycheck-fix``, and ``--deploycheck-matrix``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_deploycheck.projects import Projects
from pytest_deploycheck.reports.gathering import Gathering
from pytest_deploycheck.settings import Settings

if TYPE_CHECKING:
    from pytest_deploycheck.deployment import Deployment
    from pytest_deploycheck.fixing.run import FixRun


class Mending:
    """The hooks by which fixes are made, and other Pythons are tried, once all items have ended.

    :param gathering: of the run: the fixes are those of its findings, and the matrix is added to its reports
    """

    def __init__(self, projects: Projects, gathering: Gathering) -> None:
        self._settings = projects.settings
        self._deployments = tuple(each.deployment for each in projects)
        self._gathering = gathering
        self._fixing = _fixing(projects.settings, self._deployments)
        self._matrix: list[str] = []

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """On the process that has all findings; before the reports are written, which tell of it."""
        if hasattr(session.config, "workerinput"):
            return
        if self._settings.matrix and not session.config.option.collectonly:
            self._fill_matrix(session.config)
        # Of a run that was interrupted the findings are not all there.
        if self._fixing is not None and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self._fix(self._fixing, session)

    def _fill_matrix(self, config: pytest.Config) -> None:
        from pytest_deploycheck.matrix import matrix, matrix_entry, table

        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and reporter.isatty:
            # What takes long is shown behind what stands on the line, and that is full of dots.
            reporter.ensure_newline()
        cells = [cell for each in self._deployments for cell in matrix(each, each.repairs.progress)]
        self._matrix = list(table(cells))
        self._gathering.extra["matrix"] = [matrix_entry(each) for each in cells]

    def _fix(self, fixing: FixRun, session: pytest.Session) -> None:
        from pytest_deploycheck.fixing.fixes import fix_entries

        for item in self._gathering.run().items:
            fixing.fixes.add(fix_entries(item.findings, item.nodeid))
        if fixing.finish():
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The Pythons on which it would deploy, and what would be changed, or was."""
        if self._matrix:
            terminalreporter.section("deploycheck matrix")
            for line in self._matrix:
                terminalreporter.line(line)
        if self._fixing is not None:
            self._fixing.show(terminalreporter)


def _fixing(settings: Settings, deployments: Sequence[Deployment]) -> FixRun | None:
    """What gathers and makes the changes, where they are asked for."""
    if settings.fix is None:
        return None
    from pytest_deploycheck.fixing.run import FixRun

    secrets = [secret for each in deployments for secret in each.secrets]
    return FixRun(settings.root, writes=settings.fix == "write", takes_dirty=settings.fix_dirty, secrets=secrets)
