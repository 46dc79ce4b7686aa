"""What others add: checks, platforms, sources, a say in findings and resolutions; and what happens when it raises."""

from __future__ import annotations

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    region: oregon
    buildCommand: pip install --no-cache-dir -r requirements.txt
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
      - {key: CARGO_HOME, value: /tmp/cargo}
      - {key: RUSTUP_HOME, value: /tmp/rustup}
  - {type: worker, name: jobs, runtime: docker, region: frankfurt}
"""
TARGET = "3.13-manylinux_2_36_x86_64"
REGION = """\
import pytest_deploycheck as deploycheck

@deploycheck.check("region", "service")
def region(service, deployment):
    \"\"\"Every service runs in Frankfurt.\"\"\"
    if service.get("region") != "frankfurt":
        yield f"{service.name} runs in {service.get('region')}"
"""


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    files = {"pytest.ini": "[pytest]\n", "render.yaml": BLUEPRINT, ".gitignore": "cargo/\nrustup/\n"}
    deploycheck.project({**files, "requirements.txt": "one==1.0\ntwo==1.0\n"})
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(wheel("one", "1.0"), sdist("two", "1.0", files={"two.c": "", "setup.py": ""}, requires_dist=[]))
    return index


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """By node id."""
    words = [line.split() for line in result.outlines if "::" in line and "%]" in line]
    return {each[0]: each[1] for each in words}


def run(project: Deploycheck, index: Index, conftest: str, *arguments: str) -> pytest.RunResult:
    project.pytester.syspathinsert()
    project.project({"conftest.py": conftest})
    return project.own("--deploycheck", "-v", *arguments, index=index)


# Checks.


def test_a_check_in_a_conftest_is_an_item_of_each_subject(project: Deploycheck, index: Index) -> None:
    before = outcomes(run(project, index, ""))
    result = run(project, index, REGION)
    after = outcomes(result)
    assert after.pop("render.yaml::api::region") == "FAILED"
    assert after.pop("render.yaml::jobs::region") == "PASSED"
    assert after == before
    result.stdout.fnmatch_lines(["render.yaml:2: api runs in oregon"])


def test_a_check_of_one_run_is_none_of_the_next(project: Deploycheck, index: Index) -> None:
    run(project, index, REGION)
    assert "render.yaml::api::region" not in outcomes(run(project, index, ""))


def test_checks_of_each_kind_of_subject(project: Deploycheck, index: Index) -> None:
    conftest = """\
from pytest_deploycheck import Finding, Severity, check

@check("has-a-database", "blueprint")
def database(blueprint, deployment):
    "There is a database."
    return None if blueprint.databases else "there is no database"

@check("small", "resolution")
def small(place, deployment):
    "Little is installed."
    picked = deployment.resolution(place).picked
    if len(picked) > 1:
        yield Finding("small", picked[1].line, f"{len(picked)} distributions", severity=Severity.ADVICE)

@check("called-one", "requirement", applies=lambda subject, deployment: subject.project != "two")
def called_one(subject, deployment):
    "It is called one."
    assert subject.project == "one" and subject.lines[0].location.line == 1
    return ()
