"""Runs by hand, where what a real one finds would not be odd enough."""

from __future__ import annotations

from datetime import date

from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import End, ItemResult, Resolved, Run, ServiceEntry


def item(nodeid: str, *findings: Finding, end: End | None = None, reason: str = "") -> ItemResult:
    """One item, failed by its findings."""
    return ItemResult(
        nodeid=nodeid,
        group=nodeid.split("::")[1],
        check=findings[0].check if findings else "wheel",
        summary="It is as it should be.",
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
    return Run("shop", date(2026, 11, 25), "render.yaml", services, items, resolved, interrupted=interrupted)
