"""What this team wants of its deploys: rules of the three kinds, each as long as the sentence that states it."""

import pytest


@pytest.mark.render_services(type="web")
def test_health_path(render_service):
    assert render_service.health_check_path == "/health"


@pytest.mark.render_services
def test_one_python_for_all(render_service, deploy_blueprint):
    python = deploy_blueprint.services["shop-api"].environment["PYTHON_VERSION"].value
    assert render_service.environment["PYTHON_VERSION"].value == python


@pytest.mark.deploy_targets("3.12", "3.13", "3.14")
def test_no_compiling(deploy_resolution):
    assert not deploy_resolution.sdists


@pytest.mark.requirements("requirements/*.txt")
def test_pinned(requirement):
    assert requirement.is_pinned
