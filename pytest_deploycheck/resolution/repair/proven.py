"""From what the search has found to lines as they would be written, proven by what pip then picks for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.repair import words
from pytest_deploycheck.resolution.repair.alternatives import alternatives
from pytest_deploycheck.resolution.repair.line import Line, lines_of
from pytest_deploycheck.resolution.repair.repair import Change, NoRepair, Reason, Repair
from pytest_deploycheck.resolution.repair.search import Found, Search, needs_a_word
from pytest_deploycheck.resolution.repair.shape import Clauses, shapes, specifier_of
from pytest_deploycheck.resolution.repair.step import pin_of
from pytest_deploycheck.resolution.repair.trials import Trials
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.view import TargetView


@dataclass(frozen=True)
class Broken:
    """A source that a repair is sought for.

    :param source: as resolutions name it
    :param views: of each target that it is installed on
    :param frozen: for each line, whether it has to stay as it is
    :param tolerated: what may be built, since a line that stays brings it in
    :param blamed: the lines that bring in what would be built
    :param hash_checking: pip's mode, in which every distribution needs a hash
    """

    source: str
    asked: Sequence[Asked]
    views: Sequence[TargetView]
    frozen: Sequence[bool]
    tolerated: Collection[NormalizedName] = ()
    blamed: Collection[Location] = ()
    hash_checking: bool = False


def find_repair(
    broken: Broken, seconds: float, progress: Callable[[str], None] = lambda words: None
) -> Repair | NoRepair:
    """The smallest change of lines after which everything resolves to wheels; what has none anywhere is left.

    :param seconds: for the whole search
    :param progress: told what is looked at
    """
    trials = Trials(lines_of(broken.asked, broken.frozen), broken.views, seconds, progress)
    trials.tolerate(broken.tolerated)
    search = Search(trials)
    search.foresee(broken.blamed)
    found = search.run()
    left = tuple(Reason(each.project, words.without_wheels(each, trials)) for each in found.without_wheels)
    if found.stuck is not None:
        return NoRepair((*left, *(Reason("", each) for each in words.stuck(found.stuck, trials))), is_certain=True)
    if found.pins is None:
        return NoRepair((*left, Reason("", _nothing_found(found, broken, seconds))), is_certain=False)
    return _Writing(broken, trials, search, found).repair(left)


def _nothing_found(found: Found, broken: Broken, seconds: float) -> str:
    if found.is_cut_short:
        return f"no change was found within {seconds:.0f} s"
    several = " that holds on all targets together" if len(broken.views) > 1 else ""
    return f"no change was found{several}, and whether there is one is not known"


class _Writing:
    """What was found, as lines."""

    def __init__(self, broken: Broken, trials: Trials, search: Search, found: Found) -> None:
        self._broken = broken
        self._trials = trials
        self._versions = search.versions
        self._found = found
        assert found.pins is not None
        self._pins = found.pins

    def repair(self, left: tuple[Reason, ...]) -> Repair | NoRepair:
        """In the shape of the lines as far as pip then picks wheels; else as pins."""
        chosen: dict[int, Clauses] = {at: self._ways(at)[-1] for at in self._pins}
        proof = self._proof(chosen)
        if proof is None:
            nothing = "what was found does not hold in pip's hash-checking mode"
            return NoRepair((*left, Reason("", nothing)), is_certain=False)
        for at in sorted(self._pins):
            for way in self._ways(at)[:-1]:
                shaped = self._proof({**chosen, at: way})
                if shaped is not None:
                    chosen, proof = {**chosen, at: way}, shaped
                    break
        others = alternatives(self._found.without_wheels, self._trials, self._asked(chosen)) if left else ()
        changes = tuple(self._change(at, chosen[at], proof) for at in sorted(chosen))
        if not changes:
            return NoRepair(left, is_certain=True, alternatives=others)
        return Repair(changes, proof, self._found.is_fewest, left, others)

    def _ways(self, at: int) -> list[Clauses]:
        line, version = self._trials.lines[at], self._pins[at]
        return list(shapes(line.specifier, version, self._following(line, version)))

    def _following(self, line: Line, version: Version) -> Version | None:
        """The next newer final version, of whatever files."""
        assert line.project is not None
        newer = None
        for group in self._trials.views[0].candidates(line.project).versions.groups():
            for each in group:
                if each <= version:
                    return newer
                newer = newer if each.is_prerelease else each
        return newer

    def _proof(self, chosen: Mapping[int, Clauses]) -> tuple[Resolution, ...] | None:
        """What pip picks on each target; None where it fails, or builds what could be a wheel."""
        asked = self._asked(chosen)
        proof = []
        for view in self._broken.views:
            found = resolve(self._broken.source, asked, view, hash_checking=self._broken.hash_checking, is_trial=True)
            built = [each.name for each in found.distributions if needs_a_word(each)]
            if found.outcome is not Outcome.OK or not self._trials.tolerated.issuperset(built):
                return None
            proof.append(found)
        return tuple(proof)

    def _asked(self, chosen: Mapping[int, Clauses]) -> list[Asked]:
        changed = []
        for line in self._trials.lines:
            if line.position in chosen:
                after = line.changed(specifier_of(chosen[line.position]))
                hashes = self._hashes(line)
                changed.append(replace(line.asked, requirement=after, hashes=hashes))
            elif not line.is_new:
                changed.append(line.asked)
        return changed

    def _hashes(self, line: Line) -> tuple[str, ...]:
        """Those of all files of the version, for whatever machine: the file is installed on others too."""
        if not line.asked.hashes and not (line.is_new and self._broken.hash_checking):
            return ()
        assert line.project is not None
        view, version = self._broken.views[0], self._pins[line.position]
        page = view.indexes.page(line.project, _ANY_MACHINE).result()
        candidates = view.candidates(line.project)
        files = [file for text in candidates.versions.spellings(version) for file in page.files(text)]
        return tuple(sorted(f"sha256={each.sha256}" for each in files if each.sha256))

    def _change(self, at: int, clauses: Clauses, proof: tuple[Resolution, ...]) -> Change:
        line = self._trials.lines[at]
        before = "" if line.is_new else str(line.asked.requirement)
        picked = (each for found in proof for each in found.distributions if each.name == line.project)
        version = next((Version(each.version) for each in picked), self._pins[at])
        edge = pin_of(line.specifier) or self._versions.newest(at)
        is_older = edge is not None and version < edge and not line.specifier.contains(version, prereleases=True)
        after = str(line.changed(specifier_of(clauses)))
        return Change(line.asked.line, before, after, clauses, str(version), is_older, self._hashes(line))


# What the name of every wheel holds: see :attr:`.Target.machine`.
_ANY_MACHINE = "-"
