"""What JUnit's XML says of an item beside its name: pytest's ``user_properties``, as ``record_property`` fills them."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.collection import DeploycheckItem
from pytest_deploycheck.subjects import RequirementOnTarget, SourceOnTarget


def properties_of(item: DeploycheckItem) -> list[tuple[str, object]]:
    """The check, its subject with the place, and for each finding where it stands and what mends it."""
    return [(f"deploycheck.{name}", value) for name, value in _pairs(item)]


def _pairs(item: DeploycheckItem) -> Iterator[tuple[str, str]]:
    planned = item.planned
    yield "check", planned.check.name
    yield "path", planned.location.path
    yield "line", str(planned.location.line)
    subject = planned.subject
    place = subject.place if isinstance(subject, RequirementOnTarget) else subject
    if isinstance(place, SourceOnTarget):
        yield "target", place.target_name
        yield from (("service", name) for name in place.services)
    for finding in item.findings:
        yield finding.severity.value, f"{finding.location}: {finding.message}"
        yield from (("fix", fix) for fix in finding.fix[:1])
