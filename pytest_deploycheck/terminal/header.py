"""The lines of pytest's header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.reports.amounts import counted


def header_lines(deployments: Sequence[Deployment]) -> Iterator[str]:
    """The sources and their targets, where they are looked up, and what is known already."""
    for deployment in deployments:
        for source in deployment.sources:
            targets = ", ".join(place.target_name for place in deployment.targets_of(source))
            yield f"deploycheck: {source.path} for {targets}{_assumption(deployment)}"
    installing = [each for each in deployments if each.sources]
    if not installing:
        yield "deploycheck: no requirements"
        return
    places = dict.fromkeys(url for each in installing for url in each.resolutions.indexes(each.sources))
    are_locks = all(source.is_lock for each in installing for source in each.sources)
    first, *others = places or ("none: locks say which files there are" if are_locks else "none",)
    more = f" and {counted(len(others), 'place')} more" if others else ""
    yield f"deploycheck: index {first}{more}; cache {_cache(installing[0])}"
    if obstacle := installing[0].resolutions.obstacle:
        yield f"deploycheck: each run asks the indexes anew, since its cache cannot be kept: {obstacle}"


def _cache(deployment: Deployment) -> str:
    """Of a run: its projects share it."""
    return f"{_shown(deployment.resolutions.cache_folder)}{_state(deployment)}"


def _state(deployment: Deployment) -> str:
    if deployment.settings.offline:
        return " (offline: it alone is asked)"
    return "" if deployment.resolutions.has_cache else " (empty)"


def _shown(path: Path) -> str:
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _assumption(deployment: Deployment) -> str:
    """What decides on the Python where neither a service nor an option does."""
    if deployment.settings.targets or deployment.services:
        return ""
    python = deployment.python_of(None)
    if python.created is None:
        return ""
    who = "assumed" if python.created_is_assumed else "as set"
    default = f"Python {python.version}" if python.version else "a Python that no document gives"
    return f" ({default} is the default of a service created on {python.created}, {who})"
