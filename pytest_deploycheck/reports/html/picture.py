"""A tree as inline SVG, whose nodes are links to the rows of the table below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_deploycheck.reports.html.markup import Markup, joined, tag
from pytest_deploycheck.reports.html.tree import Node, Tree

# In pixels; a character of the font, which is of one width, takes as many at its size of 12.
_CHARACTER = 7.3
_PADDING = 12
_ROW = 46
_ROW_GAP = 12
_COLUMN_GAP = 56
_MARGIN = 3


@dataclass(frozen=True)
class _Box:
    node: Node
    left: float
    top: float
    width: float

    @property
    def middle(self) -> float:
        return self.top + _ROW / 2


def picture(tree: Tree, label: str, row_of: Mapping[str, str]) -> Markup:
    """Draw it.

    :param label: what it shows, in words
    :param row_of: the id of the element that a project's node leads to
    """
    boxes = _placed(tree)
    width = max(each.left + each.width for each in boxes) + _MARGIN
    height = max(each.top for each in boxes) + _ROW + _MARGIN
    by_name = {each.node.name: each for each in boxes}
    edges = [_edge(by_name[parent], by_name[child]) for parent, child in tree.edges]
    return tag(
        "svg",
        tag("title", label),
        edges,
        [_drawn(each, row_of, is_end=each.node.rank == 0) for each in boxes],
        class_="tree",
        role="group",
        aria_label=label,
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
    )


def _placed(tree: Tree) -> list[_Box]:
    """Columns from the left, the furthest rank first, each centred on the tallest."""
    height = max(map(len, tree.ranks)) * (_ROW + _ROW_GAP) - _ROW_GAP
    boxes = []
    left: float = _MARGIN
    for rank in reversed(tree.ranks):
        width = max(map(_width, rank))
        top = _MARGIN + (height - len(rank) * (_ROW + _ROW_GAP) + _ROW_GAP) / 2
        for number, node in enumerate(rank):
            boxes.append(_Box(node, left, top + number * (_ROW + _ROW_GAP), width))
        left += width + _COLUMN_GAP
    return boxes


def _width(node: Node) -> float:
    return max(map(len, _texts(node))) * _CHARACTER + 2 * _PADDING


def _texts(node: Node) -> tuple[str, str]:
    return node.name, " ".join(filter(None, (node.version, f"({node.line})" if node.line else "")))


def _edge(parent: _Box, child: _Box) -> Markup:
    start, end = parent.left + parent.width, child.left - 5
    bend = (start + end) / 2
    way = f"M{start:.0f} {parent.middle:.0f}C{bend:.0f} {parent.middle:.0f} {bend:.0f} {child.middle:.0f} "
    way += f"{end:.0f} {child.middle:.0f}"
    tip = f"M{end:.0f} {child.middle - 4:.0f}l5 4l-5 4z"
    look = "edge blamed" if parent.node.is_blamed and child.node.is_blamed else "edge"
    return tag("g", tag("path", d=way), tag("path", d=tip, class_="tip"), class_=look)


def _drawn(box: _Box, row_of: Mapping[str, str], *, is_end: bool) -> Markup:
    name, below = _texts(box.node)
    look = " ".join(filter(None, ("node", "blamed" if box.node.is_blamed else "", "end" if is_end else "")))
    left = f"{box.left + _PADDING:.0f}"
    content = joined(
        tag("rect", x=f"{box.left:.0f}", y=f"{box.top:.0f}", width=f"{box.width:.0f}", height=_ROW, rx=6),
        tag("text", name, x=left, y=f"{box.middle + (4 if not below else -4):.0f}", class_="name"),
        tag("text", below, x=left, y=f"{box.middle + 14:.0f}") if below else None,
    )
    row = row_of.get(box.node.name)
    if row is None:
        return tag("g", content, class_=look)
    return tag("a", content, href=f"#{row}", class_=look)
