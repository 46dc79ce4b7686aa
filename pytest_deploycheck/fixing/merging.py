"""The edits of many findings as one change of each file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pytest_deploycheck.edit import Edit


@dataclass(frozen=True)
class Fix:
    """What mends one finding: all of its edits, or none.

    :param title: where, and what it does
    """

    title: str
    edits: tuple[Edit, ...]


@dataclass
class Merged:
    """Edits that can be made together.

    :param edits: by file, in the order in which they came
    :param done: the titles of the fixes that they are
    :param left_out: of those that would change what another one changes
    """

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def merged(fixes: Iterable[Fix]) -> Merged:
    """Take one fix after the other; what several of them do alike is done once.

    :param fixes: the more important ones first
    """
    result = Merged()
    for fix in fixes:
        new = [_beside(each, result.edits.get(each.start.path, ())) for each in fix.edits]
        if any(each is None for each in new):
            result.left_out.append(fix.title)
            continue
        result.done.append(fix.title)
        for edit in new:
            if edit is not None and not _is_nothing(edit):
                result.edits.setdefault(edit.start.path, []).append(edit)
    return result


def _is_nothing(edit: Edit) -> bool:
    return edit.start == edit.end and not edit.text


def _beside(edit: Edit, others: Sequence[Edit]) -> Edit | None:
    """What is left to do of an edit beside others; None where it cannot be done beside them."""
    if edit in others:
        return replace(edit, end=edit.start, text="")
    for other in others:
        if edit.start == edit.end == other.start == other.end:
            shortened = _unrepeated(edit.text, other.text)
            if shortened is None:
                return None
            edit = replace(edit, text=shortened)
        elif _overlap(edit, other):
            return None
    return edit


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits replace the same, or one puts something into what the other replaces."""
    if one.start == one.end or other.start == other.end:
        return one.start < other.end and other.start < one.end
    return max(one.start, other.start) < min(one.end, other.end)


def _unrepeated(text: str, before: str) -> str | None:
    """What is to be put in where something was put in already: ``envVars:`` is written once.

    :returns: None where both put in the same entry with another value
    """
    lines, known = text.splitlines(keepends=True), before.splitlines(keepends=True)
    if len(known) > 1 and len(lines) > 1 and lines[0] == known[0] and lines[0].rstrip().endswith(":"):
        lines, known = lines[1:], known[1:]
    keys = {line for line in known if "key:" in line}
    return None if keys.intersection(lines) else "".join(lines)
