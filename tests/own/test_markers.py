"""Tests of one's own by markers: which tests there are, what they are called, and what a wrong marker is told."""

from __future__ import annotations

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

BLUEPRINT = """\
services:
  - type: web
    name: nexus-api
    runtime: python
    buildCommand: pip install -r requirements/base.txt
    healthCheckPath: /health
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
  - type: web
    name: nexus-admin
    runtime: docker
    healthCheckPath: /healthz
  - type: worker
    name: nexus-worker
    runtime: python
    buildCommand: pip install -r requirements/base.txt
    envVars:
      - {key: PYTHON_VERSION, value: 3.12.1}
"""
# As the documentation shows them.
EXAMPLES = """\
import pytest

@pytest.mark.render_services(type="web")              # one test for each matching service
def test_health_path(render_service):
    assert render_service.health_check_path == "/health"

@pytest.mark.deploy_targets("3.12", "3.13", "3.14")    # one for each target
def test_no_compiling(deploy_resolution):
    assert not deploy_resolution.sdists

@pytest.mark.requirements("requirements/*.txt")         # one for each line
def test_pinned(requirement):
    assert requirement.is_pinned
"""


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {
            "pytest.ini": "[pytest]\naddopts = --strict-markers --strict-config -W error\n",
            "render.yaml": BLUEPRINT,
            "requirements/base.txt": "compiled==1.0\nplain==2.0\n",
            "requirements/dev.txt": "-r base.txt\nplain>=1\ntool~=3.0\n",
            "test_rules.py": EXAMPLES,
        }
    )
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(
        wheel("compiled", "1.0", tags="cp312-cp312-manylinux_2_17_x86_64"),
        wheel("compiled", "1.0", tags="cp313-cp313-manylinux_2_17_x86_64"),
        sdist("compiled", "1.0", requires_dist=[]),
        wheel("plain", "2.0"),
    )
    return index


