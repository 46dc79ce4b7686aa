"""Project pages: JSON and HTML, the same files out of both."""

from __future__ import annotations

import json

import pytest

from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.page import IndexPage, MergedPages, ProjectPage, parse_page
from pytest_deploycheck.resolution.page_entries import InvalidPage

JSON = "application/vnd.pypi.simple.v1+json"
URL = "https://index.example/simple/demo-tool/"
WHEEL = "demo_tool-1.0-py3-none-any.whl"


def page_of(*entries: dict[str, object]) -> IndexPage:
    return parse_page("demo-tool", URL, JSON, json.dumps({"files": list(entries)}).encode(), "x86_64")


def files(page: ProjectPage) -> list[File]:
    return sorted(file for version in page.versions for file in page.files(version))


def test_json_and_html_give_the_same_files() -> None:
    from_json = page_of(
        {
            "filename": WHEEL,
            "url": "https://files.example/a/" + WHEEL,
            "hashes": {"sha256": "ab12"},
            "requires-python": ">=3.8",
            "yanked": "broken",
            "core-metadata": {"sha256": "cd34"},
        },
        {"filename": "demo-tool-1.1.tar.gz", "url": "../../files/demo-tool-1.1.tar.gz", "hashes": {}, "yanked": False},
    )
    html = f"""<!DOCTYPE html><html><body>
        <a href="https://files.example/a/{WHEEL}#sha256=ab12" data-requires-python="&gt;=3.8" data-yanked="broken"
           data-core-metadata="sha256=cd34">{WHEEL}</a>
        <a href="../../files/demo-tool-1.1.tar.gz">demo-tool-1.1.tar.gz</a></body></html>"""
    from_html = parse_page("demo-tool", URL, "text/html; charset=utf-8", html.encode(), "x86_64")
    assert files(from_json) == files(from_html)
    assert files(from_json) == [
        File(0, WHEEL, "https://files.example/a/" + WHEEL, ("sha256=ab12",), ">=3.8", "broken", "sha256=cd34", None),
        File(1, "demo-tool-1.1.tar.gz", "https://index.example/files/demo-tool-1.1.tar.gz", (), None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("demo_tool-1.0-py3-none-any.whl", "1.0"),
        ("Demo.Tool-1.0-2-py3-none-any.whl", "1.0"),
        ("demo-tool-1.0.tar.gz", "1.0"),
        ("demo_tool-1.0rc1.zip", "1.0rc1"),
        ("demo-tool-1.0-2.tar.bz2", "1.0-2"),
        ("demo-tool-extra-1.0.tar.gz", "extra-1.0"),
        ("demo-1.0.tar.gz", None),
        ("other-1.0-py3-none-any.whl", None),
        ("demo_tool-1.0-py3.9.egg", None),
        ("demo-tool-1.0.exe", None),
        ("demo-tool.tar.gz", None),
        ("index.html", None),
    ],
)
def test_the_version_is_what_the_file_name_spells(filename: str, version: str | None) -> None:
    page = page_of({"filename": filename, "url": "https://files.example/" + filename})
    assert list(page.versions) == ([version] if version else [])


@pytest.mark.parametrize(
    ("advertised", "expected"),
    [
        ({}, None),
        ({"core-metadata": False}, None),
        ({"core-metadata": True}, ""),
        ({"core-metadata": {"sha256": "ab"}}, "sha256=ab"),
        ({"dist-info-metadata": {"sha256": "ab"}}, "sha256=ab"),
        ({"core-metadata": False, "dist-info-metadata": {"sha256": "ab"}}, None),
    ],
)
def test_separate_metadata_is_believed_as_advertised(advertised: dict[str, object], expected: str | None) -> None:
    page = page_of({"filename": WHEEL, "url": "https://files.example/" + WHEEL, **advertised})
    assert files(page)[0].metadata == expected


@pytest.mark.parametrize(("yanked", "expected"), [(False, None), ("", None), (True, ""), ("why", "why")])
def test_yanked_is_a_reason_or_nothing(yanked: object, expected: str | None) -> None:
    page = page_of({"filename": WHEEL, "url": "https://files.example/" + WHEEL, "yanked": yanked})
    assert files(page)[0].yanked == expected


def test_html_takes_its_base_into_account() -> None:
    html = f'<base href="https://mirror.example/pool/"><a href="{WHEEL}">x</a><a>no link</a>'
    page = parse_page("demo-tool", URL, "application/vnd.pypi.simple.v1+html", html.encode(), "x86_64")
    assert files(page)[0].url == "https://mirror.example/pool/" + WHEEL


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        (JSON, b"<html>"),
        (JSON, b"[]"),
        (JSON, b'{"files": [1]}'),
        ("application/octet-stream", b""),
        ("", b""),
    ],
)
def test_an_answer_that_is_no_project_page_is_refused(content_type: str, content: bytes) -> None:
    with pytest.raises(InvalidPage):
        parse_page("demo-tool", URL, content_type, content, "x86_64")


def test_what_goes_into_the_cache_comes_out() -> None:
    page = page_of(
        {"filename": WHEEL, "url": "https://files.example/" + WHEEL, "hashes": {"sha256": "ab"}, "size": 7},
        {"filename": "demo-tool-1.1.tar.gz", "url": "https://files.example/download?id=7", "yanked": "no"},
    )
    assert files(IndexPage.load("demo-tool", page.dump())) == files(page)


def test_merged_pages_keep_their_order() -> None:
    first = page_of({"filename": WHEEL, "url": "https://a.example/" + WHEEL})
    second = page_of({"filename": WHEEL, "url": "https://b.example/" + WHEEL})
    merged = MergedPages("demo-tool", [first, second])
    assert [file.url for file in files(merged)] == ["https://a.example/" + WHEEL, "https://b.example/" + WHEEL]


@pytest.mark.parametrize(("content_type", "is_read"), [("text/html; charset=latin-1", True), ("text/html", False)])
def test_a_page_has_the_encoding_that_its_header_names_or_is_utf_8(content_type: str, is_read: bool) -> None:
    html = '<meta charset="latin-1"><a href="demo-tool-1.0.tar.gz" data-yanked="é">x</a>'.encode("latin-1")
    if is_read:
        found = parse_page("demo-tool", URL, content_type, html, "x86_64")
        assert [file.yanked for file in found.files("1.0")] == ["é"]
        return
    with pytest.raises(InvalidPage, match="a page that is not utf-8"):
        parse_page("demo-tool", URL, content_type, html, "x86_64")
