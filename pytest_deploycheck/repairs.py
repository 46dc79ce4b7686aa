"""The smallest change of each source after which it resolves to wheels: sought once, and kept as long as it holds."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.repair.repair import Change, NoRepair, Reason
from pytest_deploycheck.sources.requirements import RequirementLine
from pytest_deploycheck.subjects import Source, SourceOnTarget

if TYPE_CHECKING:
    from pytest_deploycheck.deployment import Deployment
    from pytest_deploycheck.resolution.repair.repair import Repair

# Seconds for a search: where what is looked for is a part of a message, and where it was asked for.
_MOST_SECONDS = 10.0
_MOST_SECONDS_ASKED_FOR = 120.0


@dataclass(frozen=True)
class Mended:
    """What is known of the repair of a source, on all its targets together.

    :param changes: what to change; empty where nothing that could be changed helps
    :param edits: the same as edits of files; empty where a line is written in a way that cannot be edited here
    :param count: how many distributions pip then picks
    :param is_fewest: whether it is certain that no fewer lines suffice
    :param reasons: why something stays to be built, or why there is no repair
    :param alternatives: what could stand in for projects without wheels
    :param is_certain: whether the reasons hold for sure; otherwise time was up, or the index did not answer
    """

    changes: tuple[Change, ...] = ()
    edits: tuple[Edit, ...] = ()
    count: int = 0
    is_fewest: bool = False
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[Reason, ...] = ()
    is_certain: bool = True

    @property
    def lines(self) -> frozenset[Location]:
        """Those that change."""
        return frozenset(each.line for each in self.changes if each.line)

    def advice(self, first: Location | None = None) -> str:
        """The change in one line.

        :param first: the line to begin with
        """
        ordered = sorted(self.changes, key=lambda each: each.line != first or first is None)
        shown = ", ".join(each.shown(first.path if first else "") for each in ordered)
        what = f"change {len(ordered)} lines: {shown}" if len(ordered) > 1 else f"write {shown}"
        everything = f"all {self.count} distributions are wheels" if self.count > 1 else "all it takes is a wheel"
        then = f"{'what can be a wheel is one' if self.reasons else everything} then"
        return f"{what}: {then}{'; no change of fewer lines does it' if self.is_fewest and len(ordered) > 1 else ''}"


class Repairs:
    """Repairs of sources.

    :param progress: told what is looked at; an empty text ends it
    """

    def __init__(self, deployment: Deployment, progress: Callable[[str], None] = lambda words: None) -> None:
        self._deployment = deployment
        self.progress = progress
        self._found: dict[str, Mended] = {}

    def of(self, source: Source) -> Mended:
        """The repair of a source, on all targets of this run.

        :raises Unreachable: an index did not answer
        """
        if source.is_lock:
            return Mended()  # The tool that wrote a lock has to write it anew.
        if source.name not in self._found:
            places = self._deployment.targets_of(source)
            targets = [each.target for each in places]
            stored = self._deployment.resolutions.kept(
                "repair", source, targets, self._said(places), lambda: self._sought(source, places)
            )
            mended = _load(stored)
            # Where things stand in a line may change without a change of what it says.
            self._found[source.name] = replace(mended, edits=self._edits(mended, source))
        return self._found[source.name]

    def _said(self, places: Sequence[SourceOnTarget]) -> str:
        """What a repair depends on beside the lines and the targets, as a digest."""
        ignored = [each.pattern for each in self._deployment.settings.ignore]
        parts = [*ignored, *(each.target_name for each in places)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _sought(self, source: Source, places: Sequence[SourceOnTarget]) -> tuple[dict[str, Any], bool]:
        """What is found, and whether it may be kept."""
        from pytest_deploycheck.asking import asked_of
        from pytest_deploycheck.resolution.repair.proven import Broken, find_repair

        resolutions = self._deployment.resolutions
        lines = (*source.file.constraints, *source.file.lines)
        frozen = [self._is_ignored(line, places) for line in lines]
        stay = {line.location for line, is_frozen in zip(lines, frozen, strict=True) if is_frozen}
        tolerated = {line.name for line, is_frozen in zip(lines, frozen, strict=True) if is_frozen and line.name}
        blamed: set[Location] = set()
        for place in places:
            to_build = resolutions.get(source, place.target).to_build
            tolerated |= {NormalizedName(each.name) for each in to_build if each.line in stay}
            blamed |= {each.line for each in to_build if each.line}
            self._deployment.other_pythons.foresee(source, place.target)
        views = [resolutions.view(source, each.target) for each in places]
        broken = Broken(source.path, asked_of(source), views, frozen, tolerated, blamed, source.file.hash_checking)
        seconds = _MOST_SECONDS_ASKED_FOR if self._deployment.settings.fix else _MOST_SECONDS
        try:
            found = find_repair(broken, seconds, lambda words: self.progress(f"repair of {source.path}: {words}"))
        finally:
            self.progress("")
        mended = _mended(found)
        return asdict(mended), mended.is_certain

    def _is_ignored(self, line: RequirementLine, places: Sequence[SourceOnTarget]) -> bool:
        """Whether its item is ignored with a reason, on any of the targets."""
        node_ids = [f"{place.node_name}::{line.name}" for place in places if line.name]
        patterns = [each.pattern for each in self._deployment.settings.ignore]
        return any(fnmatch.fnmatchcase(node_id, pattern) for node_id in node_ids for pattern in patterns)

    def _edits(self, mended: Mended, source: Source) -> tuple[Edit, ...]:
        if not mended.changes:
            return ()
        from pytest_deploycheck.sources.requirement_edits import NotUnderstood, change_edits
        from pytest_deploycheck.sources.requirements_text import Undecodable, decoded

        paths = {source.path, *(each.line.path for each in mended.changes if each.line)}
        try:
            texts = {path: decoded((self._deployment.root / path).read_bytes()) for path in paths}
            return change_edits(mended.changes, source.path if source.path in source.file.files else None, texts)
        except (NotUnderstood, Undecodable, OSError):
            return ()


def _mended(found: Repair | NoRepair) -> Mended:
    if isinstance(found, NoRepair):
        return Mended(reasons=found.reasons, alternatives=found.alternatives, is_certain=found.is_certain)
    return Mended(
        changes=found.changes,
        count=max(len(each.distributions) for each in found.proof),
        is_fewest=found.is_fewest,
        reasons=found.left,
        alternatives=found.alternatives,
    )


def _load(fields: dict[str, Any]) -> Mended:
    """From what :func:`dataclasses.asdict` makes of it."""
    return Mended(
        **{
            **fields,
            "changes": tuple(map(_change, fields["changes"])),
            "edits": (),
            "reasons": tuple(Reason(*each) for each in fields["reasons"]),
            "alternatives": tuple(Reason(*each) for each in fields["alternatives"]),
        }
    )


def _change(fields: dict[str, Any]) -> Change:
    return Change(
        **{
            **fields,
            "line": Location(**fields["line"]) if fields["line"] else None,
            "clauses": tuple((before, after) for before, after in fields["clauses"]),
            "hashes": tuple(fields["hashes"]),
        }
    )
