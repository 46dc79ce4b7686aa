"""Sources in a folder, read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_deploycheck.sources.python.codebase import Codebase
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.module import Module

CHECKOUT = "/opt/render/project/src"


def written(root: Path, files: Mapping[str, str]) -> Codebase:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Codebase(root, [root])


def evaluated(root: Path, source: str | Mapping[str, str], name: str = "main") -> tuple[Evaluator, Module]:
    """What runs when a module is imported, ``main`` where only its text is given."""
    codebase = written(root, {"main.py": source} if isinstance(source, str) else source)
    module = codebase.module(name)
    assert module is not None
    return Evaluator(codebase, codebase.reachable([module]), CHECKOUT), module
