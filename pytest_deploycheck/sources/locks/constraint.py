"""Poetry's constraints as specifiers.

https://python-poetry.org/docs/dependency-specification/#version-constraints, 2026-11-25: beside PEP 440's own there are
``^1.2``, ``~1.2``, a bare version for that one, blanks or commas between what has to hold together, and ``||``.
"""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.resolution.locked.lock import Ranges

_PART = re.compile(r"(?P<operator>\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*(?P<version>[^\s,|^~=!<>]+)")


def ranges_of(constraint: str) -> Ranges | None:
    """Each alternative; None where the constraint is not understood."""
    try:
        return tuple(_specifiers(part) for part in re.split(r"\|\|?", constraint))
    except (InvalidSpecifier, InvalidVersion):
        return None


def marker_of(variable: str, constraint: str) -> str | None:
    """The marker which says that a variable, such as ``python_full_version``, is within a constraint; None likewise."""
    ranges = ranges_of(constraint)
    if ranges is None:
        return None
    alternatives = [" and ".join(f"{variable} {each.operator} '{each.version}'" for each in every) for every in ranges]
    return " or ".join(f"({each})" for each in alternatives) if all(alternatives) else ""


def _specifiers(text: str) -> SpecifierSet:
    parts = list(_PART.finditer(text))
    if re.sub(r"[\s,]", "", _PART.sub("", text)):
        raise InvalidSpecifier(text)
    return SpecifierSet(",".join(filter(None, (_specifier(each["operator"] or "", each["version"]) for each in parts))))


def _specifier(operator: str, version: str) -> str:
    if version in ("*", "x"):
        return ""
    if operator in ("^", "~"):
        return f">={version},<{_next(operator, Version(version))}"
    return f"{operator if operator not in ('', '=') else '=='}{version}"


def _next(operator: str, version: Version) -> str:
    """The first version that ``^`` or ``~`` leaves out: ``^0.2.3`` ends before 0.3, ``~1.2.3`` before 1.3."""
    release = list(version.release)
    if operator == "~":
        kept = min(2, len(release))
    else:
        kept = next((at + 1 for at, number in enumerate(release) if number), len(release))
    return ".".join(map(str, [*release[: kept - 1], release[kept - 1] + 1]))