"""
    result = run(project, index, conftest, "-k", "database or small or called")
    assert outcomes(result) == {
        "render.yaml::blueprint::has-a-database": "FAILED",
        f"requirements.txt::{TARGET}::small": "PASSED",
        f"requirements.txt::{TARGET}::one[called-one]": "PASSED",
    }
    result.stdout.fnmatch_lines(["*requirements.txt:2: DeploycheckAdvice: requirements.txt:2: 2 distributions"])
    selected = run(project, index, conftest, f"requirements.txt::{TARGET}::one[called-one]")
    assert list(outcomes(selected)) == [f"requirements.txt::{TARGET}::one[called-one]"]


def test_a_plugin_gives_its_checks_by_the_hook_as_the_built_in_ones_are_given(
    project: Deploycheck, index: Index
) -> None:
    project.project(
        {"company.py": "def pytest_deploycheck_checks(config):\n    import rules\n    return [rules.region]\n"}
    )
    project.project({"rules.py": REGION, "pytest.ini": "[pytest]\naddopts = -p company\n"})
    found = outcomes(run(project, index, ""))
    assert found["render.yaml::api::region"] == "FAILED"
    from pytest_deploycheck.checks import built_in

    assert "wheel" in [each.name for each in built_in.pytest_deploycheck_checks()]


def test_a_check_is_made_of_any_subject_by_the_fixture(project: Deploycheck) -> None:
    test = "def test_it(deploy_check):\n    assert deploy_check('region', 'api')[0].message == 'api runs in oregon'\n"
    project.project({"conftest.py": REGION, "test_it.py": test})
    project.own().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"region", "service"', '"Region", "service"', "*'Region' is no name of a check: expected lower-case *"),
        ('"region", "service"', '"region", "servise"', "*: there is no subject 'servise': did you mean service? *"),
        ('    """Every service runs in Frankfurt."""\n', "", "*the check 'region' needs a docstring: *"),
        ('"region", "service"', '"fields", "service"', "*two checks are called fields: that of *.blueprint:* and *"),
    ],
    ids=["name", "subject", "docstring", "twice"],
)
def test_a_check_that_is_none_is_refused(project: Deploycheck, index: Index, old: str, new: str, message: str) -> None:
    result = run(project, index, REGION.replace(old, new))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.parametrize("body", ["yield 1 / 0", "yield 7", "return 7", "deployment.nothing"])
def test_a_check_that_goes_wrong_is_an_error_of_its_items_alone(project: Deploycheck, index: Index, body: str) -> None:
    conftest = REGION[: REGION.index("    if service")] + f"    if service.name == 'api':\n        {body}\n"
    before = outcomes(run(project, index, ""))
    result = run(project, index, conftest)
    after = outcomes(result)
    assert after.pop("render.yaml::api::region") == "ERROR"
    assert after.pop("render.yaml::jobs::region") == "PASSED"
    assert after == before
    result.stdout.fnmatch_lines(["render.yaml:2: cannot be checked: conftest.py:3: the check region *"])


def test_where_the_requirements_do_not_resolve_a_check_of_them_is_skipped(project: Deploycheck, index: Index) -> None:
    conftest = """\
from pytest_deploycheck import check

@check("no-sdists", "resolution")
def no_sdists(place, deployment):
    "Nothing is built."
    return (f"{each} is built" for each in deployment.resolution(place).sdists)
"""
    assert outcomes(run(project, index, conftest))[f"requirements.txt::{TARGET}::no-sdists"] == "FAILED"
    project.project({"requirements.txt": "one==9.0\n"})
    assert outcomes(run(project, index, conftest))[f"requirements.txt::{TARGET}::no-sdists"] == "SKIPPED"
    index.close()
    (project.path / "requirements.txt").write_text("another\n")
    assert outcomes(run(project, index, conftest))[f"requirements.txt::{TARGET}::no-sdists"] == "ERROR"


def test_a_check_that_would_be_missed_is_a_usage_error(project: Deploycheck, index: Index) -> None:
    project.project({"deep/rules/conftest.py": REGION, "deep/rules/test_it.py": "def test_it(): pass\n"})
    result = run(project, index, "")
    result.stdout.fnmatch_lines(["*deep/rules/conftest.py has the check region, and is read only after *"])
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    project.project({"pytest.ini": "[pytest]\ntestpaths = deep/rules\n"})
    assert outcomes(run(project, index, ""))["render.yaml::api::region"] == "FAILED"


# Findings.

ADJUST = """\
import dataclasses
from pytest_deploycheck import Ignored, Severity

def pytest_deploycheck_finding(finding, nodeid):
    if finding.check == "health-check-path":
        return Ignored("nobody asks for it")
    if nodeid.endswith("::two"):
        return dataclasses.replace(finding, severity=Severity.ADVICE)