def collected(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


def test_the_examples_run_as_they_are_written(project: Deploycheck, index: Index) -> None:
    result = project.own("-v", index=index)
    outcomes = [line.split(" ")[:2] for line in result.outlines if line.startswith("test_rules.py::")]
    assert outcomes == [
        ["test_rules.py::test_health_path[nexus-api]", "PASSED"],
        ["test_rules.py::test_health_path[nexus-admin]", "FAILED"],
        ["test_rules.py::test_no_compiling[3.12]", "PASSED"],
        ["test_rules.py::test_no_compiling[3.13]", "PASSED"],
        ["test_rules.py::test_no_compiling[3.14]", "FAILED"],
        ["test_rules.py::test_pinned[requirements/base.txt:compiled]", "PASSED"],
        ["test_rules.py::test_pinned[requirements/base.txt:plain]", "PASSED"],
        ["test_rules.py::test_pinned[requirements/dev.txt:plain]", "FAILED"],
        ["test_rules.py::test_pinned[requirements/dev.txt:tool]", "FAILED"],
    ]


def test_what_fails_shows_the_subject_with_its_file_and_line(project: Deploycheck, index: Index) -> None:
    result = project.own(index=index)
    result.stdout.fnmatch_lines(
        [
            "render_service = <web service nexus-admin, render.yaml:9>",
            "E * assert '/healthz' == '/health'",
            "E *render.yaml:12: '/healthz'",
            "deploy_resolution = <requirements/base.txt on 3.14-manylinux_2_36_x86_64: 2 distributions>",
            "E * assert not (<compiled-1.0.tar.gz, requirements/base.txt:1>,)",
            "requirement = <requirement plain>=1, requirements/dev.txt:2>",
            "E * where False = <requirement plain>=1, requirements/dev.txt:2>.is_pinned",
        ]
    )


def test_collection_asks_no_network_and_the_ids_stay_when_a_pin_changes(project: Deploycheck, index: Index) -> None:
    before = collected(project.own("--collect-only", "-q", index=index))
    project.project({"requirements/base.txt": "compiled==1.1\nplain==2.5\n"})
    assert collected(project.own("--collect-only", "-q", index=index)) == before
    assert len(before) == 9
    assert index.requests == []


@pytest.mark.parametrize(
    ("marker", "ids"),
    [
        ("", ["nexus-api", "nexus-admin", "nexus-worker"]),
        ('type="worker"', ["nexus-worker"]),
        ('type=["worker", "web"], runtime="python"', ["nexus-api", "nexus-worker"]),
        ('runtime=("docker",)', ["nexus-admin"]),
        ('name="nexus-a*"', ["nexus-api", "nexus-admin"]),
        ('name="nexus-worker"', ["nexus-worker"]),
    ],
)
def test_services_are_chosen_by_type_runtime_and_name(project: Deploycheck, marker: str, ids: list[str]) -> None:
    test = f"@pytest.mark.render_services({marker})\ndef test_one(render_service):\n    assert render_service.name\n"
    project.project({"test_rules.py": f"import pytest\n{test}"})
    assert collected(project.own("--collect-only", "-q")) == [f"test_rules.py::test_one[{each}]" for each in ids]


@pytest.mark.parametrize(
    ("marker", "argument", "message"),
    [
        ('render_services("web")', "render_service", "*render_services('web') takes keywords: type, runtime, name"),
        ('render_services(typ="web")', "render_service", "*: there is no keyword 'typ': did you mean type? *"),
        ('render_services(type="wbe")', "render_service", "*: there is no type 'wbe': did you mean web? *"),
        ("render_services(type=7)", "render_service", "*: type is a text or several texts, and not 7"),
        ('render_services(name="nexus-ap")', "render_service", "render.yaml: *'nexus-ap': did you mean nexus-api? *"),
        ('render_services(type="web")', "tmp_path", "*has no effect without the argument render_service"),
        ("deploy_targets(3.13)", "deploy_target", "*a target such as '3.13' was expected, and not 3.13; *quotes"),
        ("deploy_targets()", "deploy_target", "*: which targets? give such as '3.13'"),
        ('deploy_targets("2.7")', "deploy_target", "'2.7' is no target: expected 3.13, *"),
        ('deploy_targets("3.13", on="arm")', "deploy_target", "*takes no keywords: give a target such as '3.13'"),
        ('deploy_targets("3.13")', "render_service", "*without the argument deploy_resolution or deploy_target"),
        ('requirements("requirments/*.txt")', "requirement", "*('requirments/[*].txt') matches no file below *"),
        ('requirements("/etc/*.txt")', "requirement", "*a glob relative to * was expected*"),
        ("requirements(7)", "requirement", "*a glob such as 'requirements/[*].txt' was expected, and not 7*"),
    ],
)
def test_a_wrong_marker_is_an_error_that_names_the_test(
    project: Deploycheck, marker: str, argument: str, message: str
) -> None:
    test = f"@pytest.mark.{marker}\ndef test_one({argument}):\n    pass\n"
    project.project({"test_rules.py": f"import pytest\n\n\n{test}", "test_other.py": "def test_two(): pass\n"})
    result = project.own()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"test_rules.py:4: test_one: {message}", "*ERROR test_rules.py*"])
    assert "Traceback" not in result.stdout.str()
    project.own("--continue-on-collection-errors").assert_outcomes(errors=1, passed=1)


def test_where_nothing_matches_the_test_is_skipped_and_says_why(project: Deploycheck) -> None:
    test = '@pytest.mark.render_services(type="cron", runtime="python")\ndef test_one(render_service):\n    assert 0\n'
    project.project({"test_rules.py": f"import pytest\n{test}"})
    result = project.own("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*the blueprint has no service of type cron, runtime python"])


def test_a_line_that_pip_refuses_is_an_error_of_its_own(project: Deploycheck) -> None:
    project.project({"requirements/base.txt": "plain==2.0\nrequests==-2.31.0\n"})
    result = project.own("-k", "pinned and base.txt")
    result.assert_outcomes(passed=1, errors=1, deselected=7)
    result.stdout.fnmatch_lines(["requirements/base.txt:2: pip refuses this: requests==-2.31.0: *"])


