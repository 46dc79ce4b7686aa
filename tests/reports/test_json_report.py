"""``--deploycheck-json`` is what its published schema says."""

from __future__ import annotations

import json

import pytest
from reports.runs import item, run
from reports.schema import PUBLISHED, assert_report

from command import Deploycheck
from index_server import Index, sdist
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.json_report import render


@pytest.mark.parametrize("project", ["before", "after"])
def test_the_report_on_the_incident_is_as_the_schema_has_it(
    deploycheck: Deploycheck, nexus_index: Index, project: str
) -> None:
    deploycheck.example(f"nexus/{project}")
    report = deploycheck.report(index=nexus_index)
    assert_report(report)
    assert [each["name"] for each in report["services"]] == [
        "nexus-api",
        "nexus-bot",
        "nexus-worker",
        "nexus-beat",
        "nexus-miniapp",
    ]
    assert report["run"]["complete"] is True


def test_a_report_without_blueprint_and_index_is_too(deploycheck: Deploycheck) -> None:
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    report = deploycheck.report()
    assert_report(report)
    assert {each["outcome"] for each in report["items"]} == {"error"}
    assert report["run"]["blueprint"] is None


def test_what_is_not_known_is_null(deploycheck: Deploycheck, index: Index) -> None:
    index.switches.sizes = False
    index.add(
        sdist("vague", "1.0", pkg_info="Metadata-Version: 1.0\nName: vague\nVersion: 1.0\n", files={"setup.py": "x"})
    )
    deploycheck.project({"requirements.txt": "vague\n", "pytest.ini": "[pytest]\n"})
    report = deploycheck.report(index=index)
    assert_report(report)
    (vague,) = report["resolutions"][0]["distributions"]
    assert vague["size"] is None


def test_the_matrix_is_as_the_schema_has_it(deploycheck: Deploycheck, index: Index) -> None:
    index.add(sdist("demo", "1.0"))
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    report = deploycheck.report("--deploycheck-matrix", index=index)
    assert_report(report)
    assert {each["outcome"] for each in report["matrix"]} == {"ok"}
    assert report["matrix"][0]["sdists"] == ["demo"]


def test_edits_are_in_it(deploycheck: Deploycheck) -> None:
    edit = Edit(Location("requirements.txt", 9, 11), Location("requirements.txt", 9, 16), "2.8.0")
    found = Finding(
        "wheel", Location("requirements.txt", 9), "it would compile", fix=("pydantic==2.8.0",), edits=(edit,)
    )
    report = json.loads(render(run(item("requirements.txt::3.13::pydantic", found))))
    assert_report(report)
    assert report["findings"][0]["edits"] == [
        {
            "path": "requirements.txt",
            "start": {"line": 9, "column": 11},
            "end": {"line": 9, "column": 16},
            "text": "2.8.0",
        }
    ]


def test_the_schema_keeps_what_the_contract_fixes() -> None:
    contract = {
        "resolutions": {"source", "target", "python", "services", "outcome", "message", "distributions"},
        "findings": {"check", "nodeid", "severity", "path", "line", "column", "message", "fix"},
    }
    for name, keys in contract.items():
        assert keys <= set(PUBLISHED["properties"][name]["items"]["required"])
