"""What stands around the sections of the page: what the run comes to, the search, and how it was made."""

from __future__ import annotations

from pytest_deploycheck import __version__
from pytest_deploycheck.reports.html.markup import Markup, joined, tag
from pytest_deploycheck.reports.run import End, Run
from pytest_deploycheck.reports.verdicts import headline


def top(run: Run) -> Markup:
    """How it went, in a sentence and in numbers."""
    is_well = bool(run.items) and not run.ended(End.FAILED) and not run.ended(End.ERROR) and run.is_complete
    ends = ((end, len(run.ended(end))) for end in End)
    chips = [
        tag("li", tag("b", str(count)), f" {end.value.replace('-', ' ')}", class_=f"chip {end.value}")
        for end, count in ends
        if count
    ]
    advice = sum(len(each.advice) for each in run.items)
    if advice:
        chips.append(tag("li", tag("b", str(advice)), " advice", class_="chip advice"))
    return joined(
        tag("p", f"Deploy check, {run.day.isoformat()}", class_="kicker"),
        tag("h1", run.project),
        tag("p", headline(run), class_="verdict well" if is_well else "verdict"),
        tag("ul", chips, class_="chips", aria_label="How the checks ended"),
        tag("button", "Dark or light", type="button", id="theme", hidden=True),
    )


def toolbar(run: Run) -> Markup:
    """Search and filters, hidden where no script makes them work."""
    kinds = [("all", "Everything"), ("error", "What fails"), ("advice", "Advice")]
    options = [tag("option", label, value=value) for value, label in kinds]
    services = [
        tag("option", "All services", value=""),
        *(tag("option", each.name, value=each.name) for each in run.services),
    ]
    return tag(
        "form",
        tag(
            "label",
            "Search",
            tag(
                "input", type="search", id="search", placeholder="a project, a service, a file ...", autocomplete="off"
            ),
        ),
        tag("label", "Show", tag("select", options, id="kind")),
        tag("label", "Service", tag("select", services, id="service")) if run.services else None,
        tag("output", id="count", for_="search kind service" if run.services else "search kind"),
        class_="toolbar",
        role="search",
        id="toolbar",
        hidden=True,
    )


def foot(run: Run) -> Markup:
    """Who says so, and of what."""
    asked = ", ".join(run.indexes) or "an index of this machine"
    where = "the cache alone (offline)" if run.offline else asked
    return tag(
        "p",
        f"pytest-deploycheck {__version__} computed this from the files of the repository and {where}. ",
        "Nothing was built or run. To have it again: ",
        tag("code", "pytest --deploycheck"),
    )
