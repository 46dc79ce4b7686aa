"""The lines of pytest's header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.reports.amounts import counted


def header_lines(deployment: Deployment) -> Iterator[str]:
    """The sources and their targets, where they are looked up, and what is known already."""
    for source in deployment.sources:
        targets = ", ".join(place.target_name for place in deployment.targets_of(source))
        yield f"deploycheck: {source.path} for {targets}{_assumption(deployment)}"
    if not deployment.sources:
        yield "deploycheck: no requirements"
        return
    resolutions = deployment.resolutions
    first, *others = resolutions.indexes(deployment.sources) or ("none",)
    more = f" and {counted(len(others), 'place')} more" if others else ""
    yield f"deploycheck: index {first}{more}; cache {_shown(resolutions.cache_folder)}{_state(deployment)}"


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