"""


def test_findings_are_ignored_for_a_reason_or_get_another_severity(project: Deploycheck, index: Index) -> None:
    assert outcomes(run(project, index, ""))["render.yaml::api::health-check-path"] == "FAILED"
    result = run(project, index, ADJUST, "-rs")
    found = outcomes(result)
    assert found["render.yaml::api::health-check-path"] == "SKIPPED"
    assert found[f"requirements.txt::{TARGET}::two"] == "PASSED"
    result.stdout.fnmatch_lines(["*DeploycheckAdvice: requirements.txt:2: two==1.0 would be built from source*"])
    result.stdout.fnmatch_lines(["SKIPPED * ignored: nobody asks for it"])


def test_one_adjusts_what_the_one_before_it_returned(project: Deploycheck, index: Index) -> None:
    body = "return dataclasses.replace(finding, message='first')"
    first = f"import dataclasses\ndef pytest_deploycheck_finding(finding):\n    {body}\n"
    second = first.replace("'first'", "finding.message + ' and second'")
    project.project({"company.py": first, "pytest.ini": "[pytest]\naddopts = -p company\n"})
    run(project, index, second).stdout.fnmatch_lines(["render.yaml:2: first and second"])


@pytest.mark.parametrize("body", ["return 1 / 0", "return 'ignored'", "return Ignored('')"])
def test_an_adjustment_that_raises_is_an_error_of_the_items_with_findings(
    project: Deploycheck, index: Index, body: str
) -> None:
    some = ("-k", "health-check-path or syntax or requirements.txt")
    before = outcomes(run(project, index, "", *some))
    conftest = f"from pytest_deploycheck import Ignored\n\ndef pytest_deploycheck_finding(finding):\n    {body}\n"
    result = run(project, index, conftest, *some)
    changed = {node: ended for node, ended in outcomes(result).items() if ended != before[node]}
    assert changed == {"render.yaml::api::health-check-path": "ERROR", f"requirements.txt::{TARGET}::two": "ERROR"}
    result.stdout.fnmatch_lines(["render.yaml:2: cannot be checked: conftest.py:3: pytest_deploycheck_finding *"])


# Resolutions.

SEE = """\
def pytest_deploycheck_resolution(resolution, services):
    with open("seen.txt", "a") as file:
        print(resolution.target.minor, resolution.outcome.value, *[s.name for s in services], file=file)
"""


def test_each_resolution_is_seen_once(project: Deploycheck, index: Index) -> None:
    project.project({"test_it.py": "def test_it(deploy_resolution): pass\n"})
    run(project, index, SEE, "--deploycheck-target=3.12", "--deploycheck-target=3.13")
    seen = (project.path / "seen.txt").read_text().splitlines()
    assert sorted(seen) == ["3.12 ok api", "3.13 ok api"]


def test_one_that_raises_is_an_error_of_those_who_ask_for_the_resolution(project: Deploycheck, index: Index) -> None:
    project.project({"test_it.py": "def test_it(deploy_resolution): pass\ndef test_other(deploy_blueprint): pass\n"})
    before = outcomes(run(project, index, ""))
    body = "if resolution.target.minor == '3.13':\n        open(1, 2, 3, 4)\n"
    conftest = f"def pytest_deploycheck_resolution(resolution):\n    {body}"
    result = run(project, index, conftest)
    changed = {node: ended for node, ended in outcomes(result).items() if ended != before[node]}
    assert changed == {"test_it.py::test_it": "ERROR", f"requirements.txt::{TARGET}::resolves": "ERROR"}
    result.stdout.fnmatch_lines(["conftest.py:1: pytest_deploycheck_resolution raised TypeError: *"])
    result.stdout.fnmatch_lines(["*conftest.py:3: open(1, 2, 3, 4)"])


# Platforms and sources.

PLATFORM = """\
from pytest_deploycheck import Platform

