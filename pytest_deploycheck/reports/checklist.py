"""``--deploycheck-checklist``: what to tick off before, at and after a push, in Markdown.

A box is ticked where a check of this run has passed. What no file can tell is left to a person, in the project's own
words: its services, paths and commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_deploycheck import __version__
from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.render.rollback import rollback
from pytest_deploycheck.reports.after_push import to_verify
from pytest_deploycheck.reports.markdown import code, prose, sentence, table
from pytest_deploycheck.reports.run import Cause, End, ItemResult, Run, ServiceEntry, causes, fails
from pytest_deploycheck.reports.verdicts import headline, told_of


def render(run: Run) -> str:
    """The list."""
    parts = [f"# Deploy checklist: {prose(run.project)}", _origin(run), f"**{headline(run)}**"]
    parts += ["## 1. Before the push", *_before(run)]
    parts += ["## 2. What will be deployed", *_deployed(run)]
    parts += ["## 3. The push", _push(run)]
    parts += ["## 4. After the push: what no file can tell", *_after(run)]
    parts += ["## 5. If it has to be taken back", *_back(run)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _files(run: Run) -> list[str]:
    return list(
        dict.fromkeys([*([run.blueprint] if run.blueprint else []), *(each.location.path for each in run.items)])
    )


def _origin(run: Run) -> str:
    asked = "the cache alone" if run.offline else ", ".join(run.indexes) or "an index of this machine"
    named = ", ".join(map(code, _files(run))) or "no file"
    return f"Computed by pytest-deploycheck {__version__} on {run.day.isoformat()} from {named} and {asked}."


# Before.


def _before(run: Run) -> Iterator[str]:
    told = causes(run.findings)
    yield from _titled(
        "To mend: as it is, it will not deploy", map(_finding, (each for each in told if fails(each.finding)))
    )
    yield from _titled("To decide: advice", map(_finding, (each for each in told if not fails(each.finding))))
    undecided = [each for end in (End.ERROR, End.SKIPPED, End.NOT_RUN) for each in run.ended(end)]
    yield from _titled("Not known", _undecided(undecided))
    yield from _titled("Holds", _holding(run))


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    content = "\n".join(lines)
    if content:
        yield f"### {title}"
        yield content


def _finding(cause: Cause) -> str:
    """In the words of the first of its places: those of the others differ by what they are about."""
    first, *others = dict.fromkeys(code(str(place.location)) for place in cause.places)
    details = [f"the same at {', '.join(others)}"] if others else []
    details += [sentence(each.strip()) for each in cause.finding.evidence]
    ways = [f"{'or' if number else 'fix'}: {sentence(each)}" for number, each in enumerate(cause.finding.fix)]
    return "\n".join(
        [f"- [ ] {first}: {sentence(cause.finding.message)}", *(f"  - {each}" for each in (*details, *ways))]
    )


def _undecided(items: Iterable[ItemResult]) -> Iterator[str]:
    """By reason: one that is out of reach leaves many checks undecided."""
    reasons: dict[str, list[str]] = {}
    for each in items:
        reasons.setdefault(each.reason, []).append(each.nodeid)
    for reason, nodeids in reasons.items():
        yield f"- [ ] {_named(nodeids)}: {sentence(reason)}"


def _named(nodeids: list[str]) -> str:
    above = {each.rpartition("::")[0] for each in nodeids}
    if len(nodeids) > 3 and len(above) == 1:
        return f"{len(nodeids)} checks below {code(above.pop())}"
    return ", ".join(map(code, nodeids))


def _holding(run: Run) -> Iterator[str]:
    """By check, and for locks by tool: what it asserts, and of what."""
    holding: dict[tuple[str, str], list[ItemResult]] = {}
    for each in run.ended(End.PASSED):
        if not each.findings:
            holding.setdefault((each.check, each.summary), []).append(each)
    for items in holding.values():
        names = ", ".join(dict.fromkeys(map(_subject, items)))
        yield f"- [x] {sentence(items[0].summary.removesuffix('.'))} ({names})."


def _subject(item: ItemResult) -> str:
    path, _, name = item.nodeid.partition("::")
    if item.subject is Subject.BLUEPRINT:
        return code(path)
    if item.subject is Subject.RESOLUTION:
        return f"{code(path)} on {code(item.group)}"
    return code(name.rpartition("::")[2] if item.subject is Subject.REQUIREMENT else item.group)


# What.


def _deployed(run: Run) -> Iterator[str]:
    if run.services:
        titles = ("Service", "Type", "Python", "Build command", "Start command", "Health check")
        yield table(titles, map(_service_row, run.services))
    if run.resolved:
        yield "\n".join(
            f"- {code(each.place.source.path)} on {code(each.place.target_name)}"
            f"{_for_services(each.place.services)} {prose(told_of(each))}."
            for each in run.resolved
        )
    if not run.services and not run.resolved:
        yield "Nothing is known of it: no check of this run looked at it."


def _service_row(service: ServiceEntry) -> tuple[str, ...]:
    commands = (service.build_command, service.start_command, service.health_check_path)
    return (
        code(service.name),
        prose(service.type),
        _python(service),
        *(code(each) if each else "none" for each in commands),
    )


def _python(service: ServiceEntry) -> str:
    python = service.python
    if python is None:
        return ""
    version = python.version or "not known"
    if python.location is not None:
        return f"{version}, by {code(str(python.location))}"
    return f"{version}, the default of {python.created}{', a day that is assumed' if python.created_is_assumed else ''}"


def _for_services(services: tuple[str, ...]) -> str:
    return f" for {', '.join(map(code, services))}" if services else ""


# When.


def _push(run: Run) -> str:
    return "\n".join(
        (
            "- [ ] Nothing is left open in section 1, and `pytest --deploycheck` was run again after the last change.",
            f"- [ ] What is pushed holds the files that were checked: {', '.join(map(code, _files(run)))}.",
        )
    )


def _after(run: Run) -> Iterator[str]:
    for service in run.services:
        yield f"### {code(service.name)}{f' ({prose(service.type)})' if service.type else ''}"
        yield "\n".join(f"- [ ] {each}" for each in to_verify(service, run))
    if not run.services:
        yield "- [ ] No blueprint names the services: look at each that installs these files."


def _back(run: Run) -> Iterator[str]:
    facts = rollback()
    names = ", ".join(code(each.name) for each in run.services) or "each service that was deployed"
    yield f"For each service whose new deploy does not hold ({names}):"
    steps = [
        *facts.steps,
        "Take the change back, so that the next push does not bring it again: `git revert <commit>`.",
    ]
    yield "\n".join(f"{number}. {each}" for number, each in enumerate(steps, start=1))
    migrating = [each for each in run.services if each.pre_deploy_command]
    known = [*facts.consequences, *(f"{facts.not_undone} {_did(each)}" for each in migrating)]
    yield "\n".join(f"- {each}" for each in known)
    yield f"Source: {facts.source}, read on {facts.date}."


def _did(service: ServiceEntry) -> str:
    return f"{code(service.name)} runs {code(service.pre_deploy_command)} before each deploy."
