"""What can stand in for a project that has no wheel: a dated table, each row of it resolved before it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.repair.repair import Reason
from pytest_deploycheck.resolution.repair.search import WithoutWheels, needs_a_word
from pytest_deploycheck.resolution.repair.trials import Trials
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Outcome


def alternatives(missing: Iterable[WithoutWheels], trials: Trials, asked: Sequence[Asked]) -> tuple[Reason, ...]:
    """One line for each project that can be replaced: by what, and that everything resolves then.

    :param asked: all lines, changed as far as that helps
    """
    found = ((each.project, _alternative(each.project, trials, asked)) for each in missing)
    return tuple(Reason(project, text) for project, text in found if text)


def _alternative(project: NormalizedName, trials: Trials, asked: Sequence[Asked]) -> str:
    row = _table().get(project)
    if row is None:
        return ""
    wanted = row.get("extra_of", project)
    named = [each for each in asked if each.requirement and canonicalize_name(each.requirement.name) == wanted]
    for line in named:
        for instead in _instead(line, row):
            changed = [replace(each, requirement=instead) if each is line else each for each in asked]
            if _has_no(project, changed, trials):
                code = "the code stays as it is" if row["imports"] else "what imports it has to change"
                where = f" in line {line.line.line}" if line.line else ""
                return f"{instead} in place of {line.requirement}{where} has wheels and resolves: {code}"
    return ""


def _instead(line: Asked, row: Mapping[str, Any]) -> Iterator[Requirement]:
    """The requirement with the other project or extra: of the same version, else of any."""
    assert line.requirement is not None
    instead = Requirement(str(line.requirement))
    if "extra_of" in row:
        instead.extras = {row["use"] if each == row["extra"] else each for each in instead.extras}
        yield instead
        return
    instead.name = row["use"]
    yield instead
    if instead.specifier:
        anything = Requirement(str(instead))
        anything.specifier = SpecifierSet()
        yield anything


def _has_no(project: NormalizedName, asked: Sequence[Asked], trials: Trials) -> bool:
    """Whether lines resolve without a project, with nothing to build that was not to be built before."""
    for view in trials.views:
        found = resolve("", asked, view, is_trial=True)
        built = {each.name for each in found.distributions if needs_a_word(each)}
        if found.outcome is not Outcome.OK or project in built or not built <= trials.tolerated:
            return False
    return True


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = files("pytest_deploycheck.resolution.repair").joinpath("alternatives.json").read_text(encoding="utf-8")
    table: Mapping[str, Mapping[str, Any]] = json.loads(text)["alternatives"]
    return table
