"""How a service is given a Python: in its variable, or in the file that all services share."""

from __future__ import annotations

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.python_version import VARIABLE, Origin


def pinning(service: Service, version: str, deployment: Deployment) -> tuple[Edit, ...]:
    """The edits with which a service gets a Python; none where it has it from elsewhere."""
    python = deployment.python_of(service)
    if python.origin is Origin.FILE and python.location is not None:
        return _in_file(python.location, version, deployment)
    return deployment.blueprint_text.with_variables(service, {VARIABLE: version}) if deployment.blueprint_text else ()


def asked_for(deployment: Deployment) -> str | None:
    """The one Python that this run is about, where the user named it."""
    if not deployment.settings.targets:
        return None
    pythons = {place.target.python for source in deployment.sources for place in deployment.targets_of(source)}
    return pythons.pop() if len(pythons) == 1 else None


def _in_file(location: Location, version: str, deployment: Deployment) -> tuple[Edit, ...]:
    try:
        text = (deployment.root / location.path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    line = text.splitlines()[location.line - 1]
    column = len(line) - len(line.lstrip()) + 1
    start = Location(location.path, location.line, column)
    return (Edit(start, Location(location.path, location.line, column + len(line.strip())), version),)
