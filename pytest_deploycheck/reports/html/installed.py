"""What would be installed from each source on each target: the ways to what has to be built, and all files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_deploycheck.reports.amounts import bytes_in_words, counted
from pytest_deploycheck.reports.html.markup import Markup, joined, scrolled, tag
from pytest_deploycheck.reports.html.picture import picture
from pytest_deploycheck.reports.html.tree import tree_to
from pytest_deploycheck.reports.run import Resolved, Run
from pytest_deploycheck.reports.verdicts import verdict
from pytest_deploycheck.resolution.result import Distribution

# More pictures than this are folded.
_MOST_OPEN = 6


def resolutions(run: Run) -> Markup:
    """One part for each."""
    return joined([_resolution(number, each) for number, each in enumerate(run.resolved)])


def _resolution(number: int, resolved: Resolved) -> Markup:
    place, resolution = resolved.place, resolved.resolution
    rows = {each.name: f"d{number}-{each.name}" for each in resolution.distributions}
    services = f"for {', '.join(place.services)}" if place.services else "for whatever installs it"
    sdists = resolved.sdists
    return tag(
        "article",
        tag("h3", tag("code", place.source.path), " on ", tag("code", place.target_name)),
        tag("p", f"Python {place.target.python}, {services}.", class_="about"),
        tag("p", verdict(resolved) + (f": {resolution.message}" if resolution.message else "."), class_="sum"),
        _bar(resolved) if resolution.distributions else None,
        [_way_to(each, resolved, rows, is_open=len(sdists) <= _MOST_OPEN) for each in sdists],
        _distributions(number, resolved, rows) if resolution.distributions else None,
        class_="resolution",
        data_services=" ".join(place.services),
    )


def _bar(resolved: Resolved) -> Markup:
    """How many are wheels, as a bar; the numbers stand above it."""
    total, built = len(resolved.resolution.distributions), len(resolved.sdists)
    share = max(2.0, 100 * built / total) if built else 0.0
    pieces = [tag("rect", x=0, y=0, width=f"{100 - share:.1f}%", height=8, class_="wheels")]
    if built:
        pieces.append(tag("rect", x=f"{100 - share:.1f}%", y=0, width=f"{share:.1f}%", height=8, class_="sdists"))
    return tag("svg", pieces, class_="bar", aria_hidden="true", width="100%", height=8)


def _way_to(distribution: Distribution, resolved: Resolved, rows: Mapping[str, str], *, is_open: bool) -> Markup:
    title = f"{distribution.name} {distribution.version}"
    chain = " \N{RIGHTWARDS ARROW} ".join(" ".join(each) for each in distribution.chain)
    label = f"What leads to {title}: {chain.replace(chr(0x2192), 'then')}"
    return tag(
        "details",
        tag("summary", tag("b", title), " ", tag("span", _need(distribution), class_="about")),
        scrolled(label, picture(tree_to(distribution, resolved), label, rows)),
        tag("p", f"{distribution.line}: " if distribution.line else "", chain, class_="chain"),
        class_="way",
        open=is_open,
        data_kind="error",
    )


def _need(distribution: Distribution) -> str:
    if distribution.native is None:
        return "would be built; whether that needs a compiler cannot be told"
    if not distribution.native:
        return "would be built, without a compiler"
    needs = " and ".join(distribution.needs)
    return f"would be compiled{f': needs {needs}' if needs else ''}"


def _distributions(number: int, resolved: Resolved, rows: Mapping[str, str]) -> Markup:
    titles = ("Project", "Version", "Kind", "Size", "Required by", "Line")
    head = tag("tr", [tag("th", each, scope="col") for each in titles])
    lines = [_distribution(each, rows) for each in resolved.resolution.distributions]
    count = counted(len(resolved.resolution.distributions), "distribution")
    table = tag(
        "table",
        tag("caption", f"What {resolved.place.source.tool} picks on {resolved.place.target_name}"),
        tag("thead", head),
        tag("tbody", lines),
        class_="files",
    )
    return tag(
        "details",
        tag("summary", tag("b", f"All {count}")),
        scrolled(f"All {count} on {resolved.place.target_name}", table),
        class_="all",
        id=f"all{number}",
    )


def _distribution(distribution: Distribution, rows: Mapping[str, str]) -> Markup:
    kind = distribution.kind.value
    size = distribution.file.size
    return tag(
        "tr",
        tag("th", distribution.name, scope="row"),
        tag("td", distribution.version),
        tag("td", tag("span", kind, class_=f"kind {kind}")),
        tag("td", bytes_in_words(size) if size is not None else "unknown", class_="number"),
        tag("td", ", ".join(distribution.required_by)),
        tag("td", str(distribution.line.line) if distribution.line else "", class_="number"),
        id=rows[distribution.name],
        tabindex="-1",
        data_kind=None if distribution.file.is_wheel else "error",
    )


def matrix(entries: list[dict[str, Any]]) -> Markup:
    """On which Pythons each source would deploy, as the report for machines has it."""
    titles = ("Source", "Python", "Its installer", "Distributions", "To build", "Services that get it")
    head = tag("tr", [tag("th", each, scope="col") for each in titles])
    table = tag("table", tag("thead", head), tag("tbody", [_cell(each) for each in entries]), class_="files")
    return scrolled("Other Pythons and platforms", table)


_WORDS = {
    "ok": "picks wheels only",
    "conflict": "finds a conflict",
    "no-match": "finds no distribution",
    "invalid": "refuses the file",
    "unreachable": "is not known: an index, a file or a repository could not be read",
}


def _cell(entry: Mapping[str, Any]) -> Markup:
    sdists, outcome = entry.get("sdists") or (), entry.get("outcome", "")
    words = "has to build" if outcome == "ok" and sdists else _WORDS.get(outcome, outcome)
    reason = f": {entry['message']}" if outcome != "ok" and entry.get("message") else ""
    is_well = outcome == "ok" and not sdists
    return tag(
        "tr",
        tag("th", entry.get("source", ""), scope="row"),
        tag("td", entry.get("target", "")),
        tag("td", tag("span", words, class_="kind" if is_well else "kind sdist"), reason),
        tag("td", str(entry.get("distributions") or ""), class_="number"),
        tag("td", ", ".join(sdists)),
        tag("td", ", ".join(entry.get("services") or ())),
        data_kind=None if is_well else "error",
        data_services=" ".join(entry.get("services") or ()),
    )
