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


class PlainImports(MetaPathFinder):
    """Finds the modules of this package before pytest does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python itself would find."""
        return PathFinder.find_spec(fullname, path, target) if fullname.startswith("pytest_deploycheck.") else None

    def install(self) -> None:
        """Go before all other finders."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Leave the finders as they were."""
        sys.meta_path.remove(self)
