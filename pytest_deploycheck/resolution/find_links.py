"""What ``--find-links`` names: folders, files and pages, as pip's ``index/sources.py`` looks into them."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pytest_deploycheck.resolution.page import SDIST_EXTENSIONS, File, FoundFiles, IndexPage, ProjectPage, parse_page


def is_remote(link: str) -> bool:
    """Whether a link leads to a server."""
    return link.startswith(("http://", "https://"))


def is_remote_page(link: str) -> bool:
    """Whether a link leads to a page of a server; one to an archive names a candidate itself."""
    return is_remote(link) and not urlsplit(link).path.endswith((".whl", *SDIST_EXTENSIONS))


def linked_files(links: Sequence[str], project: str) -> ProjectPage:
    """The files of a project that links name themselves, or that lie in the folders they name."""
    urls = sorted((url for link in links for url in _file_urls(link, project)), reverse=True)
    files = (File(at, _filename(url), url, (), None, None, None, None) for at, url in enumerate(urls))
    return FoundFiles.among(project, files)


def local_pages(link: str, project: str, architecture: str) -> Iterator[IndexPage]:
    """What the HTML pages of this machine link of a project: the one that is named, or those in the folder named."""
    path = _path(link)
    for page in sorted(path.iterdir()) if path.is_dir() else [path]:
        if page.is_file() and _is_html(page):
            url = _url(page)
            yield parse_page(project, url, "text/html", page.read_bytes(), architecture)


def _file_urls(link: str, project: str) -> Iterator[str]:
    if is_remote(link):
        if not is_remote_page(link):
            yield link
        return
    # pip ignores a location that is not there, with a warning.
    path = _path(link)
    if path.is_dir():
        yield from (_url(each) for each in path.iterdir() if _project_in_folder(each.name) == project)
    elif path.is_file() and not _is_html(path):
        yield _url(path)


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


def _path(link: str) -> Path:
    return Path(url2pathname(urlsplit(link).path)) if link.startswith("file:") else Path(link)


def _filename(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _url(path: Path) -> str:
    return Path(os.path.abspath(path)).as_uri()


def _is_html(path: Path) -> bool:
    return mimetypes.guess_type(path.name, strict=False)[0] == "text/html"
