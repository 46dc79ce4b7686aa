"""``--deploycheck-html``: one file to read in a browser, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from pytest_deploycheck.reports.html.findings import findings
from pytest_deploycheck.reports.html.frame import foot, toolbar, top
from pytest_deploycheck.reports.html.installed import matrix, resolutions
from pytest_deploycheck.reports.html.markup import Markup, joined, tag
from pytest_deploycheck.reports.html.services import services
from pytest_deploycheck.reports.run import Run, causes


def render(run: Run) -> str:
    """The page."""
    style, script = _part("page.css"), _part("page.js")
    # Nothing but this style and this script: the browser itself refuses any request, whatever a message holds.
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"Deploy check of {run.project}"),
        tag("style", Markup(style)),
    )
    page = tag("html", head, tag("body", _body(run), tag("script", Markup(script))), lang="en")
    return joined(Markup("<!doctype html>\n"), page, Markup("\n"))


def _body(run: Run) -> Markup:
    told = causes(run.findings)
    anchors = {
        place.nodeid: f"f{number}" for number, cause in reversed(list(enumerate(told))) for place in cause.places
    }
    parts = [
        _section("findings", "Findings", findings(run, told)),
        _section("services", "Services and checks", services(run, anchors)) if run.services else None,
        _section("resolutions", "What would be installed", resolutions(run)) if run.resolved else None,
        _section("matrix", "Other Pythons and platforms", matrix(run.extra["matrix"]))
        if run.extra.get("matrix")
        else None,
    ]
    shown = [each for each in parts if each is not None]
    return joined(
        tag("a", "Skip to the findings", href="#findings", class_="skip"),
        tag("header", top(run), class_="top"),
        tag("main", toolbar(run), shown),
        tag("footer", foot(run)),
    )


def _section(name: str, title: str, content: Markup) -> Markup:
    return tag("section", tag("h2", title, id=name, tabindex="-1"), content, aria_labelledby=name)


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
