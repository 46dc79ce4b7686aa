"""A project's page of an index: the files it offers, parsed only as far as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urljoin

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.file import HASH_ALGORITHMS, File
from pytest_deploycheck.resolution.http.answer import Unreachable
from pytest_deploycheck.resolution.page_entries import (
    ODDITIES,
    Entries,
    InvalidPage,
    entries_of_html,
    entries_of_json,
    entries_of_release,
    filename_of,
    in_words,
)
from pytest_deploycheck.resolution.versions import Release

# What pip unpacks; other files on a page (eggs, installers, signatures) are no candidates.
SDIST_EXTENSIONS = (
    ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
)  # fmt: skip


_JSON = "application/vnd.pypi.simple.v1+json"

ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


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


class IndexPage:
    """A project's page on an index.

    Of a page of 20,000 files only those of the few candidate versions are ever looked at. So the page is cut into its
    entries and these are grouped by the version in the file name, as text, and parsed when they are asked for. Files
    for other machines, which on many pages are most, are kept by name alone.

    :param releases: by version, what :func:`_line` makes of its files
    """

    def __init__(
        self, project: str, url: str, releases: dict[str, bytes], *, is_storable: bool = True, is_part: bool = False
    ) -> None:
        self.project = project
        # Whether there are only the files of the release that was asked for.
        self.is_part = is_part
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
            except ODDITIES as error:
                reason = f"answered with a project page that PEP 691 does not allow: {in_words(error)}"
                raise Unreachable(f"{self._url}: {reason}") from error
        return self._parsed[version]

    def _parse(self, release: bytes) -> list[File]:
        _, positions, entries = release.split(b"\t", 2)
        numbers = map(int, positions.split(b",")) if positions else ()
        return [
            _file(position, self._url, entry)
            for position, entry in zip(numbers, json.loads(b"[%b]" % entries), strict=True)
            if entry.get("url") is not None
        ]

    def names(self, version: str) -> Sequence[str]:
        """See :class:`ProjectPage`."""
        others = self._releases[version].partition(b"\t")[0].decode()
        return [*(file.filename for file in self.files(version)), *(others.split("/") if others else ())]

    def dump(self) -> bytes:
        """The page for the cache: a line for each version, so that reading it back parses nothing."""
        return b"\n".join((self._url.encode(), *(b"%b\t%b" % (v.encode(), r) for v, r in self._releases.items())))

    @classmethod
    def load(cls, project: str, dumped: bytes) -> IndexPage:
        """Read back what :meth:`dump` gave."""
        url, *lines = dumped.split(b"\n")
        parts = (line.partition(b"\t") for line in lines)
        return cls(project, url.decode(), {version.decode(): release for version, _, release in parts})


def parse_page(
    project: str,
    url: str,
    content_type: str,
    content: bytes,
    machine: str,
    bare: Callable[[str], str] = str,
    release: Release = (),
) -> IndexPage:
    """Read an answer of the simple API, JSON (PEP 691) or HTML (PEP 503).

    :param url: where the page was found after redirects: relative links start there
    :param machine: :attr:`.Target.machine`: wheels for other ones are kept by name alone
    :param bare: gives a link without the credentials in it, and keeps them
    :param release: no others are looked for, where that can be done
    :raises InvalidPage: it is neither
    """
    kind = content_type.partition(";")[0].strip().lower()
    part = entries_of_release(content, release) if release and kind == _JSON else None
    if part is not None:
        return IndexPage(project, url, _grouped(part, project, machine.split()), is_part=True)
    if kind == _JSON:
        entries = entries_of_json(url, content, bare)
    elif kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        entries = entries_of_html(url, content_type, content, bare)
    else:
        raise InvalidPage(f"{content_type or 'no content type'} where a project page was expected")
    releases = _grouped(entries, project, machine.split())
    return IndexPage(project, url, releases, is_storable=not entries.have_secrets)


def _grouped(entries: Entries, project: str, words: list[str]) -> dict[str, bytes]:
    # Every file of a page comes by here, and pages of 15,000 are common: that is why it is written out.
    first, last = words[0], words[-1]
    releases: dict[str, tuple[list[str], list[int]]] = {}
    before = release = None
    for position, name in enumerate(entries.names):
        # The files of a version mostly stand together, and up to its second dash a wheel's name tells which it is.
        stem = name[: name.find("-", name.find("-") + 1)] if name.endswith(".whl") else ""
        if not stem or stem != before:
            version = _version_in(name, project)
            release = releases.setdefault(version, ([], [])) if version else None
            before = stem
        if release is None:
            continue
        # On the safe side: what is let through is judged by its tags later.
        if not stem or (first in name and last in name) or "-any." in name or ".any." in name:
            release[1].append(position)
        else:
            release[0].append(name)
    return {version: _line(entries, *release) for version, release in releases.items()}


def _line(entries: Entries, others: list[str], positions: list[int]) -> bytes:
    """The files of one version: the names of those for other machines; places on the page and entries of the rest.

    One string for each version: as lists, those of a few hundred pages would be what garbage collection goes through.
    """
    # Line ends in JSON are blanks, or written as escapes.
    objects = b",".join(map(entries.entry, positions)).replace(b"\n", b" ")
    return b"\t".join(("/".join(others).encode(), ",".join(map(str, positions)).encode(), objects))


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
        filename = filename_of(address)
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
