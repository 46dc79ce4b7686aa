"""A project's page of an index: the files it offers, parsed only as far as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.file import File

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
        """The names of all files of a version, those for other architectures included."""


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
    :param others: the names of wheels for other architectures, which only messages tell of
    """

    positions: list[int]
    entries: list[bytes]
    others: list[str]


class IndexPage:
    """A project's page on an index.

    Of a page of 20,000 files only those of the few candidate versions are ever looked at. So the page is cut into its
    entries and these are grouped by the version in the file name, as text, and parsed when they are asked for. Files
    for other architectures, which on many pages are most, are kept by name alone.
    """

    def __init__(self, project: str, url: str, releases: dict[str, _Release]) -> None:
        self.project = project
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
        """See :class:`ProjectPage`."""
        if version not in self._parsed:
            release = self._releases[version]
            entries = json.loads(b"[" + b",".join(release.entries) + b"]")
            files = zip(release.positions, entries, strict=True)
            self._parsed[version] = [_file(position, self._url, entry) for position, entry in files]
        return self._parsed[version]

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


def parse_page(project: str, url: str, content_type: str, content: bytes, architecture: str) -> IndexPage:
    """Read an answer of the simple API, JSON (PEP 691) or HTML (PEP 503).

    :param url: where the page was found after redirects: relative links start there
    :param architecture: ``x86_64``: wheels for other ones are kept by name alone
    :raises InvalidPage: it is neither
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        entries = _entries_of_json(content)
    elif kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        entries = _entries_of_html(url, content_type, content)
    else:
        raise InvalidPage(f"{content_type or 'no content type'} where a project page was expected")
    releases: dict[str, _Release] = {}
    for position, (name, entry) in enumerate(entries):
        version = _version_in(name, project)
        if not version:
            continue
        release = releases.get(version) or releases.setdefault(version, _Release([], [], []))
        if _may_run_on(architecture, name):
            release.positions.append(position)
            release.entries.append(entry)
        else:
            release.others.append(name)
    return IndexPage(project, url, releases)


def _may_run_on(architecture: str, filename: str) -> bool:
    # Cheap, and on the safe side: what is let through is judged by its tags later.
    return architecture in filename or not filename.endswith(".whl") or "any" in filename or "universal" in filename


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


_Entry = tuple[str, bytes]
"""The name of a file, and its entry as a JSON object."""

# How PyPI and most others begin an entry. A quote within a string is escaped, so this is found nowhere else.
_BEGINNING = re.compile(rb'\{\s*"filename"\s*:\s*"([^"\\]+)"')


def _entries_of_json(content: bytes) -> Iterable[_Entry]:
    """The entries of a PEP 691 page, cut out of it without parsing it; parsed, if it does not look as expected."""
    beginnings = list(_BEGINNING.finditer(content))
    if not beginnings or b'"files"' not in content[: beginnings[0].start()]:
        return _parsed_entries(content)
    ends = [*(each.start() for each in beginnings[1:]), _end_of_entry(content, beginnings[-1].start())]
    entries = [content[start.start() : end].rstrip(b", \t\r\n") for start, end in zip(beginnings, ends, strict=True)]
    if content.count(b'"url"') != len(entries) or not all(entry.endswith(b"}") for entry in entries):
        return _parsed_entries(content)
    names = (each[1].decode() for each in beginnings)
    return zip(names, entries, strict=True)


def _end_of_entry(content: bytes, start: int) -> int:
    try:
        _, length = json.JSONDecoder().raw_decode(content[start:].decode())
    except ValueError as error:
        raise InvalidPage(f"JSON that breaks off: {error}") from error
    return start + len(content[start:].decode()[:length].encode())


def _parsed_entries(content: bytes) -> Iterable[_Entry]:
    try:
        entries = json.loads(content)["files"]
        return [
            (entry.get("filename") or _filename_of(entry["url"]), json.dumps(entry).encode())
            for entry in entries
            if "url" in entry
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {error}") from error


def _file(position: int, page_url: str, entry: dict[str, Any]) -> File:
    url = entry["url"]
    if not url.startswith(("https://", "http://")):
        url = urljoin(page_url, url)
    metadata = entry.get("core-metadata")
    if metadata is None:  # The name before PEP 714.
        metadata = entry.get("dist-info-metadata")
    yanked = entry.get("yanked")
    return File(
        position,
        entry.get("filename") or _filename_of(url),
        url,
        tuple([f"{algorithm}={digest}" for algorithm, digest in (entry.get("hashes") or {}).items()]),
        entry.get("requires-python") or None,
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        _metadata_hash(metadata),
        entry.get("size"),
    )


def _metadata_hash(advertised: object) -> str | None:
    if isinstance(advertised, dict):
        return next((f"{name}={digest}" for name, digest in advertised.items()), "")
    return "" if advertised else None


def _filename_of(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


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


def _entries_of_html(url: str, content_type: str, content: bytes) -> Iterator[_Entry]:
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type)
    parser = _Anchors()
    parser.feed(content.decode(charset[1] if charset else "utf-8", errors="replace"))
    base = urljoin(url, parser.base) if parser.base else url
    for attributes in parser.anchors:
        entry = _entry_of_anchor(base, attributes)
        yield entry["filename"], json.dumps(entry).encode()


def _entry_of_anchor(base: str, attributes: dict[str, str | None]) -> dict[str, Any]:
    """An anchor of a PEP 503 page as a PEP 691 page would have it."""
    link, _, fragment = urljoin(base, attributes["href"] or "").partition("#")
    digest = re.search(r"(?:^|&)(sha512|sha384|sha256|sha224|sha1|md5)=([^&]*)", fragment)
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    algorithm, _, value = (metadata or "").partition("=")
    return {
        "filename": _filename_of(link),
        "url": link,
        "hashes": {digest[1]: digest[2]} if digest else {},
        "requires-python": attributes.get("data-requires-python"),
        "yanked": (attributes["data-yanked"] or True) if "data-yanked" in attributes else False,
        "core-metadata": {algorithm: value} if value else metadata == "true",
    }
