"""A page of which one release is wanted gives what the whole page has of it, and leaves the rest alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from index_server import Fault, Index, Switches, wheel
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.answer import Refused
from pytest_deploycheck.resolution.http.transport import Transport
from pytest_deploycheck.resolution.index import IndexClient, NotCached
from pytest_deploycheck.resolution.page import IndexPage, ProjectPage, parse_page
from pytest_deploycheck.resolution.versions import Versions, release_of

JSON = "application/vnd.pypi.simple.v1+json"
URL = "https://index.example/simple/demo-tool/"

# Spellings of 1.2 and what is much like it.
SPELLINGS = [
    "1.2", "1.2.0", "01.02", "v1.2", "V1.2.0.0", "1.2rc1", "1.2.post1", "1.2+cpu", "1.2_1", "1.2-1", "1!1.2", "0!1.2",
    "1.20", "11.2", "1.2.3", "1.2.0.3", "1.02.00", "1", "1.0", "0", "2.1.2", "1.2.dev0", "1.2.x", "nope",
]  # fmt: skip
WANTED = ["1.2", "1.2.0", "1", "1.20", "1.2.3", "1.2rc1", "1.2+cpu", "0", "3.4"]

names = st.builds(
    lambda form, version: form.format(version),
    st.sampled_from(
        [
            "demo_tool-{}-py3-none-any.whl",
            "Demo.Tool-{}-2-cp312-cp312-manylinux_2_17_x86_64.whl",
            "demo_tool-{}-cp312-cp312-win_amd64.whl",
            "demo-tool-{}.tar.gz",
            "demo-tool-{}.zip",
            "demo_tool-{}.exe",
            "other-{}-py3-none-any.whl",
        ]
    ),
    st.sampled_from(SPELLINGS),
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """What a page says of a file: mostly as PyPI says it, now and then in another way."""
    name = draw(names)
    said: dict[str, Any] = {
        "filename": name,
        "hashes": {"sha256": "ab12"},
        "core-metadata": draw(st.sampled_from([False, {"sha256": "cd34"}])),
        "requires-python": draw(st.sampled_from([None, ">=3.8"])),
        "yanked": draw(st.sampled_from([False, "take demo-tool-1.2", 'a "quote" and {braces}', "naïve"])),
        "url": f"https://files.example/demo-1.2/{name}",
    }
    oddity = draw(st.sampled_from([""] * 12 + ["order", "escape", "query", "no url", "other name", "hash"]))
    if oddity == "order":
        said = dict(reversed(said.items()))
    elif oddity == "escape":
        said["url"] = said["url"].replace("-", "%2D")
    elif oddity == "query":
        said["url"] += "?token=secret"
    elif oddity == "no url":
        said["url"] = None
    elif oddity == "other name":
        said["url"] = said["url"].replace(name, "demo-tool-1.2.tar.gz")
    elif oddity == "hash":
        said["url"] += "#sha256=ab12"
    return said


def read(content: bytes, wanted: str = "") -> IndexPage:
    return parse_page("demo-tool", URL, JSON, content, "x86_64", str, release_of(Version(wanted)) if wanted else ())


def parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def found(page: ProjectPage, wanted: str) -> dict[Version, list[tuple[str, list[File], list[str]]]]:
    """All that a resolution looks at where a version is wanted: the files of its release, in their order."""
    versions = Versions(page.versions, parsed)
    return {
        version: [
            (text, [each._replace(position=0) for each in page.files(text)], sorted(page.names(text)))
            for text in versions.spellings(version)
        ]
        for version in versions.like(Version(wanted))
        if release_of(version) == release_of(Version(wanted))
    }


@given(st.lists(entries(), max_size=12), st.sampled_from(WANTED), st.sampled_from([None, 1]), st.booleans())
def test_it_has_what_the_whole_page_has(
    listed: Sequence[dict[str, Any]], wanted: str, indent: int | None, has_more: bool
) -> None:
    more = {"versions": ["1.2"], "x": "demo-tool-1.2"} if has_more else {}
    content = json.dumps({"name": "demo-tool", "files": listed, **more}, indent=indent, ensure_ascii=False).encode()
    assert found(read(content, wanted), wanted) == found(read(content), wanted)


def test_the_others_are_left_alone() -> None:
    listed = [f"demo_tool-{version}-py3-none-any.whl" for version in ("1.1", "1.2", "1.3")]
    content = json.dumps({"files": [{"filename": name, "url": f"https://files.example/{name}"} for name in listed]})
    page = read(content.encode(), "1.2")
    assert page.is_part
    assert list(page.versions) == ["1.2"]
    assert not read(content.encode()).is_part


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., IndexClient]:
    """A new run, as it were: another client on the same cache."""
    return lambda **options: IndexClient(Transport(timeout=5), Cache(tmp_path / "cache"), **options)


def versions_of(client: IndexClient, index: Index, release: tuple[int, ...] = ()) -> list[str]:
    try:
        return list(client.page(index.url, "demo", "x86_64", release).result(timeout=30).versions)
    finally:
        client.close()


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(Switches(cache_control="max-age=0")) as index:
        index.add(wheel("demo", "1.0"), wheel("demo", "2.0"))
        yield index


def test_a_part_is_kept_and_asked_after_like_a_whole_page(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index, (1,)) == ["1.0"]
    assert versions_of(run(), index, (1,)) == ["1.0"]
    assert [each.status for each in index.requests] == [200, 304]


def test_of_a_whole_page_no_part_is_asked_for(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index) == ["1.0", "2.0"]
    assert versions_of(run(), index, (1,)) == ["1.0", "2.0"]
    assert [each.status for each in index.requests] == [200, 304]


def test_for_a_second_release_the_page_is_read_as_a_whole(index: Index, run: Callable[..., IndexClient]) -> None:
    client = run()
    wanted: list[tuple[int, ...]] = [(1,), (2,), (3,), (1,), ()]
    pages = [client.page(index.url, "demo", "x86_64", release).result(timeout=30) for release in wanted]
    client.close()
    assert [len(list(page.versions)) for page in pages] == [1, 2, 2, 1, 2]
    assert len(index.requests) == 2


def test_the_processes_of_a_run_have_it_at_once(index: Index, run: Callable[..., IndexClient]) -> None:
    one, other = run(run="gw"), run(run="gw")
    for client, project in ((other, "nothing"), (one, "demo"), (other, "demo")):
        client.page(index.url, project, "x86_64", (1,)).result(timeout=30)
    one.close()
    other.close()
    assert len(index.requested("*/demo/")) == 1


def test_the_processes_of_a_run_have_it_at_once_where_an_older_one_is_stored(
    index: Index, run: Callable[..., IndexClient]
) -> None:
    assert versions_of(run(), index, (1,)) == ["1.0"]
    one, other = run(run="gw"), run(run="gw")
    for client, project in ((other, "nothing"), (one, "demo"), (other, "demo")):
        client.page(index.url, project, "x86_64", (1,)).result(timeout=30)
    one.close()
    other.close()
    assert [each.status for each in index.requests if each.path == "/simple/demo/"] == [200, 304]


def test_a_part_does_not_stand_for_the_whole(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index, (1,)) == ["1.0"]
    assert versions_of(run(offline=True), index, (1,)) == ["1.0"]
    with pytest.raises(NotCached):
        versions_of(run(offline=True), index, (2,))
    assert versions_of(run(), index) == ["1.0", "2.0"]
    assert versions_of(run(offline=True), index, (2,)) == ["1.0", "2.0"]


def test_offline_a_part_counts_that_is_newer_than_the_whole_page(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index) == ["1.0", "2.0"]
    index.add(wheel("demo", "3.0"))
    assert versions_of(run(), index, (3,)) == ["3.0"]
    assert versions_of(run(offline=True), index, (3,)) == ["3.0"]


def test_offline_a_whole_page_counts_that_is_newer_than_the_part(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index, (1,)) == ["1.0"]
    index.add(wheel("demo", "1.0.post1"))
    assert versions_of(run(), index) == ["1.0", "2.0", "1.0.post1"]
    assert versions_of(run(offline=True), index, (1,)) == ["1.0", "2.0", "1.0.post1"]


def test_offline_a_refusal_counts_until_the_page_is_shown(index: Index, run: Callable[..., IndexClient]) -> None:
    index.faults.append(Fault("/simple/demo/", times=1, status=401))
    with pytest.raises(Refused):
        versions_of(run(), index, (1,))
    with pytest.raises(Refused):
        versions_of(run(offline=True), index, (1,))
    assert versions_of(run(), index, (1,)) == ["1.0"]
    assert versions_of(run(offline=True), index, (1,)) == ["1.0"]
    index.faults.append(Fault("/simple/demo/", times=1, status=401))
    with pytest.raises(Refused):
        versions_of(run(), index, (1,))
    with pytest.raises(Refused):
        versions_of(run(offline=True), index, (1,))


def test_what_is_refused_is_the_whole_page(index: Index, run: Callable[..., IndexClient]) -> None:
    assert versions_of(run(), index, (1,)) == ["1.0"]
    assert versions_of(run(), index, (2,)) == ["2.0"]
    index.faults.append(Fault("/simple/demo/", times=1, status=401))
    with pytest.raises(Refused):
        versions_of(run(), index, (1,))
    with pytest.raises(Refused):
        versions_of(run(offline=True), index, (2,))
