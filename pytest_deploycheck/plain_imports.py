"""Imports of this plugin without pytest's rewriting of assertions.

pytest rewrites every module of a package that brings a plugin. There is no test in this one, and where Python writes no
bytecode files, as in many containers, rewriting would parse and compile all of it in every run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest


class PlainImports(MetaPathFinder):
    """Finds the modules of this package before pytest does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python itself would find."""
        return PathFinder.find_spec(fullname, path, target) if fullname.startswith("pytest_deploycheck.") else None

    @classmethod
    def for_run(cls, config: pytest.Config) -> None:
        """Go before all other finders, and leave them as they were at the end of the run."""
        if _INSTALLED not in config.stash:
            finder = config.stash[_INSTALLED] = cls()
            sys.meta_path.insert(0, finder)
            config.add_cleanup(finder.remove)

    def remove(self) -> None:
        """Leave the finders as they were."""
        sys.meta_path.remove(self)


_INSTALLED = pytest.StashKey[PlainImports]()
