"""Runs by hand, where what a real one finds would not be odd enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pytest_deploycheck.checks.built_in import built_in
from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import End, ItemResult, Resolved, Run, ServiceEntry
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.result import Distribution, Kind, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.requirements import RequirementsFile
from pytest_deploycheck.subjects import Source, SourceOnTarget


def item(nodeid: str, *findings: Finding, end: End | None = None, reason: str = "") -> ItemResult:
    """One item, failed by its findings."""
    return ItemResult(
        nodeid=nodeid,
        group=nodeid.split("::")[1],
        check=findings[0].check if findings else "wheel",
        summary="It is as it should be.",
        subject=Subject.SERVICE if nodeid.startswith("render.yaml") else Subject.REQUIREMENT,
        location=Location(nodeid.split("::")[0], 3),
        end=end or (End.FAILED if findings else End.PASSED),
        reason=reason,
        findings=findings,
        failing=findings,
    )


def run(
    *items: ItemResult,
    services: tuple[ServiceEntry, ...] = (),
    resolved: tuple[Resolved, ...] = (),
    interrupted: bool = False,
) -> Run:
    """A run of these."""
    checks = tuple(built_in())
    return Run("shop", date(2026, 11, 25), "render.yaml", checks, services, items, resolved, interrupted=interrupted)


SERVICE = ServiceEntry("api", Location("render.yaml", 2), "web", "python", "", "pip install .", "", "run", "/", None)


def large(distributions: int = 300, services: int = 50, checks: int = 30) -> Run:
    """A run of a size that is rarely met: every tenth distribution has to be built, every tenth check fails."""
    names = [f"service-{number}" for number in range(services)]
    entries = tuple(
        replace(SERVICE, name=name, location=Location("render.yaml", 9 * number + 2))
        for number, name in enumerate(names)
    )
    items = [
        _checked(f"render.yaml::{name}::check-{check}", number * checks + check)
        for number, name in enumerate(names)
        for check in range(checks)
    ]
    resolved = resolution_of(distributions, tuple(names))
    return run(*items, services=entries, resolved=(resolved,))


def _checked(nodeid: str, number: int) -> ItemResult:
    if number % 10:
        return item(nodeid)
    message = f"{nodeid.split('::')[1]}: what check {number} asserts does not hold"
    severity = Severity.ERROR if number % 20 else Severity.ADVICE
    location = Location("render.yaml", number + 1)
    evidence = (f"evidence {number}, in a line as long as they mostly are, with a version and a name in it",)
    found = Finding(nodeid.split("::")[2], location, message, evidence, (f"change line {number + 1}",), severity)
    return item(nodeid, found)


def resolution_of(count: int, services: tuple[str, ...] = ()) -> Resolved:
    """Distributions of which each is required by the one before it and by the first; every tenth is a sdist."""
    target = Target("3.13.4", "manylinux_2_36_x86_64")
    lines = Location("requirements.txt", 1)
    file = RequirementsFile("requirements.txt", lines=())
    return Resolved(
        SourceOnTarget(Source(file, ()), target, target.name, services),
        Resolution(
            "requirements.txt",
            target,
            Outcome.OK,
            distributions=tuple(_distribution(each, lines) for each in range(count)),
        ),
    )


def _distribution(number: int, line: Location) -> Distribution:
    is_sdist = number % 10 == 9
    name, version = f"project-{number}", f"{number}.0"
    filename = f"project_{number}-{version}{'.tar.gz' if is_sdist else '-cp313-cp313-manylinux_2_17_x86_64.whl'}"
    start = number - number % 10
    return Distribution(
        name=name,
        version=version,
        file=File(0, filename, f"https://host.example/{filename}", (), None, None, None, 1000 * number),
        kind=Kind.SDIST if is_sdist else Kind.WHEEL,
        native=is_sdist,
        needs=("Rust",) if is_sdist else (),
        backend="maturin" if is_sdist else "",
        dependencies_known=True,
        required_by=tuple(f"project-{each}" for each in {number - 1, number // 2} if 0 <= each < number),
        chain=tuple((f"project-{each}", f"{each}.0") for each in range(start, number + 1)),
        line=line,
    )
