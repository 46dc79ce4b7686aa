"""Requirements files, read as pip reads them: with the files they include, their options, and every line that is wrong.

https://pip.pypa.io/en/stable/reference/requirements-file-format/ and pip 26.3 itself, by tests/differential/.
Nothing is fetched and nothing is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from packaging.requirements import Requirement

from pytest_deploycheck.location import Location
from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.sources.requirement_line import (
    BadRequirement,
    Reference,
    RequirementLine,
    constraint_problem,
    is_local_url,
    is_url,
    read_editable,
    read_requirement,
)
from pytest_deploycheck.sources.requirements_options import (
    CONTROLS,
    HASHES,
    OF_A_REQUIREMENT,
    BadOptions,
    FormatControl,
    IndexOptions,
    LineOptions,
    ReleaseControl,
    requirement_and_options,
)
from pytest_deploycheck.sources.requirements_text import LogicalLine, Undecodable, decoded, logical_lines, redacted
from pytest_deploycheck.urls import path_of

if TYPE_CHECKING:
    from pytest_deploycheck.resolution.locked.pylock import Pylock

__all__ = [
    "FormatControl",
    "Given",
    "IndexOptions",
    "Problem",
    "ReleaseControl",
    "RequirementLine",
    "RequirementsFile",
    "read_given",
    "read_requirements",
]

URL = re.compile(r"(?:https?|file):", re.IGNORECASE)
# On a line of options, these say nothing; on a line with a requirement, only they do.
OF_OPTION_LINES = frozenset(
    {
        *("index_url", "extra_index_url", "no_index", "find_links", "trusted_host"),
        *("prefer_binary", "require_hashes", "no_require_hashes", "pre", "use_feature"),
    }
)


@dataclass(frozen=True)
class Problem:
    """A line that does not say what its author meant.

    :param text: what stands there, without credentials
    :param expected: what was expected and what to do
    :param refused: whether pip refuses it; False where it could not be read here, and for a warning
    """

    location: Location
    text: str
    expected: str
    refused: bool = True

    def __str__(self) -> str:
        verdict = "pip refuses this" if self.refused else "this could not be read"
        return f"{self.location}: {verdict}{f': {self.text}' if self.text else ''}: {self.expected}"


@dataclass(frozen=True)
class RequirementsFile:
    """A requirements file, with all that it includes.

    :param path: relative to the root, with forward slashes
    :param lines: the requirements in pip's order, those of included files where they are included
    :param constraints: likewise
    :param problems: every line that pip refuses, and what could not be read here and so is unknown
    :param warnings: what pip accepts at first, but ignores without a word or cannot use later
    :param files: every file read, in that order
    :param without_dependencies: whether pip is told ``--no-deps``
    :param pylocks: the ``pylock.toml`` files that are given beside them, or alone; their packages are among the lines
    """

    path: str
    lines: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    options: IndexOptions = field(default_factory=IndexOptions)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()
    without_dependencies: bool = False
    pylocks: tuple[Pylock, ...] = ()

    @property
    def hash_checking(self) -> bool:
        """Whether every distribution needs a hash."""
        return self.options.checks_hashes(any(line.hashes for line in (*self.lines, *self.constraints)))


def read_requirements(
    path: Path,
    root: Path,
    environ: Mapping[str, str],
    *,
    directory: Path | None = None,
    constraint: bool = False,
    content: bytes | None = None,
) -> RequirementsFile:
    """Read a requirements file and what it includes.

    :param root: of the repository; locations are relative to it
    :param environ: what ``${VARIABLE}`` is taken from
    :param directory: where pip is started, which relative paths of projects and archives start from; default: the root
    :param constraint: it is given with ``-c``, not with ``-r``
    :param content: what is read in place of the file, which need not be there then
    :raises FileNotFoundError: there is no such file; an included one that is missing is a :class:`Problem`
    """
    start = os.path.abspath(root / path)
    data = Path(start).read_bytes() if content is None else content
    reading = _Reading(root, os.path.abspath(root if directory is None else directory), environ)
    reading.file(start, data, constraint, {start: None})
    return reading.result(start)


@dataclass(frozen=True)
class Given:
    """What pip is given on its command line, or by its variables.

    :param location: where it stands
    :param text: as a requirements file would have it: an option with its value, ``-r`` and a path, a requirement
    :param shown: the same to be shown, without values of variables
    :param secrets: variables whose values stand in the text, with these
    """

    location: Location
    text: str
    shown: str
    secrets: tuple[tuple[str, str], ...] = ()


def read_given(
    path: str, given: Sequence[Given], root: Path, environ: Mapping[str, str], directory: Path
) -> RequirementsFile:
    """Read what pip is given beside, or in place of, a requirements file.

    :param path: what it is named after, relative to the root: its first requirements file, or where the command stands
    :param given: in pip's order: options, constraints, requirements, files
    :param directory: where pip is started
    """
    reading = _Reading(root, os.path.abspath(directory), environ)
    for each in given:
        place = each.location
        line = LogicalLine(place.line, place.column, each.shown, each.text, each.secrets)
        reading.line(line, os.path.abspath(root / place.path), constraint=False, including={})
    return reading.result(os.path.abspath(root / path))


def unreadable(path: str, error: OSError) -> RequirementsFile:
    """A file of which nothing can be known, since the disk does not give it.

    :param path: relative to the root, with forward slashes
    """
    problem = Problem(Location(path), "", f"the file cannot be read here: {reason_of(error)}", refused=False)
    return RequirementsFile(path, problems=(problem,))


class _Reading:
    """One walk through a file and its included files: the values of pip's accumulate over them all."""

    def __init__(self, root: Path, directory: str, environ: Mapping[str, str]) -> None:
        self._root = os.path.abspath(root)
        self._directory = directory
        self._environ = environ
        self._options = IndexOptions()
        self._lines: list[RequirementLine] = []
        # Dictionaries, because a file that is included twice is read twice, as pip does, and reported once.
        self._problems: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._files: dict[str, None] = {}

    def result(self, start: str) -> RequirementsFile:
        return RequirementsFile(
            path=self._relative(start),
            lines=tuple(line for line in self._lines if not line.constraint),
            constraints=tuple(line for line in self._lines if line.constraint),
            options=self._options,
            problems=tuple(self._problems),
            warnings=tuple(self._warnings),
            files=tuple(self._files),
        )

    def file(self, reference: str, data: bytes, constraint: bool, including: Mapping[str, str | None]) -> None:
        """Read a file.

        :param reference: its absolute path, or ``file:`` URL
        :param including: the files that lead here, each with the file that includes it
        """
        path = self._relative(reference)
        self._files[path] = None
        try:
            # pip takes what it has from a URL for UTF-8, without looking for a byte order mark.
            content = data.decode(errors="replace") if URL.match(reference) else decoded(data)
        except Undecodable as error:
            expected = (
                f"text in UTF-8 was expected: {error}; save the file as UTF-8, or name its encoding in a first line"
            )
            problem = Problem(
                Location(path, error.line, error.column), "", f"{expected} such as # -*- coding: latin-1 -*-"
            )
            self._problems[problem] = None
            return
        for line in logical_lines(content, self._environ):
            self.line(line, reference, constraint, including)

    def line(self, line: LogicalLine, reference: str, constraint: bool, including: Mapping[str, str | None]) -> None:
        """Read a line; one that pip refuses is a problem."""
        try:
            self._line(line, reference, constraint, including)
        except (BadRequirement, BadOptions) as error:
            self._problem(line, reference, str(error))

    def _line(self, line: LogicalLine, reference: str, constraint: bool, including: Mapping[str, str | None]) -> None:
        text, options = requirement_and_options(line.expanded)
        self._options = self._options.with_controls(options)
        editables = options.values("editable")
        if text or editables:
            self._lines.append(self._requirement(line, reference, text or editables[0], options, constraint))
        elif options.says("requirement") or options.says("constraint"):
            self._included(line, reference, options, including)
        else:
            self._options = self._options.with_line(options, os.path.dirname(reference))
        self._warn(line, reference, options, bool(text or editables))

    def _requirement(
        self, line: LogicalLine, reference: str, text: str, options: LineOptions, constraint: bool
    ) -> RequirementLine:
        editable = options.says("editable")
        if editable and constraint:
            raise BadRequirement("a constraint cannot be editable: give a name and versions, such as name==1.0")
        read = (read_editable if editable else read_requirement)(text, self._directory)
        hashes = () if editable else options.values("hash")
        settings = [value.partition("=") for value in options.values("config_settings")]
        result = RequirementLine(
            location=self._location(line, reference),
            text=line.text,
            requirement=_with_marker(read),
            link=read.link,
            editable=editable,
            hashes=tuple(
                (algorithm, digest.lower()) for algorithm, _, digest in (each.partition(":") for each in hashes)
            ),
            constraint=constraint,
            extras=tuple(sorted(read.extras)),
            marker=read.marker,
            config_settings=tuple((key, value) for key, _, value in settings),
        )
        for expected in _unusable(read):
            self._problem(line, reference, expected, refused=False, to=self._warnings)
        problem = constraint_problem(result) if constraint else None
        if problem:
            raise BadRequirement(problem)
        return result

    def _included(
        self, line: LogicalLine, reference: str, options: LineOptions, including: Mapping[str, str | None]
    ) -> None:
        """Read the file that a line names: its first ``-r``, else its first ``-c``."""
        constraint = not options.says("requirement")
        named = options.values("constraint" if constraint else "requirement")[0]
        target = _target(named, reference)
        if target in including:
            raise BadOptions(f"{named} is the file that leads here: a file cannot include itself, delete this line")
        if URL.match(target) and not target.lower().startswith("file:"):
            expected = (
                "files from the network are not read here, what it asks for is unknown: keep a copy in the repository"
            )
            self._problem(line, reference, expected, refused=False)
            return
        try:
            if "\\" in named and os.sep == "\\":
                raise FileNotFoundError("on the platform a backslash is part of the name")
            if URL.match(target) and not (target.startswith("file://") and is_local_url(target)):
                raise FileNotFoundError("a file: URL is written file:///path")
            data = _path(target).read_bytes()
        except (OSError, ValueError) as error:
            separator = "; directories are separated by / on the platform" if "\\" in line.text else ""
            raise BadOptions(
                f"the file {self._relative(target)} cannot be read ({reason_of(error)}): "
                f"the path is relative to the file that this line stands in{separator}"
            ) from None
        self.file(target, data, constraint, {**including, target: reference})

    def _warn(self, line: LogicalLine, reference: str, options: LineOptions, is_requirement: bool) -> None:
        for expected in (*_ignored(options, is_requirement), *_impossible_hashes(options)):
            self._problem(line, reference, expected, refused=False, to=self._warnings)

    def _problem(
        self,
        line: LogicalLine,
        reference: str,
        expected: str,
        *,
        refused: bool = True,
        to: dict[Problem, None] | None = None,
    ) -> None:
        problem = Problem(self._location(line, reference), line.text, line.showable(expected), refused)
        (self._problems if to is None else to)[problem] = None

    def _location(self, line: LogicalLine, reference: str) -> Location:
        return Location(self._relative(reference), line.line, line.column)

    def _relative(self, reference: str) -> str:
        if URL.match(reference) and not reference.lower().startswith("file:"):
            return redacted(reference)
        path = _path(reference)
        try:
            return Path(os.path.relpath(path, self._root)).as_posix()
        except ValueError:  # On another drive of Windows.
            return path.as_posix()


