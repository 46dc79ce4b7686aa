"""Python's search for cycles of objects, left out where it finds none and costs a tenth of the time."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def not_collected() -> Iterator[None]:
    """While much is made that stays: Python would look through all of it after every so many new objects."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class LeftOut:
    """What is there already, and is looked through no more, until it is let in again."""

    def __init__(self) -> None:
        self._is_frozen = False

    def leave_out(self) -> None:
        """All objects that there are now; nothing where somebody else has done the same, who decides on its end."""
        if self._is_frozen or gc.get_freeze_count() == 0:
            gc.freeze()
            self._is_frozen = True

    def let_in(self) -> None:
        """All of them again."""
        if self._is_frozen:
            gc.unfreeze()
            self._is_frozen = False
