"""The fixtures that tests of one's own are written with; they need no ``--deploycheck``: to take one is to ask for it.

This module is imported at every start of pytest: it holds names and docstrings, and what they mean is imported where it
is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_deploycheck import (
        Blueprint,
        DeployCheck,
        Deployment,
        RequirementLine,
        Resolution,
        Service,
        Source,
        Sources,
        Target,
    )
    from pytest_deploycheck.own.given import Given

# Every other fixture takes this one.
ROOT = "deploy_project"
MARKERS = frozenset({"render_services", "deploy_targets", "requirements"})


@pytest.fixture(scope="session")
def deploy_project(request: pytest.FixtureRequest) -> Deployment:
    """The project: its settings, its files, understood, and what would be installed from them.

    With ``deploycheck_projects``, a test below the folder of one is run for that one, any other test for each.
    """
    return _given(request).project()


@pytest.fixture(scope="session")
def deploy_blueprint(request: pytest.FixtureRequest, deploy_project: Deployment) -> Blueprint:
    """The blueprint: ``.services["api"]``, ``.services.of_type("web")``, ``.databases``, ``.groups``.

    What stands in a field is a text that knows its place: ``service.health_check_path.location``.
    """
    return _given(request).blueprint(deploy_project)


@pytest.fixture(scope="session")
def deploy_requirements(request: pytest.FixtureRequest, deploy_project: Deployment) -> Sources:
    """What is installed: ``["requirements.txt"]``, a source, or ``.lines``, the requirement lines of all of them."""
    return _given(request).requirements(deploy_project)


@pytest.fixture(scope="session")
def deploy_source(request: pytest.FixtureRequest, deploy_project: Deployment) -> Source:
    """The source that ``deploy_resolution`` is of; where there are several, the test is run for each."""
    return _given(request).source(deploy_project)


@pytest.fixture(scope="session")
def deploy_target(request: pytest.FixtureRequest, deploy_project: Deployment) -> Target:
    """The Python and the platform that are deployed to; where there are several, the test is run for each.

    ``@pytest.mark.deploy_targets("3.13", ...)`` chooses others.
    """
    return _given(request).target(deploy_project)


@pytest.fixture(scope="session")
def deploy_resolution(
    request: pytest.FixtureRequest, deploy_project: Deployment, deploy_source: Source, deploy_target: Target
) -> Resolution:
    """What pip would install on the target: ``["pydantic"]``, ``.sdists``, ``.wheels``, ``.chain(name)``, ``.tree()``.

    An index that cannot be reached is an ERROR. Where pip would find no solution, all of these fail with the reason.
    """
    return _given(request).resolution(deploy_project, deploy_source, deploy_target)


@pytest.fixture(scope="session")
def deploy_check(request: pytest.FixtureRequest, deploy_project: Deployment) -> DeployCheck:
    """Make any check of any subject: ``assert not deploy_check("health-check-path", service)``.

    It returns the findings; a check that cannot be made is an ERROR, one with nothing to decide is SKIPPED.
    """
    return _given(request).check(deploy_project)


@pytest.fixture
def render_service(request: pytest.FixtureRequest, deploy_blueprint: Blueprint) -> Service:
    """One service of the blueprint, by ``@pytest.mark.render_services(type="web")``.

    With ``@pytest.mark.parametrize("render_service", ["api", ...], indirect=True)`` those of these names.
    """
    return _given(request).service(deploy_blueprint)


@pytest.fixture
def requirement(request: pytest.FixtureRequest, deploy_project: Deployment) -> RequirementLine:
    """One line of a requirements file, by ``@pytest.mark.requirements("requirements/*.txt")``.

    With ``@pytest.mark.parametrize("requirement", ["pydantic", ...], indirect=True)`` those of these projects.
    """
    return _given(request).requirement(deploy_project)


def _given(request: pytest.FixtureRequest) -> Given:
    from pytest_deploycheck.plain_imports import PlainImports

    PlainImports.for_run(request.config)
    from pytest_deploycheck.own.given import Given

    return Given(request)
