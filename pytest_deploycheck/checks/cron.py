"""When does a cron job run?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.schedule import read_schedule


def _is_scheduled(service: Service, deployment: Deployment) -> bool:
    schedule = service.fields.scalar("schedule")
    is_cron = service.type is not None and service.type.text == "cron"
    return is_cron and schedule is not None and bool(schedule.text.strip())


@check("cron", Subject.SERVICE, applies=_is_scheduled, sources=("https://render.com/docs/cronjobs, 2026-11-25",))
def cron(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The schedule is a cron expression, and there are days on which it runs.

    Render takes five fields, in UTC. Macros such as @daily, seconds, a time zone or L are in none of its documents. A
    schedule for 30 February is taken without a word, and nothing ever runs; one for each minute is advice: a run that
    is not over keeps the next from starting.

    To satisfy it, write minute, hour, day of the month, month and day of the week::

        schedule: "0 3 * * MON-FRI"
    """
    given = service.fields.scalar("schedule")
    assert given is not None
    schedule, faults = read_schedule(given.text)
    for fault in faults:
        severity = Severity.ERROR if fault.is_certain else Severity.ADVICE
        fix = (fault.fix,) if fault.fix else ()
        place = given.at(fault.offset)
        yield Finding("cron", place, f"the schedule of {service.name}: {fault.message}", fix=fix, severity=severity)
    if schedule is not None and not schedule.is_ever:
        message = f"{service.name} never runs: no month of its schedule has such a day"
        yield Finding("cron", given.location, message, fix=("write a day that each of its months has",))
    elif schedule is not None and schedule.is_every_minute:
        yield Finding(
            "cron",
            given.location,
            f"{service.name} runs each minute",
            evidence=("one run at a time: what is not over after a minute delays the next",),
            fix=('write "*/5 * * * *" for every five minutes, or make a background worker of it',),
            severity=Severity.ADVICE,
        )
