"""Is every distribution that pip would pick a wheel?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.subjects import RequirementOnTarget, SourceOnTarget


@check(
    "wheel",
    Subject.REQUIREMENT,
    sources=(
        "https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/, 2026-11-23",
        "https://render.com/docs/python-version, 2026-11-23",
    ),
)
def wheel(subject: RequirementOnTarget, deployment: Deployment) -> Iterator[Finding]:
    """Every distribution that a requirement line brings in is a wheel on the target.

    A source distribution is built during the deploy, which takes a compiler that the build may not have, and minutes
    that it has. A new Python has no wheels of old versions. What is far below in the closure is said of the line
    above it that can be changed.

    To satisfy it, ask for a version with a wheel for the target, or for a Python that has one::

        pydantic==2.12.0
    """
    resolution = deployment.resolution(subject.place)
    _assert_decidable(subject, resolution)
    lines = {line.location for line in subject.lines}
    yield from findings_of("wheel", resolution, subject.place, lines, deployment)


def _assert_decidable(subject: RequirementOnTarget, resolution: Resolution) -> None:
    place = subject.place
    if resolution.outcome is Outcome.UNREACHABLE:
        # The whole of it stands once, with the check of the resolution.
        raise CannotCheck(resolution.message.partition("\n")[0].rstrip(":"))
    if resolution.outcome is not Outcome.OK:
        raise NothingToDecide(f"{place.source.path} does not resolve on {place.target_name}: {resolution.message}")
    if not any(place.target.may_hold(line.marker) for line in subject.lines):
        raise NothingToDecide(f"its marker is false on {place.target_name}: {subject.lines[0].text}")


def findings_of(
    check_name: str,
    resolution: Resolution,
    place: SourceOnTarget,
    lines: Collection[Location | None],
    deployment: Deployment,
) -> Iterator[Finding]:
    """What is to be said of the distributions that some lines bring in."""
    to_build = [each for each in resolution.distributions if each.line in lines and each.is_to_build]
    if to_build:
        # It asks the indexes again, with all that this imports; most requirements have nothing to build.
        from pytest_deploycheck.checks.wheel_finding import wheel_finding

        for distribution in to_build:
            yield wheel_finding(check_name, distribution, place, deployment)
