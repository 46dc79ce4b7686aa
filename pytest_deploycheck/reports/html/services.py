"""Which check of which service ended how: a table whose marks lead to the findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_deploycheck.reports.html.markup import Markup, scrolled, tag
from pytest_deploycheck.reports.run import End, ItemResult, Run

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
    groups = [name for name in ("blueprint", *(each.name for each in run.services)) if run.of_group(name)]
    checks = list(dict.fromkeys(item.check for name in groups for item in run.of_group(name)))
    entries = {each.name: each for each in run.services}
    head = tag(
        "tr",
        tag("th", "Service", scope="col"),
        [tag("th", tag("span", each), scope="col", class_="check") for each in checks],
    )
    rows = []
    for name in groups:
        by_check = {each.check: each for each in run.of_group(name)}
        entry = entries.get(name)
        about = (
            " ".join(filter(None, (entry.type, entry.runtime, entry.python.version if entry.python else "")))
            if entry
            else "as a whole"
        )
        title = tag("th", tag("b", name), tag("span", about, class_="about"), scope="row")
        cells = [tag("td", _mark(by_check.get(each), anchors)) for each in checks]
        rows.append(tag("tr", title, cells, data_services=name, data_kind=_kind_of(by_check.values())))
    return scrolled("Services and checks", tag("table", tag("thead", head), tag("tbody", rows), class_="grid"))


def _kind_of(items: Iterable[ItemResult]) -> str:
    found = list(items)
    kinds = ["error"] if any(each.end in (End.FAILED, End.ERROR) for each in found) else []
    return " ".join([*kinds, "advice"] if any(each.advice for each in found) else kinds)


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
