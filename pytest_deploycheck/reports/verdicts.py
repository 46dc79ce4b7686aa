"""What a resolution comes to, in a line."""

from __future__ import annotations

from pytest_deploycheck.reports.amounts import bytes_in_words, counted
from pytest_deploycheck.reports.run import End, Resolved, Run
from pytest_deploycheck.resolution.result import Outcome

_OUTCOMES = {
    Outcome.CONFLICT: "does not resolve: what is required does not fit together",
    Outcome.NO_MATCH: "does not resolve: there is no distribution for a requirement",
    Outcome.INVALID: "{tool} refuses the file",
    Outcome.UNREACHABLE: "not known: an index, a file or a repository could not be read",
}
_TOLD = {
    Outcome.INVALID: "is refused by {tool}",
    Outcome.UNREACHABLE: f"is {_OUTCOMES[Outcome.UNREACHABLE]}",
}
_WORDS = {"wheel": "wheel", "sdist": "sdist", "direct": "direct reference"}


def verdict(resolved: Resolved) -> str:
    """``65 distributions: 62 wheels and 3 sdists, 78.4 MB to download``."""
    resolution = resolved.resolution
    if resolution.outcome is not Outcome.OK:
        return _OUTCOMES[resolution.outcome].format(tool=resolved.place.source.tool)
    total = len(resolution.distributions)
    if not total:
        return "nothing to install"
    return f"{counted(total, 'distribution')}: {by_kind(resolved)}, {to_download(resolved)}"


def told_of(resolved: Resolved) -> str:
    """The same as the rest of a sentence about a source: ``installs 65 distributions: 62 wheels and 3 sdists, ...``."""
    outcome = resolved.resolution.outcome
    if outcome is Outcome.OK:
        return f"installs {verdict(resolved).removesuffix(' to install')}"
    return _TOLD.get(outcome, _OUTCOMES[outcome]).format(tool=resolved.place.source.tool)


def by_kind(resolved: Resolved) -> str:
    """``62 wheels and 3 sdists``."""
    kinds = resolved.kinds
    *others, last = [counted(kinds[kind], word) for kind, word in _WORDS.items() if kinds[kind]]
    return f"{', '.join(others)} and {last}" if others else last


def to_download(resolved: Resolved) -> str:
    """How much pip would fetch, as far as the index says it."""
    unknown = resolved.unknown_sizes
    if unknown == len(resolved.resolution.distributions):
        return "of sizes that the index does not say"
    size = f"{bytes_in_words(resolved.known_bytes)} to download"
    return f"{size} and {counted(unknown, 'file')} of unknown size" if unknown else size


def headline(run: Run) -> str:
    """What a run comes to, no more than it can know."""
    failed, errors = len(run.ended(End.FAILED)), len(run.ended(End.ERROR))
    if not run.items:
        return "Nothing was checked."
    parts = []
    if failed:
        parts.append(f"{failed} of {counted(len(run.items), 'check')} {'does' if failed == 1 else 'do'} not hold.")
    if errors:
        parts.append(f"{counted(errors, 'check')} could not be made.")
    if not run.is_complete:
        parts.append(f"The run was ended before {counted(len(run.ended(End.NOT_RUN)), 'check')}.")
    return " ".join(parts) or "Nothing was found that would keep it from deploying."
