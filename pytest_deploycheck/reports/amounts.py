"""Numbers in words."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB")


def bytes_in_words(size: float) -> str:
    """``78.4 MB``: thousands, as indexes and disks have them."""
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def counted(number: int, word: str) -> str:
    """``1 wheel``, ``2 wheels``."""
    return f"{number} {word}{'' if number == 1 else 's'}"
