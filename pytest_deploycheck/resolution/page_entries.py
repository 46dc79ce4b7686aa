"""An answer of the simple API cut into the entries of its files: JSON (PEP 691) and HTML (PEP 503)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from pytest_deploycheck.resolution.versions import Release


class InvalidPage(ValueError):
    """An index answered with something that is no project page; the message says with what."""


# What comes of reading an entry that is not as it should be.
ODDITIES = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def in_words(oddity: Exception) -> str:
    """What is wrong with an entry, in words that hold nothing of it."""
    if isinstance(oddity, InvalidPage | json.JSONDecodeError):
        return str(oddity)
    if isinstance(oddity, RecursionError):
        return "nested too deep"
    # Python's own words may hold the link, with its credentials.
    return (
        "a link in it is none" if isinstance(oddity, ValueError) else "something in it has another type than it should"
    )


class Entries(NamedTuple):
    """The files of a page.

    :param names: in the order of the page
    :param entry: gives the JSON object (PEP 691) at a position
    :param have_secrets: whether a link has a login or a query, which may be a token
    """

    names: Sequence[str]
    entry: Callable[[int], bytes]
    have_secrets: bool = False


# How PyPI and most others begin an entry. A quote within a string is escaped, so this is found nowhere else.
_BEGINNING = re.compile(rb'\{\s*"filename"\s*:\s*"')


# Links that may hold credentials, the two signs perhaps written as escapes.
_TELLING = re.compile(rb'"url"\s*:\s*"[^"]*(?:[?@]|\\u00(?:3[fF]|40))')


def entries_of_json(url: str, content: bytes, bare: Callable[[str], str]) -> Entries:
    """The entries of a PEP 691 page, cut out of it without parsing it; parsed, if it does not look as expected."""
    first = _BEGINNING.search(content)
    if first is None or b'"files"' not in content[: first.start()] or _is_telling(content):
        return _parsed_entries(url, content, bare)
    beginning = first[0]
    parts = content.split(beginning)[1:]
    parts[-1] = _up_to_its_end(beginning, parts[-1])
    spelled = [part[: part.find(b'"')] for part in parts]
    names = b"\n".join(spelled)
    is_regular = content.count(b'"url"') == len(parts) == names.count(b"\n") + 1 and b"\\" not in names
    # pip goes by the name in the URL, which mostly is the same, and mostly stands at the same place.
    ending = _behind_its_name(spelled[len(parts) // 2], parts[len(parts) // 2])
    others = [at for at, part in enumerate(parts) if not part.endswith(b"/" + spelled[at] + ending)]
    if not is_regular or not all(parts[at].endswith(_SEPARATED) for at in others):
        return _parsed_entries(url, content, bare)

    def entry(position: int) -> bytes:
        return beginning + parts[position].rstrip(b", \t\r\n")

    found = names.decode().split("\n")
    for at in others:
        if b'/%b"' % spelled[at] not in parts[at]:
            found[at] = _name_by_url(entry(at))
    return Entries(found, entry)


_SEPARATED = (b"}", b"}, ", b"},", b"},\n")


def entries_of_release(content: bytes, release: Release) -> Entries | None:
    """The entries of a PEP 691 page for one release, without a look at the others.

    :param release: see :data:`.Release`; not empty
    :returns: these, and perhaps some of other releases; None where the page does not look as expected
    """
    first = _BEGINNING.search(content)
    end = content.find(b'"files"')
    if first is None or not 0 <= end < first.start() or _may_hide_a_version(content):
        return None
    beginning = first[0]
    last = content.rfind(beginning)
    end_of_all = last + len(beginning + _up_to_its_end(beginning, content[last + len(beginning) :]))
    found: dict[int, bytes] = {}
    for mention in _mentions(release).finditer(content, end):
        if mention.start() < end:
            continue
        start = content.rfind(beginning, end, mention.start())
        end = end_of_all if start == last else content.find(beginning, start + 1)
        entry = content[start:end].rstrip(b", \t\r\n")
        if start < 0 or mention.start() >= end or entry.count(b'"url"') != 1 or not entry.endswith(b"}"):
            return None
        found[start] = entry
    entries = list(found.values())
    spelled = [entry[len(beginning) : entry.find(b'"', len(beginning))] for entry in entries]
    if any(b"\\" in each for each in spelled):
        return None
    names = [
        each.decode() if b'/%b"' % each in entry else _name_by_url(entry)
        for each, entry in zip(spelled, entries, strict=True)
    ]
    return Entries(names, entries.__getitem__)


def _may_hide_a_version(content: bytes) -> bool:
    """Whether a part of a link may be written as an escape, or holds what is not to be stored."""
    return b"%" in content or _has_escapes(content) or _is_telling(content)


def _has_escapes(content: bytes) -> bool:
    """Whether any character is written as a number."""
    return b"\\" in content and b"\\u" in content  # To look for one sign is much faster than for two.


@lru_cache(maxsize=64)
def _mentions(release: Release) -> re.Pattern[bytes]:
    """What a file name has in it, in whichever way it spells a version of a release."""
    numbers = rb"\.".join(b"0*%d" % number for number in release)
    return re.compile(rb"-[vV]?%b(?:\.0+)*(?!\d|\.\d)" % numbers)


def _behind_its_name(name: bytes, part: bytes) -> bytes:
    """What follows on the URL of an entry, the slash before its name included; what fits no entry, if it does not."""
    _, slash, ending = part.rpartition(b"/" + name + b'"')
    return b'"' + ending if slash and ending.endswith(_SEPARATED) else b"\n\n"


def _is_telling(content: bytes) -> bool:
    has_signs = b"?" in content or b"@" in content or _has_escapes(content)
    return has_signs and _TELLING.search(content) is not None


def _name_by_url(entry: bytes) -> str:
    """Empty where there is no URL."""
    try:
        url = json.loads(entry).get("url")
        return "" if url is None else filename_of(url)
    except ODDITIES as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {in_words(error)}") from error


def _up_to_its_end(beginning: bytes, part: bytes) -> bytes:
    """The last entry without what follows the list of files."""
    text = (beginning + part).decode()
    try:
        _, length = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise InvalidPage(f"JSON that breaks off: {error}") from error
    return text[:length].encode()[len(beginning) :]


def _parsed_entries(url: str, content: bytes, bare: Callable[[str], str]) -> Entries:
    try:
        found = [entry for entry in json.loads(content).get("files", []) if entry.get("url") is not None]
        return _of_links([(urljoin(url, entry["url"]), entry) for entry in found], bare)
    except ODDITIES as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {in_words(error)}") from error


def _of_links(found: Iterable[tuple[str, dict[str, Any]]], bare: Callable[[str], str]) -> Entries:
    """
    :param found: whole links, and what the page says of each
    """
    objects, has_secrets = [], False
    for link, said in found:
        shown = bare(link) if "@" in link else link
        has_secrets = has_secrets or shown != link or "?" in link
        objects.append({**said, "filename": filename_of(link), "url": shown})
    names = [each["filename"] for each in objects]
    return Entries(names, lambda position: json.dumps(objects[position]).encode(), has_secrets)


def filename_of(url: str) -> str:
    """The last part of a URL's path, escapes undone: what pip takes for the name of the file."""
    return unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base: str | None = None
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a" and attributes.get("href"):
            self.anchors.append(attributes)
        elif tag == "base" and self.base is None:
            self.base = attributes.get("href")


