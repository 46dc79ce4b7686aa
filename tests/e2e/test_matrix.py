"""``--deploycheck-matrix``: the Pythons on which the files as they are would deploy."""

from __future__ import annotations

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

MATRIX = "--deploycheck-matrix"
CP312 = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"


@pytest.fixture
def project(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    index.add(wheel("native", "1.0", CP312), sdist("native", "1.0"))
    index.add(wheel("new", "1.0", requires_python=">=3.11", page_requires_python=">=3.11"))
    index.add(wheel("app", "1.0", requires_dist=["tool<2; python_version<'3.14'", "tool>=2; python_version>='3.14'"]))
    index.add(wheel("tool", "1.0"), wheel("tool", "2.0"))
    deploycheck.project({"requirements.txt": "native==1.0\nnew==1.0\napp==1.0\ntool==1.0\n"})
    return deploycheck


def section(result: pytest.RunResult) -> list[str]:
    _, _, found = result.stdout.str().partition("deploycheck matrix ")
    return found.partition("\n")[2].partition("\n====")[0].splitlines()


def test_each_python_has_a_verdict_with_its_reason(project: Deploycheck, index: Index) -> None:
    assert section(project(MATRIX, "--deploycheck-target=3.12", index=index)) == [
        "requirements.txt on manylinux_2_36_x86_64",
        "  3.9    no match   new==1.0 is asked for",
        "  3.10   no match   new==1.0 is asked for",
        "  3.11   sdists     1 of 4: native",
        "  3.12   wheels     all 4",
        "  3.13   sdists     1 of 4: native",
        "  3.14   conflict   tool==1.0; app 1.0 requires tool>=2",
        "  3.15   conflict   tool==1.0; app 1.0 requires tool>=2",
    ]


def test_platforms_and_free_threaded_builds_are_shown_where_asked_for(project: Deploycheck, index: Index) -> None:
    targets = ("--deploycheck-target=3.13t", "--deploycheck-target=3.12-macosx_14_0_arm64")
    shown = section(project(MATRIX, *targets, index=index))
    blocks = [line for line in shown if not line.startswith(" ")]
    assert blocks == ["requirements.txt on manylinux_2_36_x86_64", "requirements.txt on macosx_14_0_arm64"]
    minors = [line.split()[0] for line in shown[1 : shown.index(blocks[1])]]
    assert minors == ["3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t"]
    assert "  3.12   sdists     1 of 4: native" in shown


def test_the_report_has_it_too(project: Deploycheck, index: Index) -> None:
    report = project.report(MATRIX, "--deploycheck-target=3.12", index=index)
    assert report["schema"] == 1
    assert [each["python"] for each in report["matrix"]][:4] == ["3.9.25", "3.10.22", "3.11.18", "3.12.16"]
    assert report["matrix"][2] == {
        "source": "requirements.txt",
        "target": "3.11-manylinux_2_36_x86_64",
        "python": "3.11.18",
        "services": [],
        "outcome": "ok",
        "message": "1 of 4: native",
        "distributions": 4,
        "sdists": ["native"],
    }
    assert "matrix" not in project.report("--deploycheck-target=3.12", index=index)


def test_what_a_service_gets_is_marked_and_of_its_own_patch(deploycheck: Deploycheck, nexus_index: Index) -> None:
    deploycheck.example("nexus/before")
    with (deploycheck.path / "pytest.ini").open("a") as ini:
        ini.write("deploycheck_service_created = 2026-11-24\n")
    shown = section(deploycheck(MATRIX, "-k", "syntax", index=nexus_index))
    assert "  3.12   wheels     all 65" in shown
    assert (
        "  3.14   sdists     3 of 65: aiohttp, orjson, pydantic-core"
        "  <- nexus-api, nexus-bot, nexus-worker, nexus-beat" in shown
    )
