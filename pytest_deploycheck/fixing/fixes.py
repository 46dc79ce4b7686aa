"""What a run would change: gathered from its findings, shown as a unified diff, or written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.fixing.file_text import FileText, NotEditable
from pytest_deploycheck.fixing.merging import Fix, Merged, merged
from pytest_deploycheck.fixing.writing import replace_whole, unsafe
from pytest_deploycheck.location import Location
from pytest_deploycheck.refusal import reason_of


@dataclass(frozen=True)
class ChangedFile:
    """A file before and after.

    :param before: None where there is none yet
    """

    before: FileText | None
    after: FileText

    def diff(self) -> str:
        """As ``git apply`` takes it."""
        path = self.after.path
        old, new = (_lines(each.text) if each else [] for each in (self.before, self.after))
        source = f"a/{path}" if self.before else "/dev/null"
        found = difflib.unified_diff(old, new, source, f"b/{path}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(text: str) -> list[str]:
    # Not as str.splitlines: in a diff only a line feed ends a line.
    return [each for each in text.replace("\n", "\n\0").split("\0") if each]


class Fixes:
    """Gathers fixes, which are plain JSON values since xdist carries them from its workers, and makes them.

    :param root: of the repository
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries: list[dict[str, Any]] = []
        self.notes: list[str] = []

    def add(self, entries: Iterable[dict[str, Any]]) -> None:
        """As :func:`fix_entries` makes them."""
        self._entries += entries

    def files(self) -> list[ChangedFile]:
        """Each file that would change; what cannot be done is noted."""
        plan = self._plan()
        self.notes = [f"left out, since another fix changes the same: {title}" for title in plan.left_out]
        found = []
        for path, edits in sorted(plan.edits.items()):
            try:
                before = self._read(path)
                after = (before or FileText(path, "")).edited(edits)
                after.encoded()
            except (NotEditable, OSError) as error:
                self.notes.append(f"not changed: {error}")
                continue
            if before is None or after.text != before.text:
                found.append(ChangedFile(before, after))
        return found

    def refused(self, files: Iterable[ChangedFile]) -> dict[str, str]:
        """Why files should not be written, by path."""
        return unsafe(self._root, [each.after.path for each in files])

    def write(self, files: Iterable[ChangedFile]) -> list[str]:
        """Write them one after the other, each whole or not at all; those that could not be are noted.

        :returns: the paths of those that are written
        """
        written = []
        for each in files:
            path = self._root / each.after.path
            try:
                if each.before is not None and path.read_bytes() != each.before.encoded():
                    self.notes.append(f"not changed: {each.after.path} was changed meanwhile")
                    continue
                replace_whole(path, each.after.encoded())
            except OSError as error:
                self.notes.append(f"not changed: {each.after.path} cannot be written: {reason_of(error)}")
                continue
            written.append(each.after.path)
        return written

    def _read(self, path: str) -> FileText | None:
        try:
            return FileText.read(path, (self._root / path).read_bytes())
        except FileNotFoundError:
            return None

    def _plan(self) -> Merged:
        # Errors first: what mends them is not to make way for advice. Workers finish in any order.
        ordered = sorted(self._entries, key=lambda each: (each["is_advice"], each["nodeid"]))
        return merged(Fix(each["title"], tuple(map(_edit, each["edits"]))) for each in ordered)


def fix_entries(findings: Iterable[Finding], nodeid: str) -> Iterator[dict[str, Any]]:
    """The fixes of an item's findings, as plain JSON values."""
    for finding in findings:
        if finding.edits:
            yield {
                "nodeid": nodeid,
                "title": f"{finding.location}: {finding.fix[0] if finding.fix else finding.message}",
                "is_advice": finding.severity is Severity.ADVICE,
                "edits": [
                    [each.start.path, each.start.line, each.start.column, each.end.line, each.end.column, each.text]
                    for each in finding.edits
                ],
            }


def _edit(fields: list[Any]) -> Edit:
    path, line, column, end_line, end_column, text = fields
    return Edit(Location(path, line, column), Location(path, end_line, end_column), text)
