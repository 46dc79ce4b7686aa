"""Markers of lock files on a target: there ``extra`` is not one word, but any of those that are asked for."""

from __future__ import annotations

import re
from collections.abc import Set

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.locked.lock import NotKnown
from pytest_deploycheck.resolution.markers import ALWAYS, NEVER, UndecidedMarker
from pytest_deploycheck.resolution.target import Target

_EXTRA = re.compile(r"""\bextra\s*(?P<operator>==|!=)\s*(?P<quote>["'])(?P<name>[^"']*)(?P=quote)""")
_REVERSED = re.compile(r"""(?P<quote>["'])(?P<name>[^"']*)(?P=quote)\s*(?P<operator>==|!=)\s*extra\b""")
# The sets of PEP 751: `'docs' in dependency_groups`.
_IN_SET = re.compile(
    r"""(?P<quote>["'])(?P<name>[^"']*)(?P=quote)\s+(?P<operator>in|not\s+in)\s+(?P<set>extras|dependency_groups)\b"""
)


def without_sets(marker: str, extras: Set[str], groups: Set[str]) -> str:
    """A marker of ``pylock.toml`` for those extras and groups: in the words of PEP 508, which knows no sets."""
    wanted = {"extras": extras, "dependency_groups": groups}

    def answered(found: re.Match[str]) -> str:
        is_there = canonicalize_name(found["name"]) in wanted[found["set"]]
        return ALWAYS if is_there is (found["operator"] == "in") else NEVER

    return _IN_SET.sub(answered, marker)


class Markers:
    """Evaluates each marker once for each set of extras."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[tuple[str, frozenset[str]], bool] = {}

    def hold(self, marker: str, extras: Set[str] = frozenset()) -> bool:
        """Whether a marker is true; an empty one is.

        :raises NotKnown: it is none
        """
        if not marker:
            return True
        key = (marker, frozenset(extras) if "extra" in marker else frozenset())
        if key not in self._known:
            self._known[key] = self._evaluated(marker, extras)
        return self._known[key]

    def _evaluated(self, marker: str, extras: Set[str]) -> bool:
        def answered(found: re.Match[str]) -> str:
            return ALWAYS if (found["name"] in extras) is (found["operator"] == "==") else NEVER

        text = _REVERSED.sub(answered, _EXTRA.sub(answered, marker))
        try:
            return self._target.holds(Marker(text))
        except (InvalidMarker, UndecidedMarker) as error:
            reason = str(error).splitlines()[0]
            raise NotKnown(f"the marker {marker!r} is not understood: {reason}") from error