def pytest_deploycheck_platforms():
    return [Platform("lambda_arm", "manylinux_2_34_aarch64", python="3.12")]
"""


def test_a_platform_has_a_name_for_settings_and_targets(project: Deploycheck, index: Index) -> None:
    asked = run(project, index, PLATFORM, "--deploycheck-target=3.13-lambda_arm", "-k", "resolves")
    assert outcomes(asked) == {"requirements.txt::3.13-manylinux_2_34_aarch64::resolves": "PASSED"}
    chosen = run(project, index, PLATFORM, "-o", "deploycheck_platform=lambda_arm", "-k", "resolves")
    assert outcomes(chosen) == {"requirements.txt::3.12-manylinux_2_34_aarch64::resolves": "PASSED"}
    test = "def test_it(deploy_target): assert 'aarch64' in deploy_target.platform\n"
    project.project({"test_it.py": f"import pytest\n@pytest.mark.deploy_targets('3.11-lambda_arm')\n{test}"})
    project.own().assert_outcomes(passed=1)


SOURCES = """\
from pytest_deploycheck import RequirementsText

def pytest_deploycheck_sources(folder):
    lines = [line.partition("->")[0] for line in (folder / "deps.list").read_text().splitlines()]
    return ["more.txt", RequirementsText("deps.list", "\\n".join(lines))]
"""


def test_sources_are_files_or_texts_that_stand_for_one(project: Deploycheck, index: Index) -> None:
    project.project({"more.txt": "one\n", "deps.list": "\none==1.0 -> ours\ntwo==1.0 -> theirs\n"})
    result = run(project, index, SOURCES)
    found = outcomes(result)
    assert found[f"more.txt::{TARGET}::one"] == "PASSED"
    assert found[f"deps.list::{TARGET}::two"] == "FAILED"
    result.stdout.fnmatch_lines(["deps.list:3: two==1.0 would be built from source on *"])


@pytest.mark.parametrize(
    ("hook", "body", "words"),
    [
        ("pytest_deploycheck_checks", "return 1 / 0", "raised ZeroDivisionError: division by zero"),
        ("pytest_deploycheck_checks", "yield print", "raised TypeError: a function decorated with *"),
        ("pytest_deploycheck_platforms", "return ['arm']", "raised TypeError: a Platform was expected, *"),
        ("pytest_deploycheck_sources", "return ['no.txt']", "raised FileNotFoundError: there is no file *no.txt"),
        ("pytest_deploycheck_sources", "raise LookupError", "raised LookupError"),
    ],
)
def test_a_hook_that_cannot_say_what_it_adds_has_an_item_that_says_so(
    project: Deploycheck, index: Index, hook: str, body: str, words: str
) -> None:
    before = outcomes(run(project, index, ""))
    project.project({"company.py": SOURCES + REGION, "deps.list": "one\n", "more.txt": "one\n"})
    project.project({"pytest.ini": "[pytest]\naddopts = -p company\n"})
    result = run(project, index, f"def {hook}():\n    {body}\n")
    after = outcomes(result)
    assert after.pop(f"conftest.py::hooks::{hook}") == "ERROR"
    assert after.pop("render.yaml::api::region") == "FAILED"
    assert after.pop(f"more.txt::{TARGET}::one") == "PASSED"
    assert {node: after[node] for node in before} == before
    result.stdout.fnmatch_lines([f"conftest.py:1: cannot be checked: conftest.py:1: {hook} {words}"])


def test_a_platform_that_nobody_could_add_is_a_usage_error_that_says_why(project: Deploycheck, index: Index) -> None:
    conftest = "def pytest_deploycheck_platforms():\n    return 1 / 0\n"
    result = run(project, index, conftest, "--deploycheck-platform=mine")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'mine' is no platform tag *; conftest.py:1: pytest_deploycheck_platforms raised *"])
