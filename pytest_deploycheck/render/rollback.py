"""How a deploy is taken back on Render: dated facts, read from ``rollback.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Rollback:
    """What to do, and what then holds; sentences.

    :param source: the document that says so, and the day on which it did
    :param not_undone: what a rollback leaves as it is
    """

    source: str
    date: str
    steps: tuple[str, ...]
    consequences: tuple[str, ...]
    not_undone: str


def rollback() -> Rollback:
    """The facts."""
    facts = json.loads(files("pytest_deploycheck.render").joinpath("rollback.json").read_text(encoding="utf-8"))
    return Rollback(
        facts["source"], facts["date"], tuple(facts["steps"]), tuple(facts["consequences"]), facts["not_undone"]["text"]
    )
