"""Changed requirement lines as edits of their files: only versions and hashes move, each line keeps all else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.repair.repair import Change
from pytest_deploycheck.resolution.repair.shape import rewritten
from pytest_deploycheck.sources.requirements_text import COMMENT

_HASH = re.compile(r"--hash[=\s]\s*\S+")
_BETWEEN_HASHES = " \\\n    "


class NotUnderstood(Exception):
    """A line is not written in a way that could be changed here."""


def change_edits(changes: Iterable[Change], path: str | None, texts: dict[str, str]) -> tuple[Edit, ...]:
    """The edits for all of some changes.

    :param path: the file that new lines are added to; None where a command names requirements, and no file
    :param texts: the decoded text of each file that has lines
    :raises NotUnderstood: a line cannot be changed, so none should be
    """
    edits: list[Edit] = []
    new: list[Change] = []
    for change in changes:
        if change.line is None:
            new.append(change)
        else:
            edits += _of_line(change, texts[change.line.path].splitlines(keepends=True))
    if new and path is None:
        raise NotUnderstood("there is no file that lines could be added to")
    return (*edits, *(_new_lines(new, path, texts[path]) if path else ()))


def _of_line(change: Change, lines: Sequence[str]) -> Iterator[Edit]:
    assert change.line is not None
    text = _logical(lines, change.line)
    quote = 1 if text[:1] in ("'", '"') else 0  # In a command.
    found = rewritten(text[quote:], change.clauses)
    if found is None:
        raise NotUnderstood(f"{change.line}: its versions cannot be told from the rest of the line")
    start, end, becomes = found[0] + quote, found[1] + quote, found[2]
    if text[start:end] != becomes:
        yield Edit(_at(change.line, text, start), _at(change.line, text, end), becomes)
    hashes = list(_HASH.finditer(text))
    if change.hashes and hashes:
        between = text[hashes[0].end() : hashes[1].start()] if len(hashes) > 1 else _BETWEEN_HASHES
        written = between.replace("\r\n", "\n").join(_options(change))
        yield Edit(_at(change.line, text, hashes[0].start()), _at(change.line, text, hashes[-1].end()), written)


def _options(change: Change) -> list[str]:
    return [f"--hash={each.replace('=', ':', 1)}" for each in change.hashes]


def _logical(lines: Sequence[str], location: Location) -> str:
    """The text of a line from where it begins, with its continuation lines, all as it is written."""
    parts = [lines[location.line - 1][location.column - 1 :]]
    for following in lines[location.line :]:
        before = parts[-1].rstrip("\r\n")
        if not before.endswith("\\") or COMMENT.match(before):
            break
        parts.append(following)
    return "".join(parts)


def _at(start: Location, text: str, offset: int) -> Location:
    """The place of a character of a text that begins somewhere."""
    before = text[:offset].splitlines(keepends=True) or [""]
    if before[-1].endswith(("\n", "\r")):
        before.append("")
    column = len(before[-1]) + (start.column if len(before) == 1 else 1)
    return Location(start.path, start.line + len(before) - 1, column)


def _new_lines(changes: Sequence[Change], path: str, text: str) -> Iterator[Edit]:
    if not changes:
        return
    written = "".join(_BETWEEN_HASHES.join([str(each.after), *_options(each)]) + "\n" for each in changes)
    is_ended = not text or text.endswith(("\n", "\r"))
    end = _at(Location(path), text, len(text))
    yield Edit(end, end, written if is_ended else f"\n{written.removesuffix(chr(10))}")
