"""``--deploycheck-html``: what stands in the file, without a browser."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from reports.runs import item, large, resolution_of, run

from command import Deploycheck
from index_server import Index
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.html import render
from pytest_deploycheck.reports.html.markup import joined, tag
from pytest_deploycheck.reports.html.tree import tree_to
from pytest_deploycheck.reports.run import End


class Page(HTMLParser):
    """Elements, what they refer to, and whether each that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(name)
        given = dict(attributes)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.references += [given[each] or "" for each in ("href", "src", "action", "data") if each in given]
        if name not in ("input", "meta"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&</style>"


def evil() -> str:
    found = Finding("wheel", Location(f"{EVIL}.txt", 1), EVIL, (EVIL,), (EVIL,))
    told = run(item(f"a.txt::{EVIL}::{EVIL}", found), resolved=(resolution_of(20),))
    return render(
        replace(
            told, project=EVIL, indexes=(EVIL,), extra={"matrix": [{"source": EVIL, "message": EVIL, "sdists": [EVIL]}]}
        )
    )


@pytest.mark.parametrize("text", [render(run()), evil(), render(large(20, 3, 4))], ids=["empty", "evil", "usual"])
def test_every_element_is_closed_and_every_reference_stays_in_the_page(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert page.elements.count("script") == 1
    assert "img" not in page.elements
    assert len(set(page.ids)) == len(page.ids)
    assert {each.removeprefix("#") for each in page.references} <= set(page.ids)


def test_texts_and_attributes_are_escaped_and_markup_is_not() -> None:
    inner = tag("b", "1 < 2 & 3")
    assert tag("p", inner, " > ", None, [inner], title='"x"', hidden=True, open=False, class_="a") == (
        '<p title="&quot;x&quot;" hidden class="a"><b>1 &lt; 2 &amp; 3</b> &gt; <b>1 &lt; 2 &amp; 3</b></p>'
    )
    assert joined("<", tag("input", type="search")) == '&lt;<input type="search">'


def test_three_hundred_distributions_and_fifty_services_are_below_two_megabytes() -> None:
    assert len(render(large(distributions=300, services=50)).encode()) < 2_000_000


def test_a_tree_holds_who_requires_it_in_ranks() -> None:
    resolved = resolution_of(20)
    (built, _) = resolved.sdists
    tree = tree_to(built, resolved)
    assert [node.name for node in tree.ranks[0]] == ["project-9"]
    assert {node.name for node in tree.ranks[1]} == {"project-8", "project-4"}
    assert ("project-8", "project-9") in tree.edges
    ranks = {node.name: node.rank for node in tree.nodes}
    assert all(ranks[parent] == ranks[child] + 1 for parent, child in tree.edges)


def test_a_rank_of_many_shows_some_and_says_how_many_more() -> None:
    resolved = resolution_of(30)
    first, *others = resolved.resolution.distributions
    wanted = replace(others[8], required_by=tuple(each.name for each in others[10:]))
    crowd = replace(resolved.resolution, distributions=(first, *others[:8], wanted, *others[9:]))
    tree = tree_to(wanted, replace(resolved, resolution=crowd))
    assert len(tree.ranks[1]) == 6
    assert tree.ranks[1][-1].name == "and 14 more"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([], "Nothing was checked."),
        ([End.PASSED], "Nothing was found that would keep it from deploying."),
        ([End.FAILED, End.PASSED], "1 of 2 checks does not hold."),
        ([End.ERROR, End.PASSED], "1 check could not be made."),
        ([End.PASSED, End.NOT_RUN], "The run was ended before 1 check."),
    ],
)
def test_the_headline_claims_no_more_than_is_known(ends: list[End], words: str) -> None:
    items = [item(f"a.txt::3.13::p{number}", end=end) for number, end in enumerate(ends)]
    assert f'class="verdict{" well" if ends == [End.PASSED] else ""}">{words}<' in render(run(*items))


def test_the_page_on_the_incident_names_no_folder_of_this_machine(deploycheck: Deploycheck, nexus_index: Index) -> None:
    deploycheck.example("nexus/before")
    deploycheck("--deploycheck-html=report.html", index=nexus_index)
    text = (deploycheck.path / "report.html").read_text(encoding="utf-8")
    assert str(deploycheck.path) not in text
    assert text.count('class="tree"') == 3
