"""What is asked of indexes at a moment."""

from __future__ import annotations

from typing import NamedTuple


class Traffic(NamedTuple):
    """How far it is.

    :param done: how much was answered, by the index or by the cache
    :param waiting: how much was asked and not answered yet
    :param next: the name of what has waited longest, empty where nothing waits
    """

    done: int
    waiting: int
    next: str

    def __str__(self) -> str:
        if not self.waiting:
            return f"{self.done} fetched, looking for versions that fit"
        return f"{self.done} fetched, {self.waiting} to go: {self.next}"
