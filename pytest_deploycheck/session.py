"""A run with ``--deploycheck``: what is collected, and what is reported at the end."""

from __future__ import annotations

import fnmatch
import itertools
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_deploycheck import DeploycheckAdvice
from pytest_deploycheck.collection import DeploycheckFile, DeploycheckItem
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.plan import PlannedFile, plan, together
from pytest_deploycheck.projects import Projects, Wrong, projects_of
from pytest_deploycheck.reports.json_report import JsonReport, finding_entry, resolution_entry
from pytest_deploycheck.reports.writing import problem_with
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.subjects import SourceOnTarget

# On reports, which xdist carries from its workers.
_ATTACHED = "deploycheck"


class DeploycheckSession:
    """The hooks of a run."""

    def __init__(self, projects: Projects, files: tuple[PlannedFile, ...]) -> None:
        self.projects = projects
        self.settings = projects.settings
        self.deployments = tuple(each.deployment for each in projects)
        self._files = {planned.path.resolve(): planned for planned in files}
        self._ignored = _ignored(self.settings, files)
        self._report = JsonReport()
        self._attached: set[tuple[str, str]] = set()

    @classmethod
    def start(cls, config: pytest.Config) -> DeploycheckSession:
        """Read settings and files, and plan what is collected.

        :raises pytest.UsageError: a setting or a file makes no sense
        """
        projects = projects_of(config)
        settings = projects.settings
        if settings.json is not None and (problem := problem_with(settings.json)):
            raise pytest.UsageError(f"--deploycheck-json: {problem}")
        try:
            planned = [plan(each.deployment, each.checks, each.failures) for each in projects]
            return cls(projects, together(itertools.chain.from_iterable(planned)))
        except Wrong as error:
            raise pytest.UsageError(f"--deploycheck: {error}") from error

    def _are_named(self, config: pytest.Config) -> bool:
        named = {(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args}
        return not named.isdisjoint(self._files)

    def pytest_plugin_registered(self, plugin: object) -> None:
        """What adds checks or sources has to be there when the items are planned.

        :raises pytest.UsageError: it comes too late, and what it adds would be missing without a word
        """
        for project in self.projects:
            if odd := project.missing(plugin):
                raise pytest.UsageError(f"--deploycheck: {odd}")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> DeploycheckFile | None:
        """The files of the plan."""
        planned = self._files.get(file_path.resolve())
        if planned is None:
            return None
        return self._collector(planned, parent.session)

    def _collector(self, planned: PlannedFile, session: pytest.Session) -> DeploycheckFile:
        # Below the session itself: below a package, pytest would import that package's __init__.py for it.
        collector = DeploycheckFile.from_parent(session, path=planned.path, nodeid=planned.name)
        collector.planned = planned
        return collector

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the files whatever else is named, unless one of them is named itself; skip what is ignored.

        Not by ``config.args``: before pytest 9 a file that is named beside its folder hides the rest of the folder.
        """
        if not self._are_named(session.config):
            own = [item for item in items if not isinstance(item, DeploycheckItem)]
            ours: dict[str, pytest.Item] = {item.nodeid: item for item in items if isinstance(item, DeploycheckItem)}
            for planned in self._files.values():
                if not any(item.path == planned.path for item in ours.values()):
                    ours |= {item.nodeid: item for item in session.genitems(self._collector(planned, session))}
            order = [node_id for planned in self._files.values() for node_id, _ in planned.node_ids()]
            items[:] = [*own, *(ours[node_id] for node_id in order if node_id in ours)]
        for item in items:
            if isinstance(item, DeploycheckItem) and (reason := self._ignored.get(item.nodeid)):
                item.add_marker(pytest.mark.skip(reason=f"deploycheck_ignore: {reason}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach what the JSON report needs, and show findings without a traceback."""
        report = yield
        if not isinstance(item, DeploycheckItem):
            return report
        if call.when == "call":
            setattr(report, _ATTACHED, {"findings": [finding_entry(each, item.planned_id) for each in item.findings]})
        elif call.when == "teardown":
            setattr(report, _ATTACHED, {"resolutions": self._new_resolutions()})
        if report.skipped and isinstance(report.longrepr, tuple):
            # The user's file, not where this plugin skips; without a line, so that the same reason is told once.
            report.longrepr = (str(item.reportinfo()[0]), None, report.longrepr[2])  # type: ignore[assignment]
        elif report.failed and call.excinfo is not None:
            # pytest asks an item only for failures of its call phase, and a check is made in the setup.
            report.longrepr = item.repr_failure(call.excinfo)
        return report

    def _new_resolutions(self) -> list[dict[str, Any]]:
        """Those of planned targets that no report of this process has carried yet."""
        entries = []
        for place, resolution in self._planned_resolutions():
            key = (place.source.name, place.target_name)
            if key not in self._attached:
                self._attached.add(key)
                entries.append(resolution_entry(place, resolution))
        return entries

    def _planned_resolutions(self) -> Iterator[tuple[SourceOnTarget, Resolution]]:
        return itertools.chain.from_iterable(each.planned_resolutions() for each in self.deployments)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what is attached, on the process that writes the report."""
        attached = getattr(report, _ATTACHED, None)
        if attached is not None:
            self._report.add(**attached)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Leave out the line of the file, which pytest shows below a warning: a secret may stand in it."""
        if issubclass(warning_message.category, DeploycheckAdvice):
            warning_message.line = ""

    def pytest_report_header(self) -> list[str]:
        """The sources and their targets, and whether each run has to ask the indexes anew."""
        lines = []
        for deployment in self.deployments:
            for source in deployment.sources:
                targets = ", ".join(place.target_name for place in deployment.targets_of(source))
                lines.append(f"deploycheck: {source.path} for {targets}{_assumption(deployment)}")
        obstacle = next((each for deployment in self.deployments if (each := deployment.resolutions.obstacle)), "")
        if lines and obstacle:
            lines.append(f"deploycheck: each run asks the indexes anew, since its cache cannot be kept: {obstacle}")
        return lines or ["deploycheck: no requirements"]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, of a run that was interrupted as well."""
        for deployment in self.deployments:
            deployment.resolutions.close()
        if self.settings.json is not None and not hasattr(session.config, "workerinput"):
            self._report.write(self.settings.json)


def _assumption(deployment: Deployment) -> str:
    """What decides on the Python where neither a service nor an option does."""
    if deployment.settings.targets or deployment.services:
        return ""
    python = deployment.python_of(None)
    if python.created is None:
        return ""
    who = "assumed" if python.created_is_assumed else "as set"
    default = f"Python {python.version}" if python.version else "a Python that no document gives"
    return f" ({default} is the default of a service created on {python.created}, {who})"


def _ignored(settings: Settings, files: tuple[PlannedFile, ...]) -> dict[str, str]:
    """The reason for each ignored node id.

    :raises ValueError: an entry matches nothing
    """
    ignored = {}
    planned = [each for file in files for each in file.node_ids()]
    for entry in settings.ignore:
        matching = [
            node_id
            for node_id, item in planned
            if item.check.name == entry.pattern or fnmatch.fnmatchcase(node_id, entry.pattern)
        ]
        if not matching:
            raise ValueError(
                f"deploycheck_ignore: {entry.pattern!r} matches no check and no node id; "
                "`pytest --deploycheck --collect-only -q` lists them"
            )
        ignored.update(dict.fromkeys(matching, entry.reason))
    return ignored
