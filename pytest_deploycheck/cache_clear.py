"""``pytest --deploycheck-cache-clear``."""

from __future__ import annotations

import os

import pytest

from pytest_deploycheck.reports.amounts import bytes_in_words
from pytest_deploycheck.resolution.cache import Cache, cache_directory
from pytest_deploycheck.settings import read_settings


def clear_cache(config: pytest.Config) -> None:
    """Remove what the cache holds, and say how much that was and where it lay.

    :raises pytest.UsageError: a setting makes no sense, or something could not be removed
    """
    directory = cache_directory(os.environ, read_settings(config).cache)
    removed = Cache(directory).clear()
    entries = f"{removed.entries} entr{'y' if removed.entries == 1 else 'ies'}"
    print(f"deploycheck: removed {entries} ({bytes_in_words(removed.size)}) from {directory}")
    if removed.left:
        raise pytest.UsageError(f"--deploycheck-cache-clear: {removed.left} files in {directory} cannot be removed")
