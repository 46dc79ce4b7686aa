"""One line of a terminal that says what takes long, and is gone when that is done."""

from __future__ import annotations

import contextlib
import time

import pytest

# More often nobody can read it.
_SECONDS_BETWEEN = 0.1


class Progress:
    """Shows what is looked at, where somebody sits before a terminal; pytest's capturing does not hold it back."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shown_at = 0.0
        self._is_shown = False

    def __call__(self, words: str) -> None:
        """Show some words in place of those before; empty ones take the line away."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not reporter.isatty or not (words or self._is_shown):
            return
        now = time.monotonic()
        if words and now - self._shown_at < _SECONDS_BETWEEN:
            return
        self._shown_at, self._is_shown = now, bool(words)
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            width = max(20, reporter._tw.fullwidth - 16)
            # Back to the start of the line, and all behind it erased, before and after.
            reporter.write(f"\r\x1b[K{f'deploycheck: {words}'[:width]}" if words else "\r\x1b[K", flush=True)
