"""HTML and SVG out of Python: every text and every attribute is escaped, so that what a file holds stays a text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

# Elements of HTML that have no end tag.
_VOID = frozenset({"input", "meta"})


class Markup(str):
    """Markup that was built here; any other text is not."""

    __slots__ = ()


Child = str | Iterable[str | None] | None
"""A text, which is escaped, or markup, or several of them."""


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element.

    :param attributes: ``class_`` is ``class``, and ``aria_label`` is ``aria-label``; those that are None or False are
        left out, and True is an attribute without a value
    """
    given = "".join(f" {_name(key)}{_value(value)}" for key, value in attributes.items() if value not in (None, False))
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Several after each other."""
    return Markup("".join(map(_text, children)))


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return escape(child, quote=False) if isinstance(child, str) else joined(*child)


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _value(value: str | int | bool | None) -> str:
    return "" if value is True else f'="{escape(str(value))}"'


def scrolled(label: str, content: Markup) -> Markup:
    """What may be wider than the window: reached and moved by the keyboard, too."""
    return tag("div", content, class_="scrolled", role="region", aria_label=label, tabindex=0)
