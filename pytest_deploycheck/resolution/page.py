"""A project's page of an index: the files it offers, parsed only as far as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.file import HASH_ALGORITHMS, File
from pytest_deploycheck.resolution.http.answer import Unreachable

# What pip unpacks; other files on a page (eggs, installers, signatures) are no candidates.
SDIST_EXTENSIONS = (
    ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
)  # fmt: skip

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


class InvalidPage(ValueError):
    """An index answered with something that is no project page; the message says with what."""


class ProjectPage(Protocol):
    """The files of one project, grouped by the version that stands in the file name."""

    @property
    def project(self) -> str:
        """The normalised name."""

    @property
    def versions(self) -> Iterable[str]:
        """The versions as the file names spell them, unparsed, in the order of the page."""

    def files(self, version: str) -> Sequence[File]:
        """The files whose names carry exactly this spelling of a version, in the order of the page."""

    def names(self, version: str) -> Sequence[str]:
        """The names of all files of a version, those for other machines included."""


@dataclass(frozen=True)
class FoundFiles:
    """Files that are known already, as a page."""

    project: str
    _groups: dict[str, list[File]]

    @classmethod
    def among(cls, project: str, files: Iterable[File]) -> FoundFiles:
        """Those of the files that are the project's."""
        groups: dict[str, list[File]] = {}
        for file in files:
            if version := _version_in(file.filename, project):
                groups.setdefault(version, []).append(file)
        return cls(project, groups)

    @property
    def versions(self) -> Iterable[str]:
        """See :class:`ProjectPage`."""
        return self._groups.keys()

    def files(self, version: str) -> Sequence[File]:
        """See :class:`ProjectPage`."""
        return self._groups[version]

    def names(self, version: str) -> Sequence[str]:
        """See :class:`ProjectPage`."""
        return [file.filename for file in self._groups[version]]


@dataclass(frozen=True)
class MergedPages:
    """Several pages of one project as one, the files of later pages behind those of earlier ones."""

    project: str
    _pages: Sequence[ProjectPage]

    @property
    def versions(self) -> Iterable[str]:
        """See :class:`ProjectPage`."""
        return dict.fromkeys(version for page in self._pages for version in page.versions)

    def files(self, version: str) -> Sequence[File]:
        """See :class:`ProjectPage`."""
        return [
            file._replace(position=number * _LONGEST_PAGE + file.position)
            for number, page in enumerate(self._pages)
            if version in page.versions
            for file in page.files(version)
        ]

    def names(self, version: str) -> Sequence[str]:
        """See :class:`ProjectPage`."""
        return [name for page in self._pages if version in page.versions for name in page.names(version)]


# More files than any page has: what keeps the files of merged pages apart.
_LONGEST_PAGE = 10_000_000


@dataclass
class _Release:
    """The files whose names spell one version.

    :param positions: of the files on the page
    :param entries: those files, as JSON objects (PEP 691), unparsed
    :param others: the names of wheels for other machines, which only messages tell of
    """

    positions: list[int]
    entries: list[bytes]
    others: list[str]


class IndexPage:
    """A project's page on an index.

    Of a page of 20,000 files only those of the few candidate versions are ever looked at. So the page is cut into its
    entries and these are grouped by the version in the file name, as text, and parsed when they are asked for. Files
    for other machines, which on many pages are most, are kept by name alone.
    """

    def __init__(self, project: str, url: str, releases: dict[str, _Release], *, is_storable: bool = True) -> None:
        self.project = project
        # Whether no link has a login, which is not in it any more, or a query, which may be a token.
        self.is_storable = is_storable
        self._url = url
        self._releases = releases
        self._parsed: dict[str, list[File]] = {}

    @classmethod
    def empty(cls, project: str) -> IndexPage:
        """Of a project that the index does not have."""
        return cls(project, "", {})

    @property
    def versions(self) -> Iterable[str]:
        """See :class:`ProjectPage`."""
        return self._releases.keys()

    def files(self, version: str) -> Sequence[File]:
        """See :class:`ProjectPage`.

        :raises Unreachable: an entry is not what PEP 691 says; pip fails at the whole page
        """
        if version not in self._parsed:
            try:
                self._parsed[version] = self._parse(self._releases[version])
            except _ODDITIES as error:
                reason = f"answered with a project page that PEP 691 does not allow: {_in_words(error)}"
                raise Unreachable(f"{self._url}: {reason}") from error
        return self._parsed[version]

    def _parse(self, release: _Release) -> list[File]:
        entries = json.loads(b"[" + b",".join(release.entries) + b"]")
        return [
            _file(position, self._url, entry)
            for position, entry in zip(release.positions, entries, strict=True)
            if entry.get("url") is not None
        ]

    def names(self, version: str) -> Sequence[str]:
        """See :class:`ProjectPage`."""
        return [*(file.filename for file in self.files(version)), *self._releases[version].others]

    def dump(self) -> bytes:
        """The page for the cache: a line for each version, so that reading it back parses nothing."""
        lines = [self._url.encode()]
        for version, release in self._releases.items():
            others, positions = "/".join(release.others), ",".join(map(str, release.positions))
            # Line ends in JSON are blanks, or written as escapes.
            entries = b",".join(release.entries).replace(b"\n", b" ")
            lines.append(b"\t".join((version.encode(), others.encode(), positions.encode(), entries)))
        return b"\n".join(lines)

    @classmethod
    def load(cls, project: str, dumped: bytes) -> IndexPage:
        """Read back what :meth:`dump` gave."""
        url, *lines = dumped.split(b"\n")
        releases: dict[str, _Release] = {}
        for line in lines:
            version, others, positions, entries = line.split(b"\t", 3)
            numbers = list(map(int, positions.split(b","))) if positions else []
            names = others.decode().split("/") if others else []
            releases[version.decode()] = _Release(numbers, [entries] if entries else [], names)
        return cls(project, url.decode(), releases)


