"""From pytest's reports to a run, on the process that writes its reports, whoever ran the items and however far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.plan import PlannedCheck, PlannedFile
from pytest_deploycheck.projects import Projects
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.reports.carried import Carried, Key, carried_by
from pytest_deploycheck.reports.run import End, ItemResult, Resolved, Run, ServiceEntry, Variable
from pytest_deploycheck.resolution.places import is_remote
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.subjects import SourceOnTarget
from pytest_deploycheck.urls import USER_AND_PASSWORD

_NEVER_RAN = "the run ended before it"


class Gathering:
    """Gathers what reports say.

    :param files: the plan: every report is about one of its items
    """

    def __init__(self, projects: Projects, files: Iterable[PlannedFile]) -> None:
        self._projects = projects
        self._deployments = [each.deployment for each in projects]
        self._planned = {node_id: (group, planned) for file in files for group, node_id, planned in file.items()}
        self._selected: set[str] = set()
        self._carried: dict[str, Carried] = {}
        self._ended: dict[str, tuple[End, str]] = {}
        self._resolutions: dict[Key, Resolution] = {}
        # What other parts of this plugin have to say in the report for machines.
        self.extra: dict[str, Any] = {}

    def select(self, node_ids: Iterable[str]) -> None:
        """These were asked for, and will run."""
        self._selected.update(planned for each in node_ids if (planned := self.planned_id(each)) is not None)

    def planned_id(self, node_id: str) -> str | None:
        """As the plan has it: with ``--dist loadgroup`` pytest-xdist adds the group; None for others' items."""
        return next((each for each in (node_id, node_id.rpartition("@")[0]) if each in self._planned), None)

    def add(self, report: pytest.TestReport) -> None:
        """Take what a report says of an item of the plan; others are passed over."""
        node_id = self.planned_id(report.nodeid)
        if node_id is None:
            return
        self._selected.add(node_id)
        carried = carried_by(report)
        if carried is not None:
            self._resolutions |= dict(carried.resolutions)
            if carried.findings or carried.fault:
                self._carried[node_id] = carried
        end = _end_of(report)
        if end is not None:
            self._ended[node_id] = (end, _reason(report, carried) if end is not End.PASSED else "")

    def run(self, *, interrupted: bool = False) -> Run:
        """The run so far."""
        blueprints = (each.blueprint_path for each in self._deployments)
        indexes = (url for each in self._deployments for url in each.resolutions.indexes(each.sources))
        return Run(
            project=self._projects.settings.root.name,
            day=date.today(),
            blueprint=next((path for path in blueprints if path is not None), None),
            checks=tuple({each.name: each for project in self._projects for each in project.checks}.values()),
            services=tuple(entry for each in self._deployments for entry in _services(each)),
            items=tuple(self._items()),
            resolved=tuple(self._resolved()),
            # Where something lies on this machine is nobody else's business.
            indexes=tuple(filter(is_remote, dict.fromkeys(indexes))),
            offline=self._projects.settings.offline,
            interrupted=interrupted,
            extra=self.extra,
        )

    def _items(self) -> Iterator[ItemResult]:
        for node_id, (group, planned) in self._planned.items():
            if node_id in self._selected:
                yield self._item(node_id, group, planned)

    def _item(self, node_id: str, group: str, planned: PlannedCheck) -> ItemResult:
        end, reason = self._ended.get(node_id, (End.NOT_RUN, _NEVER_RAN))
        carried = self._carried.get(node_id, Carried())
        return ItemResult(
            nodeid=node_id,
            group=group,
            check=planned.check.name,
            summary=_summary(planned),
            subject=planned.check.subject,
            location=planned.location,
            end=end,
            reason=reason,
            findings=carried.findings,
            failing=carried.failing,
        )

    def _resolved(self) -> Iterator[Resolved]:
        for deployment in self._deployments:
            for source in deployment.sources:
                for place in deployment.targets_of(source):
                    resolution = self._resolutions.get((source.name, place.target_name))
                    if resolution is not None:
                        yield Resolved(place, resolution)


def _summary(planned: PlannedCheck) -> str:
    """What a check asserts: of a lock in the words of the tool that installs it."""
    subject, of_a_lock = planned.subject, planned.check.of_a_lock
    if of_a_lock and isinstance(subject, SourceOnTarget) and subject.source.is_lock:
        return of_a_lock.format(tool=subject.source.tool)
    return planned.check.summary


def _end_of(report: pytest.TestReport) -> End | None:
    """What a report of one phase says of the whole item: None where it says nothing new."""
    if report.skipped:
        return End.SKIPPED
    if report.failed:
        return End.FAILED if report.when == "call" else End.ERROR
    return End.PASSED if report.when == "call" else None


def _reason(report: pytest.TestReport, carried: Carried | None) -> str:
    if carried is not None and carried.fault is not None:
        return carried.fault[1].partition("\n")[0]
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    # A worker that died leaves a text; pytest has the last line of a traceback as the crash.
    return (crash.message if crash else str(report.longrepr)).strip().partition("\n")[0]


def _services(deployment: Deployment) -> Iterator[ServiceEntry]:
    for service in deployment.blueprint.services if deployment.blueprint else ():
        yield ServiceEntry(
            name=service.name,
            location=service.location,
            type=_text(service.type),
            runtime=_text(service.runtime),
            root_dir=_text(service.root_dir),
            build_command=_text(service.build_command),
            pre_deploy_command=_text(service.pre_deploy_command),
            start_command=_text(service.start_command),
            health_check_path=_text(service.health_check_path),
            python=deployment.python_of(service) if service.is_native_python else None,
            variables=_variables(service),
        )


def _text(value: Scalar | None) -> str:
    """Without what a URL in a command may hold."""
    return USER_AND_PASSWORD.sub("//", value.text) if value else ""


def _variables(service: Service) -> tuple[Variable, ...]:
    return tuple(Variable(key, each.comes_from) for key, each in service.environment.items())
