"""What the fixtures give, with ``--deploycheck`` and without, and how what goes wrong ends."""

from __future__ import annotations

import pytest

from command import Deploycheck
from index_server import Fault, Index, sdist, wheel

BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    region: frankfurt
    buildCommand: pip install -r requirements.txt
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
      - fromGroup: shared
  - {type: worker, name: jobs, runtime: docker}
databases:
  - {name: main, plan: basic-256mb}
envVarGroups:
  - {name: shared, envVars: [{key: LEVEL, value: info}]}
"""


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    files = {"pytest.ini": "[pytest]\naddopts = -W error\n", "render.yaml": BLUEPRINT}
    deploycheck.project({**files, "requirements.txt": "top==1.0\nother==1.0\n"})
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(
        wheel("top", "1.0", requires_dist=["middle"]),
        wheel("middle", "2.0", requires_dist=["Deep_Down", "other"]),
        sdist("deep-down", "3.0", files={"deep.c": "", "setup.py": ""}, requires_dist=[]),
        wheel("other", "1.0"),
    )
    return index


def test_the_blueprint_is_asked_by_name_and_type(project: Deploycheck) -> None:
    project.project(
        {
            "test_it.py": """\
import pytest

def test_it(deploy_blueprint):
    services = deploy_blueprint.services
    assert services["api"].type == "web" and services[0] is services["api"] and "api" in services
    assert [each.name for each in services.of_type("worker", "cron")] == ["jobs"]
    assert services.of_runtime("docker").names == ("jobs",)
    assert services["api"].get("region") == "frankfurt" and services["jobs"].get("region") is None
    assert str(services["api"].get("region").location) == "render.yaml:5"
    assert services["api"].environment["LEVEL"].value == "info"
    assert deploy_blueprint.databases["main"].plan == "basic-256mb"
    assert deploy_blueprint.groups["shared"].environment["LEVEL"].location.line == 14
    with pytest.raises(KeyError, match="there is no service 'apj': did you mean api[?] there are api, jobs"):
        services["apj"]
"""
        }
    )
    project.own().assert_outcomes(passed=1)


def test_the_requirements_are_sources_and_lines(project: Deploycheck) -> None:
    project.project(
        {
            "test_it.py": """\
def test_it(deploy_requirements):
    assert deploy_requirements.names == ("requirements.txt",)
    assert [each.name for each in deploy_requirements["requirements.txt"].services] == ["api"]
    assert [(each.name, each.is_pinned) for each in deploy_requirements.lines] == [("top", True), ("other", True)]
"""
        }
    )
    project.own().assert_outcomes(passed=1)


def test_a_resolution_is_asked_by_name_and_for_its_sdists_wheels_chains_and_tree(
    project: Deploycheck, index: Index
) -> None:
    project.project(
        {
            "test_it.py": '''\
def test_it(deploy_resolution, deploy_target):
    assert deploy_target.python == "3.13.4" and deploy_resolution.target is deploy_target
    assert deploy_resolution["Deep.Down"].version == "3.0"
    assert deploy_resolution.sdists.names == ("deep-down",)
    assert deploy_resolution.wheels.names == ("middle", "other", "top")
    assert "middle" in deploy_resolution and "nothing" not in deploy_resolution
    chain = deploy_resolution.chain("deep-down")
    assert str(chain) == "top 1.0 -> middle 2.0 -> deep-down 3.0"
    assert str(deploy_resolution.chain("top")) == "top 1.0"
    assert chain[-1].line.line == 1
    assert deploy_resolution.tree() == """\\
top 1.0 (requirements.txt:1)
  middle 2.0
    deep-down 3.0 [sdist]
    other 1.0
other 1.0 (requirements.txt:2)"""
'''
        }
    )
    project.own(index=index).assert_outcomes(passed=1)


def test_a_tree_names_again_what_stands_above_without_what_is_below_it(project: Deploycheck, index: Index) -> None:
    index.add(wheel("second", "1.0", requires_dist=["middle"]))
    project.project(
        {
            "requirements.txt": "top==1.0\nsecond\n",
            "test_it.py": """\
def test_it(deploy_resolution):
    assert deploy_resolution.tree().splitlines()[-2:] == ["second 1.0 (requirements.txt:2)", "  middle 2.0 ..."]
""",
        }
    )
    project.own(index=index).assert_outcomes(passed=1)


def test_any_check_is_made_by_name(project: Deploycheck, index: Index) -> None:
    project.project(
        {
            "test_it.py": """\
import pytest

def test_of_a_service(deploy_check, deploy_blueprint):
    (finding,) = deploy_check("health-check-path", deploy_blueprint.services["api"])
    assert (str(finding.location), finding.message) == ("render.yaml:2", "api has no healthCheckPath")
    assert deploy_check("health-check-path", "jobs") == ()
    assert deploy_check("syntax") == ()

