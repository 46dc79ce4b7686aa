"""A project's page of an index: the files it offers, parsed only as far as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import canonicalize_name

# What pip unpacks; other files on a page (eggs, installers, signatures) are no candidates.
SDIST_EXTENSIONS = (
    ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
)  # fmt: skip

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


class InvalidPage(ValueError):
    """An index answered with something that is no project page; the message says with what."""


class File(NamedTuple):
    """One distribution that an index offers.

    A tuple, since a page may hold 20,000 of them.

    :param position: its place on the page, which settles ties as pip settles them
    :param hashes: ``sha256=...`` and the like, as the index gives them; empty where it gives none
    :param yanked: the reason, perhaps empty; None where the file is not yanked (PEP 592)
    :param metadata: None: no separate metadata file (PEP 658); else its hash as ``sha256=...``, or ``""`` without one
    :param size: in bytes, None where the index does not say
    """

    position: int
    filename: str
    url: str
    hashes: tuple[str, ...]
    requires_python: str | None
    yanked: str | None
    metadata: str | None
    size: int | None

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl")

    @property
    def sha256(self) -> str | None:
        """The hex digest, where the index gives it."""
        return next((each[7:] for each in self.hashes if each.startswith("sha256=")), None)


@dataclass
class _Release:
    """The files whose names spell one version.

    :param files: those that a machine of the page's architecture could use, as tuples or as the cache has them
    :param others: the names of the other wheels, which only messages tell of
    """

    files: list[File] | bytes
    others: list[str]


@dataclass(frozen=True)
class ProjectPage:
    """The files of one project, grouped by the version that stands in the file name.

    The grouping is by text, without parsing versions, so that of a page of 20,000 files only those of the few
    candidate versions are ever looked at; and files for other architectures, which on many pages are most, are kept by
    name alone.
    """

    project: str
    _releases: dict[str, _Release]

    @property
    def versions(self) -> Iterable[str]:
        """The versions as the file names spell them, unparsed, in the order of the page."""
        return self._releases.keys()

    def files(self, version: str) -> list[File]:
        """The files whose names carry exactly this spelling of a version, in the order of the page."""
        release = self._releases[version]
        if isinstance(release.files, bytes):
            release.files = [_unpack(row) for row in json.loads(release.files)]
        return release.files

    def names(self, version: str) -> list[str]:
        """The names of all files of a version, those for other architectures included."""
        return [*(file.filename for file in self.files(version)), *self._releases[version].others]

    def dump(self) -> bytes:
        """The page for the cache: a line for each version, so that reading it back parses nothing."""
        lines = []
        for version, release in self._releases.items():
            rows = json.dumps([_pack(file) for file in self.files(version)], separators=(",", ":"))
            lines.append(f"{version}\t{'/'.join(release.others)}\t{rows}\n")
        return "".join(lines).encode()

    @classmethod
    def load(cls, project: str, dumped: bytes) -> ProjectPage:
        """Read back what :meth:`dump` gave."""
        releases: dict[str, _Release] = {}
        for line in dumped.splitlines():
            version, others, rows = line.split(b"\t", 2)
            releases[version.decode()] = _Release(rows, others.decode().split("/") if others else [])
        return cls(project, releases)

    @classmethod
    def merged(cls, project: str, pages: Sequence[ProjectPage]) -> ProjectPage:
        """Several pages of one project as one, the files of later pages behind those of earlier ones."""
        releases: dict[str, _Release] = {}
        start = 0
        for page in pages:
            last = 0
            for version, release in page._releases.items():
                found = [file._replace(position=start + file.position) for file in page.files(version)]
                last = max((last, *(file.position for file in found)))
                into = releases.setdefault(version, _Release([], []))
                into.files = [*(into.files if isinstance(into.files, list) else ()), *found]
                into.others += release.others
            start = last + 1
        return cls(project, releases)

    @classmethod
    def of_files(cls, project: str, files: Iterable[File]) -> ProjectPage:
        """Those of the files that are the project's."""
        groups: dict[str, list[File]] = {}
        for file in files:
            if version := _version_in(file.filename, project):
                groups.setdefault(version, []).append(file)
        return cls(project, {version: _Release(found, []) for version, found in groups.items()})


