"""What a run tells: findings in place of tracebacks, the end of the terminal's output, and files."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable

import pytest

from pytest_deploycheck.collection import DeploycheckItem
from pytest_deploycheck.plan import PlannedFile
from pytest_deploycheck.projects import Projects
from pytest_deploycheck.reports.carried import Carried, Key, attach, carried_by
from pytest_deploycheck.reports.formats import CannotWrite, write_reports
from pytest_deploycheck.reports.gathering import Gathering
from pytest_deploycheck.reports.properties import properties_of
from pytest_deploycheck.reports.run import Run
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.terminal.advice import show_advice
from pytest_deploycheck.terminal.failure import Failure, show_failures
from pytest_deploycheck.terminal.header import header_lines
from pytest_deploycheck.terminal.layout import width_of
from pytest_deploycheck.terminal.progress import progress_line
from pytest_deploycheck.terminal.summary import closing_lines


class Reporting:
    """The hooks by which a run is told.

    With pytest-xdist the workers attach what the items found to the reports, and the controller gathers it.
    """

    def __init__(self, config: pytest.Config, projects: Projects, files: Iterable[PlannedFile]) -> None:
        self._settings = projects.settings
        self._deployments = tuple(each.deployment for each in projects)
        self._is_worker = hasattr(config, "workerinput")
        self.gathering = Gathering(projects, files)
        self._attached: set[Key] = set()
        self._interrupted = False
        self._run: Run | None = None
        self._unwritten = ""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Where somebody looks, show how far long resolutions are: only now is there a terminal."""
        progress = progress_line(session.config, os.environ)
        if progress is not None:
            for deployment in self._deployments:
                deployment.resolutions.watch = progress.watch
                deployment.repairs.progress = progress.say
            session.config.add_cleanup(progress.close)

    def pytest_report_header(self) -> list[str]:
        """What is checked, and where it is looked up."""
        return list(header_lines(self._deployments))

    # What is going to run.

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The items that were asked for."""
        self.gathering.select(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """The same, where a worker has collected."""
        self.gathering.select(ids)

    # What ran.

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach what reports of a run need, and show findings without a traceback."""
        if not isinstance(item, DeploycheckItem):
            return (yield)
        if call.when == "setup":
            # Behind the check itself, which is made in the setup.
            item.user_properties += properties_of(item)
        report = yield
        failing = item.failing if call.when == "call" else ()
        attach(report, Carried(item.findings, failing, item.fault, tuple(self._new_resolutions())))
        if report.skipped and isinstance(report.longrepr, tuple):
            # The user's file, not where this plugin skips; without a line, so that the same reason is told once.
            report.longrepr = (str(item.reportinfo()[0]), None, report.longrepr[2])  # type: ignore[assignment]
        elif report.failed and call.excinfo is not None:
            # pytest asks an item only for failures of its call phase, and a check is made in the setup.
            report.longrepr = item.repr_failure(call.excinfo)
        return report

    def _new_resolutions(self) -> Iterable[tuple[Key, Resolution]]:
        """Those of planned targets that no report of this process has carried yet."""
        for deployment in self._deployments:
            for place, resolution in deployment.planned_resolutions():
                key = (place.source.name, place.target_name)
                if key not in self._attached:
                    self._attached.add(key)
                    yield key, resolution

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what is attached, and let the terminal show it as what it is, not as a text."""
        carried = carried_by(report)
        if carried is not None and report.failed and (carried.failing or carried.fault):
            node_id = self.gathering.planned_id(report.nodeid) or report.nodeid
            failure = Failure(node_id, self._settings.root, carried.failing, carried.fault)
            report.longrepr = failure  # type: ignore[assignment]
        self.gathering.add(report)

    def pytest_keyboard_interrupt(self) -> None:
        """Somebody has had enough: what is known so far is still told."""
        self._interrupted = True

    # What is told.

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what is asked for, of a run that was interrupted as well."""
        for deployment in self._deployments:
            deployment.resolutions.close()
        if self._is_worker:
            return
        self._run = run = self.gathering.run(interrupted=self._interrupted)
        try:
            write_reports(self._settings, run)
        except CannotWrite as fault:
            self._unwritten = str(fault)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        reporter: pytest.TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            # pytest prints failures and warnings after this hook.
            show_failures(reporter, width_of(reporter))
            show_advice(reporter, run, self.gathering.planned_id, width_of(reporter))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Behind failures and warnings: what would be installed, and what GitHub reads."""
        run = self._run
        if run is None:
            return
        if run.resolved and terminalreporter.verbosity >= 0:
            terminalreporter.section("deploycheck")
            for text, look in closing_lines(run, width_of(terminalreporter)):
                terminalreporter.write_line(text, **look)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            from pytest_deploycheck.reports.github import workflow_commands, write_job_summary

            for command in workflow_commands(run, self._settings.root, os.environ):
                terminalreporter.write_line(command)
            self._unwritten += write_job_summary(run, os.environ)
        if self._unwritten:
            terminalreporter.write_line(self._unwritten, red=True)
