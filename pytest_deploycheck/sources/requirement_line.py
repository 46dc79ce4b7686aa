"""One line of a requirements file as a typed value: a requirement, a link, a path, or an editable one.

What counts as what follows pip 26.3 (``pip/_internal/req/constructors.py``) on Linux, which is where it will be read: a
path holds ``/`` or begins with a dot, and relative paths start where pip is started, not where the file lies.
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.requirement_mistakes import expected_instead

# pip 26.3, the schemes of vcs/git.py, mercurial.py, subversion.py and bazaar.py
REPOSITORY_SCHEMES = {
    "bzr": ("http", "https", "ssh", "sftp", "ftp", "lp", "file"),
    "git": ("http", "https", "ssh", "git", "file"),
    "hg": ("file", "http", "https", "ssh", "static-http"),
    "svn": ("ssh", "http", "https", "svn", "file"),
}
VCS_SCHEMES = frozenset(f"{vcs}+{scheme}" for vcs, schemes in REPOSITORY_SCHEMES.items() for scheme in schemes)
URL_SCHEMES = frozenset({"http", "https", "file", "ftp"}) | VCS_SCHEMES
# pip 26.3, utils/filetypes.py
ARCHIVES = frozenset(
    {".zip", ".whl", ".tar.bz2", ".tbz", ".tar.gz", ".tgz", ".tar", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"}
)
EGG = re.compile(r"[#&]egg=([^&]*)")
PROJECT_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?\n?", re.IGNORECASE)
# https://pip.pypa.io/en/stable/topics/vcs-support/#git: a branch or a tag may move.
_COMMIT = re.compile(r"@[0-9a-f]{40}$")
WITH_EXTRAS = re.compile(r"(.+)(\[[^\]]+\])\n?")


class BadRequirement(ValueError):
    """A requirement that pip refuses: the message says what was expected."""


@dataclass(frozen=True, repr=False)
class RequirementLine:
    """A requirement as the user wrote it.

    :param location: its first physical line; the column is where the line's text begins
    :param text: the logical line, without comment and credentials, its variables not expanded
    :param requirement: with its marker; None where a link or a path has no name
    :param link: what pip would fetch: a URL, that of a repository, or a path's ``file:`` URL; it may hold credentials
    :param hashes: algorithm and hexadecimal digest in lower case, in their order; any one of them suffices
    :param constraint: it only says which versions may be installed, not that one is
    :param extras: of the requirement or the path
    :param marker: also where there is no name; it has to hold for the target, else the line says nothing
    :param config_settings: for the build backend
    """

    location: Location
    text: str
    requirement: Requirement | None = field(repr=False)
    link: str | None = field(default=None, repr=False)
    editable: bool = False
    hashes: tuple[tuple[str, str], ...] = ()
    constraint: bool = False
    extras: tuple[str, ...] = ()
    marker: Marker | None = None
    config_settings: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> NormalizedName | None:
        """The canonical project name: the requirement's, else an sdist's by its file name; None where neither says."""
        if self.requirement is not None:
            return canonicalize_name(self.requirement.name)
        try:
            return parse_sdist_filename(_filename(self.link or ""))[0]
        except InvalidSdistFilename:
            return None

    @property
    def is_pinned(self) -> bool:
        """Whether there is one version that it allows, next week as today.

        That is ``==`` without a wildcard, ``===``, a file or a folder, and a commit of a repository by its whole hash.
        """
        if self.link:
            scheme, _, rest = self.link.partition("+")
            return scheme not in REPOSITORY_SCHEMES or bool(_COMMIT.search(urlsplit(rest).path))
        specifiers = self.requirement.specifier if self.requirement else ()
        return any(
            each.operator == "===" or (each.operator == "==" and not each.version.endswith(".*")) for each in specifiers
        )

    def __repr__(self) -> str:
        return f"<requirement {self.text}, {self.location}>"


@dataclass(frozen=True)
class Reference:
    """What a line's text refers to."""

    requirement: Requirement | None
    link: str | None = None
    marker: Marker | None = None
    extras: frozenset[str] = frozenset()


