"""The ``.gitignore`` at the root of a repository: what it covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.fixing.file_text import FileText, NotEditable
from pytest_deploycheck.refusal import reason_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GITIGNORE = ".gitignore"


@dataclass(frozen=True)
class Gitignore:
    """It, read once.

    :param text: empty where there is none
    :param fault: why it, or not all of it, can be read; empty where it can
    """

    text: str = ""
    fault: str = ""

    @classmethod
    def read(cls, root: Path) -> Gitignore:
        """The one of a repository."""
        try:
            content = (root / GITIGNORE).read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            return cls(fault=f"{GITIGNORE} cannot be read: {reason_of(error)}")
        try:
            return cls(FileText.read(GITIGNORE, content).text)
        except NotEditable as error:
            return cls(content.decode("utf-8", errors="replace"), f"{GITIGNORE} cannot be read: {error}")

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec  # As slow to import as all else that a blueprint needs.

        return GitIgnoreSpec.from_lines(self.text.splitlines())

    def covers(self, path: str) -> bool:
        """Whether git leaves a file out, or a folder, which ends with a slash: then it is not deployed.

        :param path: relative to the root
        """
        return bool(self.text) and self._spec.match_file(path)
