"""Requirements that name a file, a folder or a repository themselves."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pytest_deploycheck.resolution.archive import SourceTree
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.sdist import Sdist, describe
from pytest_deploycheck.urls import path_of

# https://pip.pypa.io/en/stable/topics/vcs-support/
_REPOSITORY = re.compile(r"(?:git|hg|svn|bzr)(?:\+[a-z]+)?:")
_FRAGMENT_HASH = re.compile(r"(?:^|&)((?:sha512|sha384|sha256|sha224|sha1|md5)=[0-9a-fA-F]+)")


def is_repository(url: str) -> bool:
    """Whether a URL names a repository: what is in it is not asked for here."""
    return _REPOSITORY.match(url) is not None


def direct_file(link: str) -> File:
    """What a URL names, as a file like those of an index."""
    address, _, fragment = link.partition("#")
    name = unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2])
    digest = _FRAGMENT_HASH.search(fragment)
    hashes = (digest[1].lower(),) if digest else ()
    return File(0, name, address, hashes, None, None, None, None, _subdirectory(fragment))


def _subdirectory(fragment: str) -> str:
    return parse_qs(fragment).get("subdirectory", [""])[0].strip("/")


def link_key(link: str) -> tuple[object, ...]:
    """What two URLs have in common that pip takes for the same file (``links_equivalent``).

    Credentials, the order of a query and ``#egg=`` do not count; a hash in the fragment and ``#subdirectory=`` do.
    """
    address, _, fragment = link.partition("#")
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2] or ("localhost" if parts.scheme == "file" else "")
    query = tuple(sorted((name, *values) for name, values in parse_qs(parts.query).items()))
    return parts.scheme, host, parts.path, query, _subdirectory(fragment), direct_file(link).hashes


def local_folder(file: File) -> Path | None:
    """The folder that a file stands for, where it is one of this machine."""
    if not file.url.startswith("file:"):
        return None
    path = path_of(file.url)
    return path / file.subdirectory if path.is_dir() else None


def read_folder(folder: Path) -> Sdist:
    """What a project's own folder says of it, statically."""
    return describe(SourceTree.of_folder(folder))
