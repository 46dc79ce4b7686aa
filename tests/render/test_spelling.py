"""Which known name somebody may have meant."""

from __future__ import annotations

import pytest

from pytest_deploycheck.render.fields import blueprint_fields
from pytest_deploycheck.render.spelling import KnownNames

SERVICE = blueprint_fields().owners["service"].spelling


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("buidCommand", "buildCommand"),
        ("buildCommnad", "buildCommand"),
        ("build_command", "buildCommand"),
        ("BuildCommand", "buildCommand"),
        ("start-command", "startCommand"),
        ("tpye", "type"),
        ("nam", "name"),
        ("healthcheckpath", "healthCheckPath"),
        ("ipAllowlist", "ipAllowList"),
        ("envVar", "envVars"),
        ("evnVars", "envVars"),
        ("dockerFilePath", "dockerfilePath"),
        ("maxMemoryPolicy", "maxmemoryPolicy"),
    ],
)
def test_a_slip_or_two_are_near(written: str, known: str) -> None:
    assert SERVICE.meant(written) == known


@pytest.mark.parametrize(
    "written",
    ["postDeployCommand", "healthCheckInterval", "startCommandTimeout", "previewSettings", "size", "port", ""],
)
def test_a_name_of_its_own_is_near_nothing(written: str) -> None:
    assert SERVICE.meant(written) is None


def test_the_nearest_is_meant() -> None:
    assert KnownNames(("planets", "planet", "plan")).meant("planett") == "planet"
    assert KnownNames(()).meant("any") is None


def test_fewer_slips_can_be_asked_for() -> None:
    assert KnownNames(("buildCommand",)).meant("buidComand") == "buildCommand"
    assert KnownNames(("buildCommand",), slips=1).meant("buidComand") is None
    assert KnownNames(("buildCommand",), slips=1).meant("buidCommand") == "buildCommand"


def test_of_many_names_that_are_alike_the_nearest_is_found() -> None:
    names = KnownNames((f"database-{number}-of-many" for number in range(500)), slips=1)
    assert all(names.meant(f"databse-{number}-of-many") for number in range(500))


@pytest.mark.parametrize(("written", "same"), [("Pro_Plus", True), ("pro plus", True), ("pro pluss", False)])
def test_names_that_differ_in_their_dress_only(written: str, same: bool) -> None:
    assert KnownNames(("starter", "pro plus")).has_same(written) is same
