"""Which check of which service ended how: a table whose marks lead to the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.reports.html.markup import Markup, scrolled, tag
from pytest_deploycheck.reports.run import End, ItemResult, Run, ServiceEntry

_MARKS = {
    End.FAILED: ("\N{MULTIPLICATION X}", "failed"),
    End.ERROR: ("!", "could not be checked"),
    End.PASSED: ("\N{CHECK MARK}", "passed"),
    End.SKIPPED: ("\N{EN DASH}", "skipped"),
    End.NOT_RUN: ("\N{HORIZONTAL ELLIPSIS}", "not run"),
}
_ADVICE = ("i", "passed, with advice")


def services(run: Run, anchors: Mapping[str, str]) -> Markup:
    """The table.

    :param anchors: the id of the first finding of an item, by node id
    """
    items = [each for each in run.items if each.subject in (Subject.BLUEPRINT, Subject.SERVICE)]
    checks = list(dict.fromkeys(each.check for each in items))
    titles = [tag("th", tag("span", each), scope="col", class_="check") for each in checks]
    entries = {each.nodeid: each for each in run.services}
    rows = [
        _row(run.below(above), entries.get(above), checks, anchors)
        for above in dict.fromkeys(each.above for each in items)
    ]
    head = tag("tr", tag("th", "Service", scope="col"), titles)
    return scrolled("Services and checks", tag("table", tag("thead", head), tag("tbody", rows), class_="grid"))


def _row(
    items: Sequence[ItemResult], entry: ServiceEntry | None, checks: Sequence[str], anchors: Mapping[str, str]
) -> Markup:
    """Of a service, or of the blueprint where there is no entry."""
    by_check = {each.check: each for each in items}
    name = entry.name if entry else items[0].location.path
    title = tag("th", tag("b", name), tag("span", _about(entry), class_="about"), scope="row")
    cells = [tag("td", _mark(by_check.get(each), anchors)) for each in checks]
    return tag("tr", title, cells, data_services=name, data_kind=_kind_of(items))


def _about(entry: ServiceEntry | None) -> str:
    if entry is None:
        return "as a whole"
    python = entry.python.version if entry.python else ""
    return " ".join(filter(None, (entry.type, entry.runtime, python)))


def _kind_of(items: Sequence[ItemResult]) -> str:
    kinds = ["error"] if any(each.end in (End.FAILED, End.ERROR) for each in items) else []
    return " ".join([*kinds, "advice"] if any(each.advice for each in items) else kinds)


def _mark(item: ItemResult | None, anchors: Mapping[str, str]) -> Markup:
    if item is None:
        return tag("span", "does not apply", class_="aside")
    character, words = _ADVICE if item.end is End.PASSED and item.advice else _MARKS[item.end]
    look = "advice" if character == _ADVICE[0] else item.end.value
    content = [tag("span", character, aria_hidden="true"), tag("span", f"{item.check}: {words}", class_="aside")]
    anchor = anchors.get(item.nodeid)
    if anchor:
        return tag("a", content, href=f"#{anchor}", class_=f"mark {look}", title=words)
    return tag("span", content, class_=f"mark {look}", title=item.reason or words)
