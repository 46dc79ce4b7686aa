"""Whether a marker is true on a target, where that can be said."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

_VALUE = r"""(?:"[^"]*"|'[^']*')"""
_KERNEL = r"(?:platform_release|platform_version)"
_OPERATOR = r"(?:[<>=!~]+|not\s+in|in)"
_OF_THE_KERNEL = re.compile(
    rf"(?:{_KERNEL}\s*{_OPERATOR}\s*{_VALUE})|(?:{_VALUE}\s*{_OPERATOR}\s*{_KERNEL})|(?:{_KERNEL}\s*{_OPERATOR}\s*{_KERNEL})"
)
# Something that is true of every target, and something that is of none.
ALWAYS, NEVER = "python_version >= '0'", "python_version < '0'"
# Without one of these, each comparison of a marker has an answer.
_UNDEFINED = ("~=", "===", "extras", "dependency_groups")


class UndecidedMarker(Exception):
    """A marker of which it cannot be said whether it is true; the message says why.

    :param breaks_off: whether it has no answer on any machine, so that pip breaks off; else it depends on the kernel
    """

    def __init__(self, reason: str, *, breaks_off: bool) -> None:
        self.breaks_off = breaks_off
        super().__init__(reason)


def holds(marker: Marker, environment: Mapping[str, str]) -> bool:
    """Whether a marker is true.

    :param environment: the value of every variable; those of the kernel are not looked at
    :raises UndecidedMarker: that cannot be said
    """
    text = str(marker)
    if "platform_release" not in text and "platform_version" not in text:
        return _evaluated(marker, environment)
    # A marker has no "not": what is true with each unknown comparison false is true, whatever they are.
    least, most = (_evaluated(Marker(_OF_THE_KERNEL.sub(each, text)), environment) for each in (NEVER, ALWAYS))
    if least is not most:
        reason = f"whether `{text}` is true depends on the kernel of the machine, which is not known"
        raise UndecidedMarker(reason, breaks_off=False)
    return least


def may_be_undefined(text: str) -> bool:
    """Whether it is worth while to look for a comparison that has no answer in a marker.

    :param text: the marker, perhaps with more around it
    """
    return any(each in text for each in _UNDEFINED)


def _evaluated(marker: Marker, environment: Mapping[str, str]) -> bool:
    try:
        return marker.evaluate(dict(environment))
    except UndefinedComparison as error:
        reason = f"`{marker}` has no answer: ~= and === compare versions, and here is none: use == or `in`"
        raise UndecidedMarker(reason, breaks_off=True) from error
    except UndefinedEnvironmentName as error:
        reason = f"`{marker}` has no answer: {error} is known in lock files alone"
        raise UndecidedMarker(reason, breaks_off=True) from error