def read_requirement(text: str, directory: str) -> Reference:
    """A requirement, URL or path, each with an optional marker.

    :param directory: where pip is started
    :raises BadRequirement: pip refuses it
    """
    # In a URL a semicolon may be part of the path, so only one with a blank after it begins the marker.
    text, separator, condition = text.partition("; " if is_url(text) else ";")
    marker = _marker(text, condition.strip()) if separator else None
    text = text.strip()
    reference = _url(text, directory) if is_url(text) else _path_or_name(text, directory)
    _check_local(reference.link)
    reference = replace(reference, link=_located(reference.link, directory))
    return replace(reference, marker=marker) if marker else reference


def read_editable(text: str, directory: str) -> Reference:
    """What ``-e`` takes: a path with optional extras, the URL of a repository, or ``name @ URL``.

    :raises BadRequirement: pip refuses it
    """
    reference = _named_editable(text) or _unnamed_editable(text, directory)
    link = reference.link or ""
    if _scheme(link) not in VCS_SCHEMES and not link.startswith("file:"):
        raise BadRequirement(
            "-e takes the directory of a project, relative to where pip is started, or the URL of a repository such as "
            f"git+https://host/owner/project.git#egg=project; '{text}' is neither" + _existing(text, directory)
        )
    if reference.requirement is None and not link.startswith("file:"):
        raise BadRequirement('the project\'s name is missing: write -e "name @ URL", or append #egg=name to the URL')
    _check_local(link)
    return replace(reference, link=_located(reference.link, directory))


def constraint_problem(line: RequirementLine) -> str | None:
    """Why pip refuses a line as a constraint, None where it does not (``check_invalid_constraint_type``)."""
    if line.requirement is None:
        return "a constraint needs a name: write name @ URL"
    if line.extras:
        return f"a constraint has no extras: drop [{','.join(line.extras)}] here, the requirement keeps it"
    return None


def _url(url: str, directory: str) -> Reference:
    link = _link(url)
    if _scheme(link) == "file" and "../" in link:
        link = _file_url(os.path.join(directory, unquote(urlsplit(link).path)))
    return _of_link(link)


def _path_or_name(text: str, directory: str) -> Reference:
    # pip parses both, the extras first, so ``name[a b]`` is refused here already.
    path, extras = _without_extras(_absolute(text, directory))
    # A backslash separates nothing on Linux, so on Windows too nothing is found by it.
    here = "\\" not in text
    if here and _looks_like_path(text) and os.path.isdir(path):
        if not any(os.path.isfile(os.path.join(path, name)) for name in ("pyproject.toml", "setup.py")):
            raise BadRequirement(f"the directory '{text}' is no project: it has neither pyproject.toml nor setup.py")
        return replace(_of_link(_file_url(path)), extras=extras)
    if _is_archive(path) and ((here and os.path.isfile(path)) or not _names_a_url(text)):
        return replace(_of_link(_file_url(path)), extras=extras)
    return _of_requirement(_requirement(text, directory))


def _names_a_url(text: str) -> bool:
    name, at, _ = text.partition("@")
    return bool(at) and not _looks_like_path(name)


def _of_link(link: str) -> Reference:
    """A link, with the requirement that its wheel's file name or its ``#egg=`` gives."""
    link = _link(link)
    if _extension(_filename(link)) == ".whl":
        try:
            name, version, _, _ = parse_wheel_filename(_filename(link))
        except InvalidWheelFilename as error:
            raise BadRequirement(
                f"not the file name of a wheel, NAME-VERSION-PYTHON-ABI-PLATFORM.whl: {error}"
            ) from None
        return Reference(_requirement(f"{name}=={version}", ""), link)
    egg = EGG.search(link)
    return Reference(_requirement(egg[1], "") if egg else None, link)


def _of_requirement(requirement: Requirement) -> Reference:
    link = _link(requirement.url) if requirement.url else None
    return Reference(requirement, link, requirement.marker, frozenset(requirement.extras))


def _named_editable(text: str) -> Reference | None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if not requirement.url:
        return None
    named = Requirement(requirement.name)
    named.marker = requirement.marker
    return Reference(named, _link(requirement.url), requirement.marker, frozenset(requirement.extras))