def _with_marker(read: Reference) -> Requirement | None:
    """The requirement, with the marker that stands on the line."""
    if read.requirement is not None:
        read.requirement.marker = read.marker
    return read.requirement


def _target(named: str, reference: str) -> str:
    """What ``-r`` or ``-c`` names: an absolute path or a URL, relative to the file that names it."""
    if URL.match(reference):
        return urljoin(reference, named)
    if URL.match(named):
        return named
    return os.path.abspath(os.path.join(os.path.dirname(reference), named))


def _path(reference: str) -> Path:
    if URL.match(reference):
        return path_of(reference)
    return Path(reference)


def _ignored(options: LineOptions, is_requirement: bool) -> Iterator[str]:
    """What pip drops without a word, because it stands on a line of another kind."""
    if options.says("editable"):
        effective, place = frozenset({"editable", "config_settings"}), "on a line with -e"
    elif is_requirement:
        effective, place = OF_A_REQUIREMENT, "on a line with a requirement"
    elif options.says("requirement"):
        effective, place = frozenset({"requirement"}), "on a line with -r"
    elif options.says("constraint"):
        effective, place = frozenset({"constraint"}), "on a line with -c"
    else:
        effective, place = OF_OPTION_LINES, "on a line of options"
    for words in options.without_effect(effective | CONTROLS):
        if words.startswith("--hash"):
            yield f"pip ignores {words} {place}: a hash belongs to a requirement on the same logical line"
        else:
            yield f"pip ignores '{words}' {place}: give it a line of its own"


def _unusable(read: Reference) -> Iterator[str]:
    """What pip refuses only when it comes to fetch it."""
    if read.link and read.link.startswith("file:") and not _path(read.link).exists():
        yield "there is no such file, installing it will fail (relative paths start where pip is started)"
    if read.requirement and read.requirement.url and not is_url(read.requirement.url):
        name, address = read.requirement.name, read.requirement.url
        yield (
            f"pip takes this for the project '{name}' at the address '{address}', which it cannot fetch: "
            "write name @ https://..., or name @ git+ssh://git@host/owner/project.git for a repository"
        )


def _impossible_hashes(options: LineOptions) -> Iterator[str]:
    for value in options.values("hash"):
        algorithm, _, digest = value.partition(":")
        if not re.fullmatch(f"[0-9a-fA-F]{{{HASHES[algorithm]}}}", digest):
            yield f"no file has the hash {value}: {algorithm} has {HASHES[algorithm]} hexadecimal digits"
