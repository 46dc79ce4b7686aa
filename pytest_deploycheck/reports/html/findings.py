"""The findings, one card for each root, what fails first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_deploycheck.reports.html.markup import Markup, joined, tag
from pytest_deploycheck.reports.run import Cause, End, ItemResult, Run, fails


def findings(run: Run, told: Sequence[Cause]) -> Markup:
    """All cards; the number of a cause is in the id of its headline."""
    numbered = sorted(enumerate(told), key=lambda each: not fails(each[1].finding))
    cards = [_card(number, cause, run) for number, cause in numbered]
    cards += [_fault(each) for each in run.ended(End.ERROR)]
    if not cards:
        return tag("p", "Nothing was found.", class_="nothing")
    return joined(cards, tag("p", "Nothing here fits the search.", class_="nothing", hidden=True, id="none"))


def _card(number: int, cause: Cause, run: Run) -> Markup:
    finding = cause.finding
    kind = "error" if fails(finding) else "advice"
    places = [
        tag("li", tag("code", str(each.location)), " ", _told(each.nodeid), class_="place") for each in cause.places
    ]
    content = [
        tag(
            "h3",
            tag("span", _label(kind), class_=f"badge {kind}"),
            " ",
            finding.message,
            id=f"f{number}",
            tabindex="-1",
        ),
        tag("ul", places, class_="places"),
        tag("ul", [tag("li", each.strip()) for each in finding.evidence], class_="evidence")
        if finding.evidence
        else None,
        _ways(finding.fix),
    ]
    return tag(
        "article",
        content,
        class_=f"card {kind}",
        data_kind=kind,
        data_services=" ".join(_services_of(cause, run)),
        aria_labelledby=f"f{number}",
    )


def _label(kind: str) -> str:
    return "fails" if kind == "error" else "advice"


def _told(nodeid: str) -> Markup:
    return tag("span", nodeid, class_="nodeid")


def _ways(fix: tuple[str, ...]) -> Markup | None:
    if not fix:
        return None
    words = (("fix" if number == 0 else "or", each) for number, each in enumerate(fix))
    return tag("dl", [joined(tag("dt", word), tag("dd", each)) for word, each in words], class_="fix")


def _services_of(cause: Cause, run: Run) -> Iterator[str]:
    """The names of the services that a cause concerns: its own, or those that install the source."""
    concerned: dict[str, tuple[str, ...]] = {each.nodeid: (each.name,) for each in run.services}
    concerned |= {f"{each.place.source.path}::{each.group}": each.place.services for each in run.resolved}
    above = (place.nodeid.rpartition("::")[0] for place in cause.places)
    yield from dict.fromkeys(name for each in above for name in concerned.get(each, ()))


def _fault(item: ItemResult) -> Markup:
    return tag(
        "article",
        tag("h3", tag("span", "not checked", class_="badge error"), " ", item.reason),
        tag("ul", tag("li", tag("code", str(item.location)), " ", _told(item.nodeid), class_="place"), class_="places"),
        class_="card error",
        data_kind="error",
        data_services=item.group,
    )
