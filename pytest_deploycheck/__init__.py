"""Deploy checks as ordinary pytest items: ``pytest --deploycheck``; and one's own: fixtures, markers, hooks, checks.

What stands in ``__all__`` is what others may rely on. This module is imported at every start of pytest, so each name is
imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_deploycheck.checks.registry import Check, CheckFunction, Subject, check
    from pytest_deploycheck.deployment import Deployment
    from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide, Severity
    from pytest_deploycheck.location import Location
    from pytest_deploycheck.own.additions import Ignored, Platform, RequirementsText
    from pytest_deploycheck.own.deploy_check import DeployCheck
    from pytest_deploycheck.render.blueprint import (
        Blueprint,
        Database,
        EnvironmentVariable,
        EnvVarGroup,
        Service,
        Services,
    )
    from pytest_deploycheck.render.document import Scalar
    from pytest_deploycheck.resolution.result import Distribution, Distributions, DoesNotResolve, Outcome, Resolution
    from pytest_deploycheck.resolution.target import Target
    from pytest_deploycheck.sources.requirement_line import RequirementLine
    from pytest_deploycheck.subjects import RequirementOnTarget, Source, SourceOnTarget, Sources

__all__ = [
    "Blueprint",
    "CannotCheck",
    "Check",
    "CheckFunction",
    "Database",
    "DeployCheck",
    "DeploycheckAdvice",
    "Deployment",
    "Distribution",
    "Distributions",
    "DoesNotResolve",
    "EnvVarGroup",
    "EnvironmentVariable",
    "Finding",
    "Ignored",
    "Location",
    "NothingToDecide",
    "Outcome",
    "Platform",
    "RequirementLine",
    "RequirementOnTarget",
    "RequirementsText",
    "Resolution",
    "Scalar",
    "Service",
    "Services",
    "Severity",
    "Source",
    "SourceOnTarget",
    "Sources",
    "Subject",
    "Target",
    "__version__",
    "check",
]

__version__ = "0.1.0"

# Where each name is that is not here.
_MODULES = {
    "checks.registry": ("Check", "CheckFunction", "Subject", "check"),
    "deployment": ("Deployment",),
    "findings": ("CannotCheck", "Finding", "NothingToDecide", "Severity"),
    "location": ("Location",),
    "own.additions": ("Ignored", "Platform", "RequirementsText"),
    "own.deploy_check": ("DeployCheck",),
    "render.blueprint": ("Blueprint", "Database", "EnvVarGroup", "EnvironmentVariable", "Service", "Services"),
    "render.document": ("Scalar",),
    "resolution.result": ("Distribution", "Distributions", "DoesNotResolve", "Outcome", "Resolution"),
    "resolution.target": ("Target",),
    "sources.requirement_line": ("RequirementLine",),
    "subjects": ("RequirementOnTarget", "Source", "SourceOnTarget", "Sources"),
}


class DeploycheckAdvice(UserWarning):
    """A finding that does not fail its item.

    It is an ordinary warning: ``-W error::pytest_deploycheck.DeploycheckAdvice`` makes advice fail,
    ``-W ignore::...`` hides it, and ini ``filterwarnings`` works on it as usual.
    """


if not TYPE_CHECKING:  # To type checkers, a module with this has every name.

    def __getattr__(name: str) -> object:
        """https://peps.python.org/pep-0562/"""
        for module, names in _MODULES.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
