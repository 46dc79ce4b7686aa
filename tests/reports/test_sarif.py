"""``--deploycheck-sarif`` is valid, and has what GitHub's code scanning asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from reports.runs import item, run
from reports.schema import assert_sarif

from command import Deploycheck
from index_server import Index
from pytest_deploycheck.checks.built_in import built_in
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import End
from pytest_deploycheck.reports.sarif import render


def log_of(project: Deploycheck, *arguments: str, index: Index | None = None) -> dict[str, Any]:
    project("--deploycheck-sarif=out.sarif", *arguments, index=index)
    return project.read_report("out.sarif")


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


@pytest.fixture
def before(deploycheck: Deploycheck, nexus_index: Index) -> dict[str, Any]:
    deploycheck.example("nexus/before")
    return log_of(deploycheck, index=nexus_index)


def test_the_log_of_the_incident_is_valid(before: dict[str, Any]) -> None:
    assert_sarif(before)
    where = [each["locations"][0]["physicalLocation"] for each in results(before) if each["level"] == "error"]
    assert ("requirements.txt", 9, 1) in [
        (each["artifactLocation"]["uri"], each["region"]["startLine"], each["region"]["startColumn"]) for each in where
    ]
    assert {each["level"] for each in results(before)} == {"error", "warning"}


def test_every_check_is_a_rule_and_every_result_has_its_rule(before: dict[str, Any]) -> None:
    rules = before["runs"][0]["tool"]["driver"]["rules"]
    assert {each["id"] for each in rules} >= {each.name for each in built_in()}
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in results(before))


def test_what_github_requires_is_there(before: dict[str, Any]) -> None:
    driver = before["runs"][0]["tool"]["driver"]
    assert driver["name"]
    assert driver["semanticVersion"]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    for result in results(before):
        assert result["message"]["text"]
        assert result["partialFingerprints"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not uri.startswith(("/", "file:"))
    fingerprints = [each["partialFingerprints"]["deploycheck/v1"] for each in results(before)]
    assert len(set(fingerprints)) == len(fingerprints)


def finding(line: int = 9, *edits: Edit, path: str = "requirements.txt", message: str = "it would compile") -> Finding:
    return Finding("wheel", Location(path, line, 3), message, ("one -> two",), ("write this",), edits=edits)


def rendered(*findings: Finding, **more: Any) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render(run(item("requirements.txt::3.13::one", *findings), **more)))
    assert_sarif(log)
    return log


def test_an_edit_is_a_fix_with_the_region_that_it_replaces() -> None:
    edit = Edit(Location("requirements.txt", 9, 11), Location("requirements.txt", 9, 16), "2.8.0")
    (result,) = results(rendered(finding(9, edit)))
    assert result["fixes"] == [
        {
            "description": {"text": "write this"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "requirements.txt", "uriBaseId": "%SRCROOT%"},
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 9, "startColumn": 11, "endLine": 9, "endColumn": 16},
                            "insertedContent": {"text": "2.8.0"},
                        }
                    ],
                }
            ],
        }
    ]


def test_edits_of_several_files_are_one_fix() -> None:
    places = [Location("a.txt", 1), Location("b.txt", 2), Location("a.txt", 3)]
    (result,) = results(rendered(finding(9, *(Edit(each, each, "x") for each in places))))
    (fix,) = result["fixes"]
    changed = {each["artifactLocation"]["uri"]: len(each["replacements"]) for each in fix["artifactChanges"]}
    assert changed == {"a.txt": 2, "b.txt": 1}


def test_a_path_is_a_uri() -> None:
    (result,) = results(rendered(finding(path="services/año 1/req#1.txt")))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "services/a%C3%B1o%201/req%231.txt"


def test_a_fingerprint_survives_new_lines_above_and_new_versions() -> None:
    def fingerprint(each: Finding) -> str:
        return str(results(rendered(each))[0]["partialFingerprints"])

    old = finding(9, message="one==1.0 would compile on 3.13-manylinux_2_36_x86_64")
    new = finding(19, message="one==1.1 would compile on 3.14-manylinux_2_36_x86_64")
    assert fingerprint(old) == fingerprint(new)
    assert fingerprint(old) != fingerprint(finding(9, message="two==1.0 would compile"))


def test_a_check_that_nobody_registered_is_a_rule_too() -> None:
    own = Finding("our-own", Location("render.yaml"), "no", severity=Severity.ADVICE)
    log = rendered(own)
    assert "our-own" in {each["id"] for each in log["runs"][0]["tool"]["driver"]["rules"]}


def test_what_could_not_be_checked_is_no_result_and_no_success(deploycheck: Deploycheck) -> None:
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    log = log_of(deploycheck)
    assert_sarif(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert results(log) == []
    assert invocation["executionSuccessful"] is False
    assert "connection refused" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_an_interrupted_run_is_no_success() -> None:
    unfinished = run(item("requirements.txt::3.13::one", end=End.NOT_RUN), interrupted=True)
    log = json.loads(render(unfinished))
    assert_sarif(log)
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_what_the_fix_option_would_write_is_a_fix_of_the_result(before: dict[str, Any]) -> None:
    fixes = [fix for each in results(before) for fix in each.get("fixes", ())]
    changed = {change["artifactLocation"]["uri"] for fix in fixes for change in fix["artifactChanges"]}
    assert "requirements.txt" in changed
    assert all(change["replacements"] for fix in fixes for change in fix["artifactChanges"])