def entries_of_html(url: str, content_type: str, content: bytes, bare: Callable[[str], str]) -> Entries:
    """The entries of a PEP 503 page: its anchors, as a PEP 691 page would have them.

    :param bare: gives a link without its credentials
    """
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type)
    encoding = charset[1] if charset else "utf-8"
    parser = _Anchors()
    try:
        parser.feed(content.decode(encoding))
    except (UnicodeDecodeError, LookupError) as error:
        # What the page itself says of its encoding, pip does not read.
        raise InvalidPage(f"a page that is not {encoding}, as it has to be where its header says no other") from error
    try:
        base = urljoin(url, parser.base) if parser.base else url
        found = [(urljoin(base, each["href"] or ""), _said_by_anchor(each)) for each in parser.anchors]
        return _of_links(found, bare)
    except ValueError as error:
        raise InvalidPage("a page with a link that is none") from error


def _said_by_anchor(attributes: dict[str, str | None]) -> dict[str, Any]:
    """What an anchor of a PEP 503 page says of its link, as a PEP 691 page would have it."""
    metadata = attributes.get("data-core-metadata")
    if metadata is None:
        metadata = attributes.get("data-dist-info-metadata")
    algorithm, _, value = (metadata or "").partition("=")
    yanked = attributes.get("data-yanked")
    return {
        "requires-python": attributes.get("data-requires-python"),
        "yanked": yanked is not None and (yanked or True),
        "core-metadata": {algorithm: value} if value else metadata is not None,
    }
