"""Real pip, for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from differential.pip_process import Pip


@pytest.fixture(scope="module")
def pip() -> Iterator[Pip]:
    """One process for all of them."""
    process = Pip()
    yield process
    process.close()
