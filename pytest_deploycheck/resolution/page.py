"""A project's page of an index: the files it offers, parsed only as far as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    :param metadata: None: no separate metadata file (PEP 658); else its hash as ``sha256=...``, or ``""`` where none is given
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


@dataclass(frozen=True)
class ProjectPage:
    """The files of one project, grouped by the version that stands in the file name.

    The grouping is by text, without parsing versions, so that of a page of 20,000 files only those of the few
    candidate versions are ever looked at.
    """

    project: str
    _groups: dict[str, list[File] | bytes]

    @property
    def versions(self) -> Iterable[str]:
        """The versions as the file names spell them, unparsed, in the order of the page."""
        return self._groups.keys()

    def files(self, version: str) -> list[File]:
        """The files whose names carry exactly this spelling of a version, in the order of the page."""
        group = self._groups[version]
        if isinstance(group, bytes):
            group = [_unpack(row) for row in json.loads(group)]
            self._groups[version] = group
        return group

    def dump(self) -> bytes:
        """The page for the cache: a line for each version, so that reading it back parses nothing."""
        lines = []
        for version in self._groups:
            rows = json.dumps([_pack(file) for file in self.files(version)], separators=(",", ":"))
            lines.append(f"{version}\t{rows}\n")
        return "".join(lines).encode()

    @classmethod
    def merged(cls, project: str, pages: Sequence[ProjectPage]) -> ProjectPage:
        """Several pages of one project as one, the files of later pages behind those of earlier ones."""
        groups: dict[str, list[File]] = {}
        start = 0
        for page in pages:
            files = [(version, file) for version in page.versions for file in page.files(version)]
            for version, file in files:
                groups.setdefault(version, []).append(file._replace(position=start + file.position))
            start += 1 + max((file.position for _, file in files), default=0)
        return cls(project, dict(groups))

    @classmethod
    def of_files(cls, project: str, files: Iterable[File]) -> ProjectPage:
        """Those of the files that are the project's."""
        return cls(project, _grouped(project, files))

    @classmethod
    def load(cls, project: str, dumped: bytes) -> ProjectPage:
        """Read back what :meth:`dump` gave."""
        groups: dict[str, list[File] | bytes] = {}
        for line in dumped.splitlines():
            version, _, rows = line.partition(b"\t")
            groups[version.decode()] = rows
        return cls(project, groups)


def parse_page(project: str, url: str, content_type: str, content: bytes) -> ProjectPage:
    """Read an answer of the simple API, JSON (PEP 691) or HTML (PEP 503).

    :param url: where the page was found after redirects: relative links start there
    :raises InvalidPage: it is neither
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        files = _files_of_json(url, content)
    elif kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        files = _files_of_html(url, content_type, content)
    else:
        raise InvalidPage(f"{content_type or 'no content type'} where a project page was expected")
    return ProjectPage.of_files(project, files)


def _grouped(project: str, files: Iterable[File]) -> dict[str, list[File] | bytes]:
    groups: dict[str, list[File]] = {}
    for file in files:
        version = _version_in(file.filename, project)
        if version:
            groups.setdefault(version, []).append(file)
    return dict(groups)


def _version_in(filename: str, project: str) -> str | None:
    """The version that a file name spells, None where it is no file of this project or of no known format."""
    if filename.endswith(".whl"):
        name, _, rest = filename.partition("-")
        return rest.partition("-")[0] if canonicalize_name(name) == project else None
    for extension in SDIST_EXTENSIONS:
        if filename.endswith(extension):
            return _version_of_sdist(filename.removesuffix(extension), project)
    return None


def _version_of_sdist(stem: str, project: str) -> str | None:
    # Both parts may hold dashes (`backports.csv-1.0-2`); pip takes the first dash before which the name fits.
    dash = stem.find("-")
    while dash != -1:
        if canonicalize_name(stem[:dash]) == project:
            return stem[dash + 1 :] or None
        dash = stem.find("-", dash + 1)
    return None


def _files_of_json(url: str, content: bytes) -> Iterator[File]:
    try:
        entries = json.loads(content)["files"]
        for position, entry in enumerate(entries):
            if "url" in entry:
                yield _file_of_json(position, url, entry)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidPage(f"JSON that is no project page (PEP 691): {error}") from error


def _file_of_json(position: int, page_url: str, entry: dict[str, Any]) -> File:
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
        tuple(f"{name}={digest}" for name, digest in entry.get("hashes", {}).items()),
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
