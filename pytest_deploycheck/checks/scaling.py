"""Can a service have the number of instances that it asks for?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar, Table


def _scales(service: Service, deployment: Deployment) -> bool:
    return isinstance(service.fields.get("scaling"), Table)


@check("scaling", Subject.SERVICE, applies=_scales, sources=("https://render.com/docs/scaling, 2026-11-25",))
def scaling(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The most instances are at least as many as the fewest.

    Render keeps the number of instances between the two. Where they are the same nothing is ever scaled, and
    numInstances says that in one line. What a free service or one with a disk cannot have, ``plan`` and ``fields``
    say.

    To satisfy it::

        scaling:
          minInstances: 1
          maxInstances: 3
          targetCPUPercent: 70
    """
    fields = service.fields.get("scaling")
    assert isinstance(fields, Table)
    fewest, most = fields.scalar("minInstances"), fields.scalar("maxInstances")
    if fewest is None or most is None:
        return
    low, high = _number(fewest), _number(most)
    if low is None or high is None:
        return  # Which the table of fields says.
    if low > high:
        message = f"the scaling of {service.name} is from {low} to {high} instances"
        yield Finding("scaling", most.location, message, fix=(f"write maxInstances: {low}, or more",))
    elif low == high > 1:
        yield Finding(
            "scaling",
            most.location,
            f"the scaling of {service.name} is from {low} to {high} instances, so it is never scaled",
            fix=(f"write numInstances: {low} in place of scaling",),
            severity=Severity.ADVICE,
        )


def _number(value: Scalar) -> int | None:
    return value.value if isinstance(value.value, int) and not isinstance(value.value, bool) else None