def test_a_marker_of_a_class_or_module_is_for_those_who_take_it(project: Deploycheck) -> None:
    tests = """\
import pytest
pytestmark = pytest.mark.deploy_targets("3.12", "3.13")

@pytest.mark.render_services(type="web")
class TestWeb:
    def test_one(self, render_service): pass
    def test_two(self): pass
    @pytest.mark.render_services(type="worker")
    def test_three(self, render_service): pass

def test_four(deploy_target): assert deploy_target.minor in ("3.12", "3.13")
"""
    project.project({"test_rules.py": tests})
    assert [each.partition("::")[2] for each in collected(project.own("--collect-only", "-q"))] == [
        "TestWeb::test_one[nexus-api]",
        "TestWeb::test_one[nexus-admin]",
        "TestWeb::test_two",
        "TestWeb::test_three[nexus-worker]",
        "test_four[3.12]",
        "test_four[3.13]",
    ]


def test_a_test_of_services_has_the_resolution_of_each(project: Deploycheck, index: Index) -> None:
    tests = """\
import pytest

@pytest.mark.render_services(runtime="python")
def test_python(render_service, deploy_resolution):
    assert deploy_resolution.target.python == render_service.environment["PYTHON_VERSION"].value

@pytest.mark.render_services(runtime="docker")
def test_docker(render_service, deploy_resolution): pass
"""
    project.project({"test_rules.py": tests})
    result = project.own("-v", index=index)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["<web service nexus-admin, render.yaml:9> installs no requirements that are known"])


def test_without_a_marker_a_test_is_run_for_each_source_and_target(project: Deploycheck, index: Index) -> None:
    project.project({"test_rules.py": "def test_one(deploy_resolution): assert deploy_resolution['plain']\n"})
    ids = ["3.13-manylinux_2_36_x86_64", "3.12-manylinux_2_36_x86_64"]
    assert collected(project.own("--collect-only", "-q")) == [f"test_rules.py::test_one[{each}]" for each in ids]
    project.own(index=index).assert_outcomes(passed=2)
    assert collected(project.own("--collect-only", "-q", "--deploycheck-target=3.13")) == ["test_rules.py::test_one"]
    project.project({"render.yaml": BLUEPRINT.replace("base.txt\n    envVars", "other.txt\n    envVars")})
    project.project({"requirements/other.txt": "plain==2.0\n"})
    assert collected(project.own("--collect-only", "-q", "--deploycheck-target=3.13")) == [
        "test_rules.py::test_one[requirements/base.txt]",
        "test_rules.py::test_one[requirements/other.txt]",
    ]


def test_parameters_may_be_given_indirectly_by_name(project: Deploycheck, index: Index) -> None:
    tests = """\
import pytest

@pytest.mark.parametrize("render_service", ["nexus-api", "nexus-worker"], indirect=True)
def test_service(render_service): assert render_service.runtime == "python"

@pytest.mark.parametrize("deploy_target", ["3.12", "3.13.1"], indirect=True)
def test_target(deploy_target, deploy_resolution): assert deploy_resolution.target is deploy_target

@pytest.mark.parametrize("requirement", ["plain"], indirect=True)
def test_requirement(requirement): assert requirement.location.line == 2

@pytest.fixture(params=["nexus-api"])
def name(request): return request.param

@pytest.mark.parametrize("render_service", ["nexus-ap"], indirect=True)
def test_misspelt(render_service): pass

def test_none(render_service): pass
"""
    project.project({"test_rules.py": tests})
    result = project.own("-v", index=index)
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*::test_target[[]3.13.1[]] PASSED*",
            "*there is no service 'nexus-ap': did you mean nexus-api? *",
            "*which service? @pytest.mark.render_services(*",
        ]
    )


def test_fixtures_and_parameters_of_the_same_names_stay_the_users(project: Deploycheck) -> None:
    tests = """\
import pytest

@pytest.mark.parametrize("requirement", ["a", "b"])
def test_direct(requirement): assert requirement in "ab"

@pytest.fixture
def render_service(): return "mine"

def test_own(render_service): assert render_service == "mine"
"""
    project.project({"test_rules.py": tests, "render.yaml": "services: ["})
    project.own().assert_outcomes(passed=3)
