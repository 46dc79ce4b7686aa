"""The plan as pytest collectors and items."""

from __future__ import annotations

import contextlib
import linecache
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_deploycheck import DeploycheckAdvice
from pytest_deploycheck.checks.making import findings_of
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.own.additions import Ignored
from pytest_deploycheck.plan import PlannedCheck, PlannedFile, PlannedGroup
from pytest_deploycheck.projects import Project, projects_of

# The check whose item lets the hooks see its resolution.
_SEES_RESOLUTION = "resolves"


class DoesNotHold(Exception):
    """What fails an item: its findings, or why the check could not be made, as a terminal shows it."""


@contextlib.contextmanager
def _without_lines(path: str) -> Iterator[None]:
    """Let a warning show no line of a file, in which a secret may stand: with ``-p no:warnings`` Python shows it."""
    kept = linecache.cache.get(path)
    linecache.cache[path] = (0, None, [], path)
    try:
        yield
    finally:
        del linecache.cache[path]
        if kept is not None:
            linecache.cache[path] = kept


class DeploycheckFile(pytest.File):
    """A blueprint or a requirements file."""

    planned: PlannedFile

    def collect(self) -> Iterator[pytest.Collector]:
        """The services, or the targets."""
        for group in self.planned.groups:
            collector = DeploycheckGroup.from_parent(self, name=group.name)
            collector.planned = group
            yield collector


class DeploycheckGroup(pytest.Collector):
    """A service, the blueprint as a whole, or a target."""

    planned: PlannedGroup

    def collect(self) -> Iterator[pytest.Item]:
        """The checks."""
        for planned in self.planned.checks:
            item = DeploycheckItem.from_parent(self, name=planned.name)
            item.planned = planned
            item.project = projects_of(self.config).holding(planned.deployment)
            item.planned_id = item.nodeid
            item.add_marker("deploycheck")
            yield item


class DeploycheckItem(pytest.Item):
    """One check of one subject.

    The check is made in the setup phase, so that one that cannot be made is an ERROR; what it found is judged in the
    call phase, and is FAILED.

    :ivar planned_id: its node id, to which pytest-xdist may add
    """

    planned: PlannedCheck
    project: Project
    planned_id: str
    findings: tuple[Finding, ...] = ()
    # Of the findings those that fail it, and why the check could not be made, with the place.
    failing: tuple[Finding, ...] = ()
    fault: tuple[Location, str] | None = None

    @property
    def deployment(self) -> Deployment:
        """What it is a part of."""
        return self.project.deployment

    def setup(self) -> None:
        """Make the check, and let the hooks have their say."""
        planned = self.planned
        try:
            if planned.check.name == _SEES_RESOLUTION:
                self.project.resolution(planned.subject)
            found = findings_of(planned.check, planned.subject, self.deployment, planned.location)
            self.findings = self._counting(found)
        except NothingToDecide as reason:
            pytest.skip(str(reason))
        except CannotCheck as fault:
            self.fault = (self.planned.location, str(fault))
            raise DoesNotHold(f"{self.planned.location}: cannot be checked: {fault}") from fault

    def _counting(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings as the hooks leave them.

        :raises NothingToDecide: none of them counts
        """
        adjusted = [self.project.extensions.adjusted(each, self.planned_id) for each in found]
        counting = tuple(each for each in adjusted if isinstance(each, Finding))
        reasons = dict.fromkeys(each.reason for each in adjusted if isinstance(each, Ignored))
        if reasons and not counting:
            raise NothingToDecide(f"ignored: {'; '.join(reasons)}")
        return counting

    def runtest(self) -> None:
        """Fail on errors, warn of advice."""
        failing = [each for each in self.findings if self._fails(each)]
        for finding in self.findings:
            if finding not in failing and not self._warn(finding):
                failing.append(finding)
        self.failing = tuple(failing)
        if failing:
            raise DoesNotHold("\n\n".join(map(str, failing)))

    def _fails(self, finding: Finding) -> bool:
        return finding.severity is Severity.ERROR or self.deployment.settings.strict

    def _warn(self, finding: Finding) -> bool:
        """Whether it stayed a warning: a filter may have made an error of it."""
        path = str(self.deployment.root / finding.location.path)
        try:
            with _without_lines(path):
                warnings.warn_explicit(DeploycheckAdvice(str(finding)), DeploycheckAdvice, path, finding.location.line)
        except DeploycheckAdvice:
            return False
        return True

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A finding as it is, without the traceback that leads to it; its first line stands in pytest's summary."""
        if not isinstance(excinfo.value, DoesNotHold):
            return super().repr_failure(excinfo, style)
        shown = excinfo.getrepr(style="value", chain=False)
        if shown.reprcrash is not None:
            path, line, _ = self.reportinfo()
            shown.reprcrash.path, shown.reprcrash.lineno = str(path), line + 1
            shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the subject stands: line numbers start at 0 here."""
        location = self.planned.location
        # The blank behind it keeps pytest from showing the end of a node id with `::` for each of its dots.
        return self.deployment.root / location.path, location.line - 1, f"{self.nodeid} "
