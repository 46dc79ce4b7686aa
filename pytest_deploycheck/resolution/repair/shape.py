"""What a line says of its versions, changed so that another one fits, in the shape that its author chose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

Clauses: TypeAlias = tuple[tuple[str, str], ...]
"""What becomes of each clause, ``>=1.0``: itself, another one, or nothing; a new one has nothing before it."""


def shapes(specifier: SpecifierSet, version: Version, following: Version | None) -> Iterator[Clauses]:
    """Ways to write a line that lets a version in, the one nearest to what stands there first.

    Which of them pip answers with wheels is to be tried; the last one is a pin.

    :param following: the next newer version, final and of whatever files; None where there is none
    """
    opened = tuple((str(clause), _letting_in(clause, version)) for clause in sorted(specifier, key=str))
    pinned = any(clause.operator in ("==", "===") and not clause.version.endswith(".*") for clause in specifier)
    if opened and not pinned:
        yield opened
    if following is not None and not pinned:
        uppers = [before for before, after in opened if after.startswith("<")]
        below = f"<{following}"
        if uppers:
            yield tuple((before, below if before == uppers[0] else after) for before, after in opened)
        else:
            yield (*opened, ("", below))
    if pinned:
        yield opened
    else:
        yield (*((before, "") for before, _ in opened), ("", f"=={version}"))


def specifier_of(clauses: Clauses) -> SpecifierSet:
    """What the changed line says."""
    return SpecifierSet(",".join(after for _, after in clauses if after))


def _letting_in(clause: Specifier, version: Version) -> str:
    if clause.contains(version, prereleases=True) and clause.operator != "===":
        return str(clause)
    operator, said = clause.operator, clause.version
    if operator in ("==", "===") and not said.endswith(".*"):
        return f"{operator}{version}"
    if operator in ("==", "~="):
        wildcard = ".*" if operator == "==" else ""
        numbers = _like(said.removesuffix(".*"), version)
        return f"{operator}{numbers}{wildcard}"
    if operator in (">", ">="):
        return f">={version}"
    if operator == "<":
        return f"<{_next(said, version)}"
    return f"<={version}" if operator == "<=" else ""


def _like(said: str, version: Version) -> str:
    """A version with as many numbers as another one."""
    count = len(Version(said).release)
    numbers = (*version.release, *[0] * count)[:count]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, numbers))


def _next(said: str, version: Version) -> str:
    """What bounds a version as another bound did: ``3`` for 2.4 after ``2``, ``2.5`` for 2.4 after ``2.1``."""
    release = Version(said).release
    significant = max((at for at, number in enumerate(release) if number), default=0)
    numbers = list((*version.release, *[0] * len(release))[: significant + 1])
    numbers[-1] += 1
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, [*numbers, *release[significant + 1 :]]))


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:[ \t]*\[[^\]]*\])?")
_CLAUSE = re.compile(r"""([ \t]*)((?:===|~=|==|!=|<=|>=|<|>)[ \t]*[^\s,;()#\\"'&|<>=]+)""")


def rewritten(text: str, clauses: Clauses) -> tuple[int, int, str] | None:
    """The part of a requirement's text that changes, and what stands there then; all else stays.

    :param text: from the name on; markers, options and a comment may follow
    :returns: the offsets of the part; None where the text is not understood
    """
    name = _NAME.match(text)
    if name is None:
        return None
    said, start, end = _specifier_in(text, name.end())
    if {str(Specifier(each)) for _, each in said} != {before for before, _ in clauses if before}:
        return None
    new = [after for before, after in clauses if not before and after]
    becomes = dict(clauses)
    parts = []
    for space, each in said:
        canonical = str(Specifier(each))
        after = becomes[canonical]
        if after == canonical:
            parts.append(space + each)
        elif after:
            parts.append(space + _spelled(after, each))
    separator = ", " if any(space for space, _ in said[1:]) else ","
    written = ",".join(parts)
    for each in new:
        written = f"{written}{separator}{each}" if written.strip() else each
    return start, end, written


def _spelled(after: str, before: str) -> str:
    """A clause with the blanks of the one that it replaces."""
    found = re.match(r"([=!<>~]+)(\s*)", before)
    operator = re.match(r"[=!<>~]+", after)
    assert found
    assert operator
    return operator[0] + found[2] + after[operator.end() :]


def _specifier_in(text: str, start: int) -> tuple[list[tuple[str, str]], int, int]:
    """The clauses behind a name, each with the blanks before it, and where they begin and end."""
    position = start
    opening = re.compile(r"[ \t]*\(").match(text, position)
    position = opening.end() if opening else position
    first = position
    found: list[tuple[str, str]] = []
    while clause := _CLAUSE.match(text, position):
        found.append((clause[1], clause[2]))
        position = clause.end()
        comma = re.compile(r"[ \t]*,").match(text, position)
        if comma is None:
            break
        position = comma.end()
    if not found:
        return found, start, start
    return found, first, position