def test_of_a_requirement(deploy_check, deploy_requirements, deploy_resolution):
    findings = [deploy_check("wheel", each) for each in deploy_requirements.lines]
    assert [len(each) for each in findings] == [1, 0]
    assert deploy_check("resolves", deploy_resolution) == ()

def test_misspelt(deploy_check):
    with pytest.raises(KeyError, match="there is no check 'healthcheck': did you mean health-check-path[?]"):
        deploy_check("healthcheck", "api")
    with pytest.raises(KeyError, match="there is no service 'ap': did you mean api"):
        deploy_check("health-check-path", "ap")
    with pytest.raises(TypeError, match="the check syntax is about a blueprint, and was given 'api'"):
        deploy_check("syntax", "api")
"""
        }
    )
    project.own(index=index).assert_outcomes(passed=3)


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(reset=True)], ids=["503", "reset"])
def test_an_index_in_trouble_is_an_error_of_the_tests_that_need_it(
    project: Deploycheck, index: Index, fault: Fault
) -> None:
    index.fault(fault)
    project.project(
        {
            "test_it.py": """\
def test_resolution(deploy_resolution): assert not deploy_resolution.sdists
def test_check(deploy_check, deploy_requirements): assert not deploy_check("wheel", deploy_requirements.lines[0])
def test_service(deploy_check): assert deploy_check("python-version", "api") == ()
"""
        }
    )
    result = project.own("-o", "junit_family=xunit2", "--junit-xml=junit.xml", index=index)
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["requirements.txt cannot be resolved on 3.13-*", "ERROR test_it.py::test_check - *"])
    assert 'errors="2" failures="0"' in (project.path / "junit.xml").read_text()


def test_without_a_solution_nothing_can_be_said_of_what_it_holds(project: Deploycheck, index: Index) -> None:
    project.project(
        {
            "requirements.txt": "top==9.0\n",
            "test_it.py": """\
def test_sdists(deploy_resolution): assert not deploy_resolution.sdists
def test_message(deploy_resolution): assert deploy_resolution.outcome.value == "no-match"
def test_check(deploy_check, deploy_requirements): assert not deploy_check("wheel", deploy_requirements.lines[0])
""",
        }
    )
    result = project.own(index=index)
    result.assert_outcomes(failed=1, passed=1, skipped=1)
    result.stdout.fnmatch_lines(["E *DoesNotResolve: requirements.txt does not resolve on 3.13-*: *top==9.0*"])


@pytest.mark.parametrize(
    ("blueprint", "message"),
    [
        ("services: [\n", "render.yaml:2: this is no YAML: *"),
        ("", "render.yaml:1: it is empty: *"),
    ],
    ids=["syntax", "empty"],
)
def test_a_blueprint_that_cannot_be_read_is_an_error(project: Deploycheck, blueprint: str, message: str) -> None:
    project.project({"render.yaml": blueprint, "test_it.py": "def test_it(deploy_blueprint): pass\n"})
    result = project.own()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_requirements_that_cannot_be_read_are_no_list_of_those_that_can(project: Deploycheck) -> None:
    test = "def test_it(deploy_requirements): assert all(each.is_pinned for each in deploy_requirements.lines)\n"
    project.project({"requirements.txt": "top==1.0\nother==\n", "test_it.py": test})
    result = project.own()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["requirements.txt:2: pip refuses this: other==: *"])


def test_where_there_is_nothing_to_deploy_the_test_is_told(deploycheck: Deploycheck) -> None:
    deploycheck.project({"test_it.py": "def test_it(deploy_requirements): pass\ndef test_other(): pass\n"})
    result = deploycheck.own("--continue-on-collection-errors")
    result.stdout.fnmatch_lines(["test_it.py:1: test_it: --deploycheck: nothing to check: looked for render.yaml, *"])


def test_the_items_of_deploycheck_share_what_the_tests_have(project: Deploycheck, index: Index) -> None:
    project.project({"test_it.py": "def test_it(deploy_resolution): assert 'top' in deploy_resolution\n"})
    result = project.own("--deploycheck", "-k", "test_it or resolves", index=index)
    assert result.parseoutcomes()["passed"] == 2
    assert len(index.requested("/simple/top/")) == 1


def test_the_fixtures_are_listed_with_a_sentence_each(project: Deploycheck) -> None:
    listed = project.own("--fixtures", "-q").stdout
    listed.fnmatch_lines(
        [
            "deploy_blueprint [[]session scope[]] -- *",
            '    The blueprint: ``.services[[]"api"[]]``, *',
            "render_service -- *",
        ]
    )


def test_the_markers_are_listed(project: Deploycheck) -> None:
    project.own("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.render_services(type=..., *", "@pytest.mark.deploy_targets(*", "@pytest.mark.requirements(*"]
    )
