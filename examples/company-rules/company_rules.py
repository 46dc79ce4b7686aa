"""Three rules of a company, for every project that has this plugin: ``pytest --deploycheck`` makes items of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest_deploycheck as deploycheck

if TYPE_CHECKING:
    from pytest_deploycheck import Deployment, Finding, RequirementOnTarget, Service

REGION = "frankfurt"


@deploycheck.check("company-region", "service")
def region(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """Every service runs where the customers' data may be."""
    chosen = service.get("region")
    if chosen is None:
        message = f"{service.name} has no region, and so runs in Oregon"
        yield deploycheck.Finding("company-region", service.location, message, fix=(f"add region: {REGION}",))
    elif chosen != REGION:
        message = f"{service.name} runs in {chosen}"
        yield deploycheck.Finding("company-region", chosen.location, message, fix=(f"write region: {REGION}",))


@deploycheck.check("company-pinned", "requirement")
def pinned(subject: RequirementOnTarget, deployment: Deployment) -> Iterator[str]:
    """What is deployed was chosen by somebody: each line allows one version."""
    for line in subject.lines:
        if not line.is_pinned:
            yield f"{line.text} allows more than one version"


def pytest_deploycheck_finding(finding: Finding) -> Finding | None:
    """A Python that nobody pins is no matter of taste here: the advice to pin it is an error."""
    if finding.check == "python-version":
        return dataclasses.replace(finding, severity=deploycheck.Severity.ERROR)
    return None
