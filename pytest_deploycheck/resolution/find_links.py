"""What ``--find-links`` names: folders, files and pages, as pip's ``index/sources.py`` looks into them."""

from __future__ import annotations

import mimetypes
import os
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.page import SDIST_EXTENSIONS, FoundFiles, IndexPage, ProjectPage, parse_page
from pytest_deploycheck.resolution.places import is_remote, local_path


class FindLinks:
    """The links of one source; what lies on this machine is looked at once.

    :param links: URLs of pages and files, and local folders, pages and files; one that is not there is passed over
    """

    def __init__(self, links: tuple[str, ...]) -> None:
        self._links = links

    @property
    def remote_pages(self) -> list[str]:
        """Pages of servers, to be asked for; a link to an archive names a candidate itself."""
        return [link for link in self._links if is_remote(link) and not _is_archive(link)]

    def files(self, project: str) -> ProjectPage:
        """The files of a project that links name themselves, or that lie in the folders they name."""
        urls = sorted((*self._linked, *self._in_folders.get(project, ())), reverse=True)
        files = (File(at, _filename(url), url, (), None, None, None, None) for at, url in enumerate(urls))
        return FoundFiles.among(project, files)

    def pages(self, project: str, machine: str) -> Iterator[IndexPage]:
        """What the HTML pages of this machine link of a project: those that are named, or lie in the folders named."""
        for url, content in self._local_pages:
            yield parse_page(project, url, "text/html", content, machine)

    @cached_property
    def _linked(self) -> tuple[str, ...]:
        remote = [link for link in self._links if is_remote(link) and _is_archive(link)]
        local = [_url(path) for path in self._local if path.is_file() and not _is_html(path)]
        return (*remote, *local)

    @cached_property
    def _in_folders(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for folder in filter(Path.is_dir, self._local):
            for each in folder.iterdir():
                if (project := _project_in_folder(each.name)) is not None:
                    found[project].append(_url(each))
        return dict(found)

    @cached_property
    def _local_pages(self) -> tuple[tuple[str, bytes], ...]:
        named = [page for path in self._local for page in (sorted(path.iterdir()) if path.is_dir() else [path])]
        return tuple((_url(page), page.read_bytes()) for page in named if page.is_file() and _is_html(page))

    @cached_property
    def _local(self) -> tuple[Path, ...]:
        return tuple(local_path(link) for link in self._links if not is_remote(link))


def _is_archive(link: str) -> bool:
    return urlsplit(link).path.endswith((".whl", *SDIST_EXTENSIONS))


def _project_in_folder(filename: str) -> str | None:
    """In a folder, unlike elsewhere, pip takes ``.tar.gz`` and ``.zip`` alone for source distributions."""
    try:
        return parse_wheel_filename(filename)[0]
    except InvalidWheelFilename:
        pass
    try:
        return canonicalize_name(parse_sdist_filename(filename)[0])
    except InvalidSdistFilename:
        return None


def _filename(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _url(path: Path) -> str:
    return Path(os.path.abspath(path)).as_uri()


def _is_html(path: Path) -> bool:
    return mimetypes.guess_type(path.name, strict=False)[0] == "text/html"
