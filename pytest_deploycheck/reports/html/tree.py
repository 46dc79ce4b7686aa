"""The ways that lead to a distribution, in ranks: who requires it, who requires them, up to requirement lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName

from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import Resolved
from pytest_deploycheck.resolution.result import Distribution

# Of one rank: half the world requires typing-extensions, and a picture of that shows nothing.
_MOST_IN_RANK = 6
_MOST_RANKS = 8


@dataclass(frozen=True)
class Node:
    """One project of the tree.

    :param rank: how many steps it is away from the distribution
    :param line: the requirement line that names it, None where none does
    :param is_blamed: whether it is on the way that leads from the line that is to blame
    :param others: for how many further projects of its rank it stands, which are not shown
    """

    name: str
    version: str
    rank: int
    line: Location | None = None
    is_blamed: bool = False
    others: int = 0


@dataclass(frozen=True)
class Tree:
    """What leads to one distribution.

    :param ranks: the distribution's own first, then who requires it, and so on
    :param edges: who requires whom, by name
    """

    ranks: tuple[tuple[Node, ...], ...]
    edges: tuple[tuple[str, str], ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All of them."""
        return tuple(node for rank in self.ranks for node in rank)


def tree_to(distribution: Distribution, resolved: Resolved) -> Tree:
    """By shortest ways; the one that is blamed is always among them."""
    known = {each.name: each for each in resolved.resolution.distributions}
    ranks = _ranks(distribution, known)
    shown = tuple(tuple(_shown(names, number, distribution, resolved, known)) for number, names in enumerate(ranks))
    drawn = {node.name: node.rank for rank in shown for node in rank if not node.others}
    edges = tuple(
        (parent, name)
        for name, rank in drawn.items()
        for parent in known[name].required_by
        if drawn.get(parent) == rank + 1
    )
    return Tree(shown, edges)


def _ranks(distribution: Distribution, known: Mapping[str, Distribution]) -> list[list[str]]:
    ranks = [[distribution.name]]
    seen = {distribution.name}
    while len(ranks) < _MOST_RANKS:
        above = dict.fromkeys(parent for name in ranks[-1] for parent in known[name].required_by if parent in known)
        fresh = [name for name in above if name not in seen]
        if not fresh:
            break
        seen.update(fresh)
        ranks.append(fresh)
    return ranks


def _shown(
    names: list[str], rank: int, distribution: Distribution, resolved: Resolved, known: Mapping[str, Distribution]
) -> list[Node]:
    """The nodes of a rank, those that matter most first."""
    blamed = {name for name, _ in distribution.chain}
    lines = resolved.place.source.lines

    def node(name: str) -> Node:
        own = lines.get(NormalizedName(name))
        return Node(name, known[name].version, rank, own[0].location if own else None, name in blamed)

    nodes = sorted(map(node, names), key=lambda each: (not each.is_blamed, each.line is None, each.name))
    if len(nodes) <= _MOST_IN_RANK:
        return nodes
    left_out = len(nodes) - _MOST_IN_RANK + 1
    return [*nodes[: _MOST_IN_RANK - 1], Node(f"and {left_out} more", "", rank, others=left_out)]
