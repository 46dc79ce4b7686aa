"""What users write, as mypy reads it: never run, and each error that is expected is one that mypy has to find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typing_extensions import assert_type

import pytest_deploycheck as deploycheck
from pytest_deploycheck import (
    Blueprint,
    DeployCheck,
    Deployment,
    Distribution,
    Distributions,
    Finding,
    Ignored,
    Location,
    Platform,
    RequirementLine,
    RequirementOnTarget,
    RequirementsText,
    Resolution,
    Scalar,
    Service,
    Services,
    Severity,
    Source,
    SourceOnTarget,
    Sources,
    Target,
)


@pytest.mark.render_services(type="web")
def test_service(render_service: Service) -> None:
    assert_type(render_service.health_check_path, Scalar | None)
    assert_type(render_service.get("region"), Scalar | None)
    assert_type(render_service.location, Location)
    assert render_service.health_check_path == "/health"
    path: str | None = render_service.health_check_path
    render_service.name = "other"  # type: ignore[misc]
    render_service.health_path  # type: ignore[attr-defined]
    if path is not None:
        assert_type(path.upper(), str)


def test_blueprint(deploy_blueprint: Blueprint) -> None:
    assert_type(deploy_blueprint.services, Services)
    assert_type(deploy_blueprint.services["api"], Service)
    assert_type(deploy_blueprint.services[0], Service)
    assert_type(deploy_blueprint.services[:2], tuple[Service, ...])
    assert_type(deploy_blueprint.services.of_type("web"), Services)
    assert_type(deploy_blueprint.services.get("api"), Service | None)
    deploy_blueprint.services.of_type(1)  # type: ignore[arg-type]
    deploy_blueprint.services[1.5]  # type: ignore[call-overload]


@pytest.mark.deploy_targets("3.13")
def test_resolution(deploy_resolution: Resolution, deploy_target: Target, deploy_source: Source) -> None:
    assert_type(deploy_resolution.sdists, Distributions)
    assert_type(deploy_resolution["idna"], Distribution)
    assert_type(deploy_resolution.chain("idna")[0], Distribution)
    assert_type(deploy_resolution.tree(), str)
    assert_type(deploy_target.python, str)
    assert_type(deploy_source.path, str)


@pytest.mark.requirements("*.txt")
def test_requirement(requirement: RequirementLine, deploy_requirements: Sources) -> None:
    assert_type(requirement.is_pinned, bool)
    assert_type(deploy_requirements["requirements.txt"], Source)
    assert_type(deploy_requirements.lines, tuple[RequirementLine, ...])


def test_check(deploy_check: DeployCheck, deploy_project: Deployment) -> None:
    assert_type(deploy_check("syntax"), tuple[Finding, ...])
    deploy_check("health-check-path", "api")
    deploy_check("health-check-path", 7)  # type: ignore[arg-type]
    assert_type(deploy_project.blueprint, Blueprint | None)


@deploycheck.check("region", "service")
def region(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """A decorated function stays what it was."""
    yield Finding("region", service.location, "no", severity=Severity.ADVICE)


@deploycheck.check("texts", deploycheck.Subject.REQUIREMENT, applies=lambda subject, deployment: True)
def texts(subject: RequirementOnTarget, deployment: Deployment) -> Iterator[str]:
    """A check may yield texts."""
    yield f"{subject.project} on {subject.place.target_name}"


@deploycheck.check("one", "resolution")
def one(place: SourceOnTarget, deployment: Deployment) -> str | None:
    """It may return one thing, or nothing."""
    return deployment.resolution(place).message or None


@deploycheck.check("misspelt", "servise")  # type: ignore[arg-type]
def misspelt(service: Service, deployment: Deployment) -> None:
    """The kinds of subjects are known."""


@deploycheck.check("numbers", "service")  # type: ignore[type-var]
def numbers(service: Service, deployment: Deployment) -> Iterator[int]:
    """A check yields findings or texts."""
    yield 7


def pytest_deploycheck_finding(finding: Finding) -> Finding | Ignored | None:
    return Ignored("for a reason") if finding.severity is Severity.ADVICE else None


def pytest_deploycheck_platforms() -> list[Platform]:
    return [Platform("lambda", "manylinux_2_34_x86_64", python="3.13")]


def pytest_deploycheck_sources() -> list[str | RequirementsText]:
    return ["more.txt", RequirementsText("deps.list", "idna")]


deploycheck.Registry  # type: ignore[attr-defined]