# What comes of reading an entry that is not as it should be.
_ODDITIES = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def _in_words(oddity: Exception) -> str:
    if isinstance(oddity, InvalidPage | json.JSONDecodeError):
        return str(oddity)
    if isinstance(oddity, RecursionError):
        return "nested too deep"
    # Python's own words may hold the link, with its credentials.
    return (
        "a link in it is none" if isinstance(oddity, ValueError) else "something in it has another type than it should"
    )


def parse_page(
    project: str, url: str, content_type: str, content: bytes, machine: str, bare: Callable[[str], str] = str
) -> IndexPage:
    """Read an answer of the simple API, JSON (PEP 691) or HTML (PEP 503).

    :param url: where the page was found after redirects: relative links start there
    :param machine: :attr:`.Target.machine`: wheels for other ones are kept by name alone
    :param bare: gives a link without the credentials in it, and keeps them
    :raises InvalidPage: it is neither
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        entries = _entries_of_json(url, content, bare)
    elif kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        entries = _entries_of_html(url, content_type, content, bare)
    else:
        raise InvalidPage(f"{content_type or 'no content type'} where a project page was expected")
    releases = _grouped(entries, project, machine.split())
    return IndexPage(project, url, releases, is_storable=not entries.have_secrets)


def _grouped(entries: _Entries, project: str, words: list[str]) -> dict[str, _Release]:
    # Every file of a page comes by here, and pages of 15,000 are common: that is why it is written out.
    first, last = words[0], words[-1]
    releases: dict[str, _Release] = {}
    before = release = None
    for position, name in enumerate(entries.names):
        # The files of a version mostly stand together, and up to its second dash a wheel's name tells which it is.
        stem = name[: name.find("-", name.find("-") + 1)] if name.endswith(".whl") else ""
        if not stem or stem != before:
            version = _version_in(name, project)
            release = releases.setdefault(version, _Release([], [], [])) if version else None
            before = stem
        if release is None:
            continue
        # On the safe side: what is let through is judged by its tags later.
        if not stem or (first in name and last in name) or "-any." in name or ".any." in name:
            release.positions.append(position)
            release.entries.append(entries.entry(position))
        else:
            release.others.append(name)
    return releases


def _version_in(filename: str, project: str) -> str | None:
    """The version that a file name spells, None where it is no file of this project or of no known format."""
    if filename.endswith(".whl"):
        name, _, rest = filename.partition("-")
        return rest.partition("-")[0] if _is_name_of(name, project) else None
    for extension in SDIST_EXTENSIONS:
        if filename.endswith(extension):
            return _version_of_sdist(filename.removesuffix(extension), project)
    return None


@lru_cache(maxsize=1024)
def _is_name_of(name: str, project: str) -> bool:
    return canonicalize_name(name) == project


def _version_of_sdist(stem: str, project: str) -> str | None:
    # Both parts may hold dashes (`backports.csv-1.0-2`); pip takes the first dash before which the name fits.
    dash = stem.find("-")
    while dash != -1:
        if _is_name_of(stem[:dash], project):
            return stem[dash + 1 :] or None
        dash = stem.find("-", dash + 1)
    return None


class _Entries(NamedTuple):
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


def _entries_of_json(url: str, content: bytes, bare: Callable[[str], str]) -> _Entries:
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
    return _Entries(found, entry)


_SEPARATED = (b"}", b"}, ", b"},", b"},\n")


def _behind_its_name(name: bytes, part: bytes) -> bytes:
    """What follows on the URL of an entry, the slash before its name included; what fits no entry, if it does not."""
    _, slash, ending = part.rpartition(b"/" + name + b'"')
    return b'"' + ending if slash and ending.endswith(_SEPARATED) else b"\n\n"


def _is_telling(content: bytes) -> bool:
    has_signs = b"?" in content or b"@" in content or (b"\\" in content and b"\\u00" in content)
    return has_signs and _TELLING.search(content) is not None


def _name_by_url(entry: bytes) -> str:
    """Empty where there is no URL."""
    try:
        url = json.loads(entry).get("url")
        return "" if url is None else _filename_of(url)
    except _ODDITIES as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {_in_words(error)}") from error


def _up_to_its_end(beginning: bytes, part: bytes) -> bytes:
    """The last entry without what follows the list of files."""
    text = (beginning + part).decode()
    try:
        _, length = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise InvalidPage(f"JSON that breaks off: {error}") from error
    return text[:length].encode()[len(beginning) :]


def _parsed_entries(url: str, content: bytes, bare: Callable[[str], str]) -> _Entries:
    try:
        found = [entry for entry in json.loads(content).get("files", []) if entry.get("url") is not None]
        return _of_links([(urljoin(url, entry["url"]), entry) for entry in found], bare)
    except _ODDITIES as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {_in_words(error)}") from error


def _of_links(found: Iterable[tuple[str, dict[str, Any]]], bare: Callable[[str], str]) -> _Entries:
    """
    :param found: whole links, and what the page says of each
    """
    objects, has_secrets = [], False
    for link, said in found:
        shown = bare(link) if "@" in link else link
        has_secrets = has_secrets or shown != link or "?" in link
        objects.append({**said, "filename": _filename_of(link), "url": shown})
    names = [each["filename"] for each in objects]
    return _Entries(names, lambda position: json.dumps(objects[position]).encode(), has_secrets)


# pip's (``LinkHash._hash_url_fragment_re``).
_HASH_IN_URL = re.compile(rf"[#&]({'|'.join(HASH_ALGORITHMS)})=([^&]*)")


def _file(position: int, page_url: str, entry: dict[str, Any]) -> File:
    """:raises InvalidPage: or another of the oddities: something in the entry is not what it should be"""
    url: str = entry["url"]
    if not url.startswith(("https://", "http://")):
        url = urljoin(page_url, url)
    address = url.partition("#")[0]
    filename = entry["filename"]
    if not address.endswith(f"/{filename}"):
        filename = _filename_of(address)
    metadata = entry.get("core-metadata")
    if metadata is None:  # The name before PEP 714.
        metadata = entry.get("dist-info-metadata")
    yanked = entry.get("yanked")
    size = entry.get("size")
    return File(
        position,
        filename,
        address,
        tuple([f"{algorithm}={digest}" for algorithm, digest in _hashes(url, entry.get("hashes")).items()]),
        _text(entry.get("requires-python") or None),
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        _metadata_hash(metadata),
        size if isinstance(size, int) else None,
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise InvalidPage(f"{value!r} where a string is expected")


def _hashes(url: str, given: object) -> dict[str, object]:
    hashes: dict[str, object] = dict(given) if isinstance(given, dict) else {}
    if given and not hashes:
        raise InvalidPage(f"hashes: {given!r}")
    for digest in hashes.values():
        if not isinstance(digest, str):
            raise InvalidPage(f"hashes: {given!r}")
    found = _HASH_IN_URL.search(url) if "#" in url or "&" in url else None
    return {**hashes, found[1]: found[2]} if found else hashes


def _metadata_hash(advertised: object) -> str | None:
    if not isinstance(advertised, dict):
        return "" if advertised else None
    algorithm = next((each for each in HASH_ALGORITHMS if each in advertised), None)
    return f"{algorithm}={_text(advertised[algorithm])}" if algorithm else ""


def _filename_of(url: str) -> str:
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


def _entries_of_html(url: str, content_type: str, content: bytes, bare: Callable[[str], str]) -> _Entries:
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type)
    parser = _Anchors()
    parser.feed(content.decode(charset[1] if charset else "utf-8", errors="replace"))
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