def parse_page(project: str, url: str, content_type: str, content: bytes, architecture: str) -> ProjectPage:
    """Read an answer of the simple API, JSON (PEP 691) or HTML (PEP 503).

    :param url: where the page was found after redirects: relative links start there
    :param architecture: ``x86_64``: wheels for other ones are kept by name alone
    :raises InvalidPage: it is neither
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        return _page_of_json(project, url, content, architecture)
    if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        return ProjectPage.of_files(project, _files_of_html(url, content_type, content))
    raise InvalidPage(f"{content_type or 'no content type'} where a project page was expected")


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


def _page_of_json(project: str, url: str, content: bytes, architecture: str) -> ProjectPage:
    releases: dict[str, tuple[list[File], list[str]]] = {}
    try:
        for position, entry in enumerate(json.loads(content)["files"]):
            name = entry.get("filename") or _filename_of(entry["url"])
            version = _version_in(name, project)
            if not version or "url" not in entry:
                continue
            files, others = releases.setdefault(version, ([], []))
            if _may_run_on(architecture, name):
                files.append(_file_of_json(position, url, name, entry))
            else:
                others.append(name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {error}") from error
    return ProjectPage(project, {version: _Release(*release) for version, release in releases.items()})


def _may_run_on(architecture: str, filename: str) -> bool:
    # Cheap, and on the safe side: what is let through is judged by its tags later.
    return architecture in filename or not filename.endswith(".whl") or "any" in filename or "universal" in filename


def _file_of_json(position: int, page_url: str, name: str, entry: dict[str, Any]) -> File:
    url = entry["url"]
    if not url.startswith(("https://", "http://")):
        url = urljoin(page_url, url)
    metadata = entry.get("core-metadata")
    if metadata is None:  # The name before PEP 714.
        metadata = entry.get("dist-info-metadata")
    yanked = entry.get("yanked")
    return File(
        position,
        name,
        url,
        tuple([f"{algorithm}={digest}" for algorithm, digest in entry.get("hashes", {}).items()]),
        entry.get("requires-python") or None,
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        _metadata_hash(metadata),
        entry.get("size"),
    )


def _metadata_hash(advertised: object) -> str | None:
    if isinstance(advertised, dict):
        return next((f"{name}={digest}" for name, digest in advertised.items()), "")
    if isinstance(advertised, str):
        return advertised if "=" in advertised else ""
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


def _files_of_html(url: str, content_type: str, content: bytes) -> Iterator[File]:
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type)
    parser = _Anchors()
    parser.feed(content.decode(charset[1] if charset else "utf-8", errors="replace"))
    base = urljoin(url, parser.base) if parser.base else url
    for position, attributes in enumerate(parser.anchors):
        yield _file_of_anchor(position, base, attributes)


def _file_of_anchor(position: int, base: str, attributes: dict[str, str | None]) -> File:
    link, _, fragment = urljoin(base, attributes["href"] or "").partition("#")
    digest = re.search(r"(?:^|&)((?:sha512|sha384|sha256|sha224|sha1|md5)=[^&]*)", fragment)
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    return File(
        position,
        _filename_of(link),
        link,
        (digest[1],) if digest else (),
        attributes.get("data-requires-python") or None,
        (attributes["data-yanked"] or "") if "data-yanked" in attributes else None,
        None if metadata is None or metadata == "false" else _metadata_hash(metadata),
        None,
    )


def _pack(file: File) -> list[object]:
    # Most URLs end with the file's name: it is stored once.
    short = file.url.removesuffix(file.filename)
    return [file.position, file.filename, short, short != file.url, *file[3:]]


def _unpack(row: list[Any]) -> File:
    position, filename, url, shortened, hashes, *rest = row
    return File(position, filename, url + filename if shortened else url, tuple(hashes), *rest)
