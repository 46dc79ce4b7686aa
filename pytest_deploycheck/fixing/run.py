"""What ``--deploycheck-fix`` does at the end of a run, and what it says in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytest_deploycheck.fixing.fixes import ChangedFile, Fixes
from pytest_deploycheck.hiding import Hiding


class FixRun:
    """The fixes of one run.

    :param writes: whether they are written; else they are only shown
    :param takes_dirty: whether files with uncommitted changes are written, too
    :param secrets: variables with values that are not to be shown
    """

    def __init__(self, root: Path, *, writes: bool, takes_dirty: bool, secrets: Sequence[tuple[str, str]] = ()) -> None:
        self.fixes = Fixes(root)
        self._writes = writes
        self._takes_dirty = takes_dirty
        self._hiding = Hiding(secrets)
        self._is_finished = False
        self._files: list[ChangedFile] = []
        self._written: list[str] = []
        self._refused: dict[str, str] = {}

    def finish(self) -> bool:
        """Make the changes, if they are to be made: all of them, or none where a file should not be written.

        :returns: whether it was refused
        """
        self._is_finished = True
        self._files = self.fixes.files()
        if not self._writes:
            return False
        self._refused = {} if self._takes_dirty else self.fixes.refused(self._files)
        if not self._refused:
            self._written = self.fixes.write(self._files)
        return bool(self._refused)

    def show(self, reporter: pytest.TerminalReporter) -> None:
        """The diff, and what was done; nothing of a run that did not come to its end."""
        if not self._is_finished:
            return
        reporter.section("deploycheck fixes")
        if not self._files:
            reporter.line("nothing to change")
        if not self._written:
            for each in self._files:
                self._show(each.diff(), reporter)
        for line in self._said():
            reporter.line(line)

    def _show(self, diff: str, reporter: pytest.TerminalReporter) -> None:
        shown = self._hiding.hidden(diff)
        for line in shown.splitlines(keepends=True):
            reporter.write(line, **_colour(line))
        if shown != diff:
            reporter.line("values that may be secret are not shown here, so git cannot apply this")

    def _said(self) -> Iterator[str]:
        yield from self.fixes.notes
        for path, reason in self._refused.items():
            yield f"nothing is written, since {path} could not be had back: {reason}"
        if self._refused:
            yield "commit, or add --deploycheck-fix-dirty"
        for path in self._written:
            yield f"written: {path}"
        if self._files and not self._writes:
            yield "nothing is written: --deploycheck-fix=write does it"


def _colour(line: str) -> dict[str, bool]:
    if line.startswith(("+++", "---")):
        return {"bold": True}
    return {"green": True} if line.startswith("+") else {"red": True} if line.startswith("-") else {}
