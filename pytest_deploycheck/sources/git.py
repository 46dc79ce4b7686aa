"""What git has of a repository: which files, how they are stored, and which it ignores.

git itself is asked, since only it knows all of its rules. Nothing that a repository configures is run: no hook, no
file system monitor, no helper that would fetch what is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

# https://git-scm.com/docs/git-config: what a repository could name a program with, and who may own it.
_HARMLESS = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never"),
    *("-c", "safe.directory=*"),
)
_SECONDS = 60
_MOST_AT_ONCE = 200

_PROGRAM = "100755"
_LINK = "120000"
_SUBMODULE = "160000"


class NoGit(Exception):
    """There is no git to ask."""


class GitFault(Exception):
    """git does not answer: the message says why."""


@dataclass(frozen=True)
class TrackedFile:
    """A file that git has.

    :param path: relative to the folder asked about, with forward slashes, spelled as in git
    :param mode: ``100644``, ``100755`` for a program, ``120000`` for a link, ``160000`` for a submodule
    """

    path: str
    mode: str

    @property
    def is_program(self) -> bool:
        """Whether it may be run; of a link, what it leads to decides."""
        return self.mode in (_PROGRAM, _LINK)


@dataclass(frozen=True)
class IgnoreRule:
    """Why a file is ignored.

    :param file: relative to the folder asked about; empty for a rule that is not in the repository
    """

    file: str
    line: int
    pattern: str


@dataclass(frozen=True)
class LineEndings:
    """How the lines of a file end.

    :param stored: as git has it: ``lf``, ``crlf``, ``mixed``, ``none`` or ``-text``
    :param attributes: what ``.gitattributes`` says, such as ``text eol=crlf``
    """

    stored: str
    attributes: str

    @property
    def is_crlf(self) -> bool:
        """Whether the lines end with CRLF in a checkout on Linux."""
        return self.stored == "crlf" or ("eol=crlf" in self.attributes and self.stored == "lf")


class Git:
    """A folder in a repository of git.

    :raises NoGit: by each question
    :raises GitFault: likewise
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def files(self) -> Mapping[str, TrackedFile]:
        """All that it has below the folder, by path: what is committed, or will be with the next commit."""
        found = {}
        for entry in self._ask("ls-files", "-s", "-z").split("\0")[:-1]:
            description, _, path = entry.partition("\t")
            found[path] = TrackedFile(path, description.partition(" ")[0])
        return found

    @cached_property
    def _by_folded_path(self) -> Mapping[str, TrackedFile]:
        return {path.casefold(): each for path, each in self.files.items()}

    def like(self, path: str) -> TrackedFile | None:
        """The file of a path, or one that differs in capitals only."""
        return self.files.get(path) or self._by_folded_path.get(path.casefold())

    def is_in_submodule(self, path: str) -> bool:
        """Whether a path lies in another repository, of which this one only knows the commit."""
        folders = map(str, PurePath(path).parents)
        return any(self.files[each].mode == _SUBMODULE for each in folders if each in self.files)

    def ignored(self, paths: Iterable[str]) -> Mapping[str, IgnoreRule]:
        """Those of some paths that are ignored and not there nevertheless, each with the rule."""
        asked = "\0".join(paths)
        answer = self._ask("check-ignore", "-z", "-v", "--stdin", given=asked, fine=(0, 1)).split("\0")[:-1]
        found = {}
        for file, line, pattern, path in zip(*(answer[at::4] for at in range(4)), strict=True):
            if not pattern.startswith("!"):
                found[path] = IgnoreRule(self._shown(file), int(line or 0), pattern)
        return found

    def _shown(self, file: str) -> str:
        """A file of rules, which git names from the top of the repository on, seen from the folder."""
        top = top_of_repository(self._folder)
        if top is None or PurePath(file).is_absolute():
            return ""
        return Path(os.path.relpath(top / file, self._folder)).as_posix()

    def line_endings(self, paths: Sequence[str]) -> Mapping[str, LineEndings]:
        """Of some files that it has."""
        return dict(
            pair
            for start in range(0, len(paths), _MOST_AT_ONCE)
            for pair in self._endings(paths[start:][:_MOST_AT_ONCE])
        )

    def uncommitted(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Why the content of files could not be had back from the last commit, by path; those that could are left out.

        Files are compared here: git would run the filters that a repository names.
        """
        found = {}
        for path in paths:
            if not self._ask("rev-parse", "--verify", "--quiet", f"HEAD:./{path}", fine=(0, 1, 128)):
                found[path] = "it has uncommitted changes" if path in self.files else "git does not have it"
                continue
            committed = self._ask("cat-file", "blob", f"HEAD:./{path}").encode("utf-8", errors="surrogateescape")
            if _unix(committed) != _unix((self._folder / path).read_bytes()):
                found[path] = "it has uncommitted changes"
        return found

    def _endings(self, paths: Sequence[str]) -> Iterator[tuple[str, LineEndings]]:
        for entry in self._ask("ls-files", "--eol", "-z", "--", *(f":(literal){each}" for each in paths)).split("\0")[
            :-1
        ]:
            description, _, path = entry.partition("\t")
            stored, _, rest = description.partition(" ")
            yield path, LineEndings(stored.removeprefix("i/"), rest.partition("attr/")[2].strip())

    def _ask(self, *question: str, given: str = "", fine: tuple[int, ...] = (0,)) -> str:
        command = [_program(self._folder), "--no-pager", *_HARMLESS, *question]
        try:
            answer = subprocess.run(
                command,
                cwd=self._folder,
                env=_environment(),
                input=given.encode("utf-8", errors="surrogateescape"),
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GitFault(f"git does not answer: {error}") from error
        if answer.returncode not in fine:
            said = answer.stderr.decode("utf-8", errors="replace").strip().partition("\n")[0]
            raise GitFault(f"git does not answer: {said or answer.returncode}")
        return answer.stdout.decode("utf-8", errors="surrogateescape")


def _unix(content: bytes) -> bytes:
    """With the line ends that git stores, whatever it is told to write."""
    return content.replace(b"\r\n", b"\n")


def _program(folder: Path) -> str:
    """git, unless it is a file of the repository: Windows looks for programs in the current folder first."""
    found = shutil.which("git")
    if found is None or Path(found).resolve().is_relative_to(folder.resolve()):
        raise NoGit("there is no git on the path")
    return found


def _environment() -> dict[str, str]:
    """Without what a hook of git, which may have started this, says of another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def top_of_repository(folder: Path) -> Path | None:
    """The top of the repository of git that a folder is in, without asking git; None where it is in none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
