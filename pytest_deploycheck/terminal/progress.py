"""One line that moves while a resolution takes long: what is fetched, and how much of what is asked is still to come.

It stands behind what pytest has written, in what is left of that line, and is gone before pytest writes again. After
each painting the cursor is back where pytest left it, so that whatever is written in between is written in its place.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

import pytest

from pytest_deploycheck.resolution.traffic import Traffic

# Seconds: what is quicker needs no word, and what is repainted more often is not seen.
_PATIENCE = 0.5
_REPAINTED = 0.1
# With less room there is nothing to be said.
_LEAST_ROOM = 24


class ProgressLine:
    """Paints what is being done.

    :param stream: of the terminal
    :param room: gives the columns that are left of the line on which the cursor stands
    """

    def __init__(self, stream: TextIO, room: Callable[[], int]) -> None:
        self._stream = stream
        self._room = room
        self._painted = 0
        self._is_watching = False
        self._said = ""
        self._said_at = 0.0
        # Painted by whoever works, and by a thread that watches him.
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def watch(self, subject: str, traffic: Callable[[], Traffic]) -> Iterator[None]:
        """Paint while this lasts; what is part of something that is watched already is not painted again.

        :param subject: what is worked on
        :param traffic: what is fetched for it; asked from another thread
        """
        if self._is_watching:
            yield
            return
        self._is_watching = True
        ended = threading.Event()
        painter = threading.Thread(target=self._paint_until, args=(ended, subject, traffic), daemon=True)
        painter.start()
        try:
            yield
        finally:
            ended.set()
            painter.join()
            self._is_watching = False

    def say(self, words: str) -> None:
        """Show some words in place of those before, until there are others; empty ones take the line away."""
        self._said = words
        if words and time.monotonic() - self._said_at < _REPAINTED:
            return
        self._said_at = time.monotonic()
        with contextlib.suppress(OSError, ValueError):
            self._paint(f"  {words}" if words else "")

    def close(self) -> None:
        """Give the terminal back."""
        self._stream.close()

    def _paint_until(self, ended: threading.Event, subject: str, traffic: Callable[[], Traffic]) -> None:
        pause = _PATIENCE
        # A terminal that is gone is none to paint on.
        with contextlib.suppress(OSError, ValueError):
            while not ended.wait(pause):
                # The numbers first: in a narrow terminal the rest is cut off.
                self._paint(f"  {traffic()} ({self._said or subject})")
                pause = _REPAINTED
            self._paint("")

    def _paint(self, text: str) -> None:
        with self._lock:
            room = self._room()
            shown = _fitting(text, room) if room >= _LEAST_ROOM else ""
            if shown or self._painted:
                blanks = " " * max(self._painted - len(shown), 0)
                self._stream.write(f"{shown}{blanks}" + "\b" * (len(shown) + len(blanks)))
                self._stream.flush()
            self._painted = len(shown)


def _fitting(text: str, room: int) -> str:
    """In characters that every terminal shows in one column each."""
    simple = text.encode("ascii", "replace").decode("ascii")
    return simple if len(simple) <= room else f"{simple[: room - 3]}..."


def progress_line(config: pytest.Config, environ: Mapping[str, str]) -> ProgressLine | None:
    """One on this run's terminal; None where nobody looks, or where somebody else paints."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    # A subclass has its own idea of the line on which the cursor stands. pytest has its name for all since 8.4 only.
    if reporter is None or type(reporter).__module__ != "_pytest.terminal":
        return None
    if not reporter.isatty or reporter.verbosity < 0:
        return None
    if hasattr(config, "workerinput") or environ.get("CI") or environ.get("TERM") == "dumb":
        return None
    writer = config.get_terminal_writer()
    try:
        # While a test runs, pytest's capturing leads standard output elsewhere, but not a copy made before.
        stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii", errors="replace")
    except (OSError, ValueError):
        return None
    return ProgressLine(stream, lambda: writer.fullwidth - writer.width_of_current_line - 1)
