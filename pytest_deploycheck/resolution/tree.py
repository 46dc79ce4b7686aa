"""A resolution as a tree of lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.result import Distribution, Distributions


def drawn(picked: Distributions) -> str:
    """The projects that lines name, in the order of the lines; below each, what it requires.

    What was drawn above already is named again, and what it requires is not.
    """
    children = _children(picked)
    named = [each for each in picked if len(each.chain) <= 1]
    roots = sorted(named, key=lambda each: (each.line or Location("", 0), each.name))
    seen: set[str] = set()
    return "\n".join(line for root in roots for line in _lines(root, children, seen))


def _children(picked: Distributions) -> Mapping[str, tuple[Distribution, ...]]:
    children: dict[str, tuple[Distribution, ...]] = {}
    for each in picked:
        for parent in each.required_by:
            children[parent] = (*children.get(parent, ()), each)
    return children


def _lines(
    distribution: Distribution, children: Mapping[str, tuple[Distribution, ...]], seen: set[str], depth: int = 0
) -> Iterator[str]:
    is_known = distribution.name in seen
    seen.add(distribution.name)
    below = children.get(distribution.name, ())
    yield "  " * depth + _described(distribution, depth, is_cut=is_known and bool(below))
    for each in () if is_known else below:
        yield from _lines(each, children, seen, depth + 1)


def _described(distribution: Distribution, depth: int, *, is_cut: bool) -> str:
    line = f" ({distribution.line})" if depth == 0 and distribution.line else ""
    kind = "" if distribution.file.is_wheel else f" [{distribution.kind.value}]"
    return f"{distribution}{line}{kind}{' ...' if is_cut else ''}"