def _unnamed_editable(text: str, directory: str) -> Reference:
    path, extras = _without_extras(text)
    if path and os.path.isdir(os.path.join(directory, path)):
        path = _file_url(os.path.join(directory, path))
    if path.lower().startswith("file:"):
        return replace(_editable_link(path), extras=extras)
    for vcs in REPOSITORY_SCHEMES:
        if text.lower().startswith(f"{vcs}:"):
            return _editable_link(f"{vcs}+{text}")
    return _editable_link(text)


def _editable_link(url: str) -> Reference:
    link = _link(url)
    egg = EGG.search(link)
    return Reference(Requirement(egg[1]) if egg else None, link)


def _requirement(text: str, directory: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise BadRequirement(expected_instead(text, str(error)) + _existing(text, directory)) from None


def _existing(text: str, directory: str) -> str:
    """A hint, where a refused text is a file that exists."""
    if text and os.path.isfile(_absolute(text, directory)):
        return f"; the file exists: if it holds requirements, write -r {text}"
    return ""


def _marker(text: str, condition: str) -> Marker | None:
    if not condition:
        return None
    try:
        return Marker(condition)
    except InvalidMarker as error:
        reason = str(error).splitlines()[0]
        raise BadRequirement(
            f"'{condition}' is no marker ({reason}): after the semicolon stands a condition such as "
            'python_version < "3.12" or sys_platform == "win32"'
        ) from None


def _link(url: str) -> str:
    """A URL that pip can take apart, with a usable ``#egg=`` if it has one."""
    if url.startswith("\\\\"):
        url = _file_url(url)
    _scheme(url)
    egg = EGG.search(url)
    if egg and not PROJECT_NAME.fullmatch(egg[1]):
        raise BadRequirement(f"#egg= takes a project's name and nothing else, not '{egg[1]}': write name[extra] @ URL")
    return url


def _check_local(link: str | None) -> None:
    """pip stops at a ``file:`` URL in capitals or of another machine."""
    if link and _scheme(link) == "file" and not is_local_url(link):
        host = urlsplit(link).netloc
        raise BadRequirement(f"file: is for files of this machine, not of '{host}', in lower case: write file:///path")


def _located(link: str | None, directory: str) -> str | None:
    """A link, absolute where it is a ``file:`` URL of a place relative to the directory in which pip is started.

    Not made simpler: for pip ``file:./pkg`` and ``file:pkg`` are two places, and both are others than ``./pkg``.
    """
    if not link or not link.startswith("file:") or urlsplit(link).path.startswith("/"):
        return link
    return f"{Path(directory).as_uri()}/./{link.removeprefix('file:')}"


def is_local_url(url: str) -> bool:
    """Whether a URL names a file of this machine, in a way that pip understands."""
    return url.startswith("file:") and urlsplit(url).netloc in ("", "localhost")


def is_url(text: str) -> bool:
    """Whether a text is a URL of a scheme that pip knows."""
    return _scheme(text) in URL_SCHEMES


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError as error:
        raise BadRequirement(f"the URL cannot be taken apart: {error}") from None


def _filename(link: str) -> str:
    return posixpath.basename(unquote(urlsplit(link).path).rstrip("/"))


def _looks_like_path(text: str) -> bool:
    return "/" in text or text.startswith(".")


def _extension(path: str) -> str:
    stem, extension = posixpath.splitext(path)
    return stem[-4:] + extension if stem.lower().endswith(".tar") else extension


def _is_archive(path: str) -> bool:
    return _extension(path).lower() in ARCHIVES


def _without_extras(text: str) -> tuple[str, frozenset[str]]:
    found = WITH_EXTRAS.fullmatch(text)
    if not found:
        return text, frozenset()
    try:
        return found[1].rstrip(), frozenset(Requirement(f"x{found[2].lower()}").extras)
    except InvalidRequirement:
        raise BadRequirement(f"{found[2]} is no list of extras: write [extra] or [extra,other]") from None


def _absolute(path: str, directory: str) -> str:
    return os.path.normpath(os.path.join(directory, path))


def _file_url(path: str) -> str:
    return Path(os.path.abspath(path)).as_uri()
