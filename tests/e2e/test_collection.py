"""Which items there are: the same ones whatever is named, chosen or spread, and without the network."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, wheel

BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install --no-cache-dir -r requirements.txt
    startCommand: python -m http.server $PORT
    healthCheckPath: /health
    envVars:
      - key: PYTHON_VERSION
        value: 3.13.4
"""
TARGET = "3.13-manylinux_2_36_x86_64"
ITEMS = [
    "render.yaml::blueprint::syntax",
    "render.yaml::blueprint::document",
    "render.yaml::blueprint::services",
    "render.yaml::api::fields",
    "render.yaml::api::references",
    "render.yaml::api::python-version",
    "render.yaml::api::build-command",
    "render.yaml::api::build-home",
    "render.yaml::api::start-command",
    "render.yaml::api::start-program",
    "render.yaml::api::port",
    "render.yaml::api::health-check-path",
    "render.yaml::api::variables",
    "render.yaml::api::environment",
    "render.yaml::api::sqlite",
    f"requirements.txt::{TARGET}::resolves",
    f"requirements.txt::{TARGET}::demo",
    f"requirements.txt::{TARGET}::other-project",
]
OF_API = [each for each in ITEMS if "::api::" in each]
OF_REQUIREMENTS = [each for each in ITEMS if each.startswith("requirements.txt")]
HEALTH_CHECK = "render.yaml::api::health-check-path"
OWN = ["tests/test_own.py::test_one", "tests/test_own.py::test_two"]


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {
            "render.yaml": BLUEPRINT,
            "requirements.txt": "demo==1.0\nOther_Project==2.0  # why\n",
            "tests/test_own.py": "def test_one(): pass\ndef test_two(): pass\n",
            "empty/readme.txt": "",
            "pytest.ini": "[pytest]\ntestpaths = tests\n",
        }
    )
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(wheel("demo", "1.0"), wheel("other-project", "2.0"))
    return index


def collected(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        ([], OWN),
        (["tests"], OWN),
        (["tests/test_own.py"], OWN),
        (["tests/test_own.py::test_two"], OWN[1:]),
        (["empty"], []),
        (["-m", "deploycheck"], []),
        (["-k", "not test_"], []),
        (["-p", "no:cacheprovider"], OWN),
        (["--import-mode=importlib"], OWN),
        (["-W", "error", "--strict-markers", "--strict-config"], OWN),
    ],
)
def test_the_items_are_there_whatever_is_named(project: Deploycheck, arguments: list[str], own: list[str]) -> None:
    assert collected(project("--collect-only", "-q", *arguments)) == [*own, *ITEMS]


@pytest.mark.parametrize("arguments", [[], ["."], ["tests", "."]])
def test_the_rest_of_their_folder_is_collected_too(project: Deploycheck, arguments: list[str]) -> None:
    project.project({"pytest.ini": "[pytest]\n"})
    assert collected(project("--collect-only", "-q", *arguments)) == [*OWN, *ITEMS]


def test_collection_asks_no_network(project: Deploycheck, index: Index) -> None:
    project("--collect-only", "-q", index=index)
    assert index.requests == []


def test_the_items_are_there_from_a_folder_below(project: Deploycheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.path / "empty")
    assert collected(project("--collect-only", "-q")) == ITEMS


@pytest.mark.parametrize("node_id", [HEALTH_CHECK, OF_REQUIREMENTS[1]])
def test_a_node_id_selects_its_item_alone(project: Deploycheck, node_id: str) -> None:
    assert collected(project("--collect-only", "-q", node_id)) == [node_id]


def test_a_file_or_a_service_selects_its_items(project: Deploycheck) -> None:
    assert collected(project("--collect-only", "-q", "render.yaml::api")) == OF_API
    assert collected(project("--collect-only", "-q", "./requirements.txt")) == OF_REQUIREMENTS


def test_a_keyword_selects(project: Deploycheck) -> None:
    assert collected(project("--collect-only", "-q", "-k", "health")) == [HEALTH_CHECK]


def test_every_item_passes_and_last_failed_runs_what_failed(project: Deploycheck, index: Index) -> None:
    project("-q", index=index).assert_outcomes(passed=len(ITEMS + OWN), warnings=1)
    project.project({"render.yaml": BLUEPRINT.replace("    healthCheckPath: /health\n", "")})
    project("-q", index=index).assert_outcomes(passed=len(ITEMS + OWN) - 1, failed=1, warnings=1)
    again = project("--lf", index=index)
    again.assert_outcomes(failed=1, deselected=len(ITEMS + OWN) - 1)
    again.stdout.fnmatch_lines([f"FAILED {HEALTH_CHECK} - render.yaml:2: api has no*"])


def test_xdist_runs_the_same_items(project: Deploycheck, index: Index) -> None:
    result = project("-v", "-n", "2", index=index)
    result.assert_outcomes(passed=len(ITEMS + OWN), warnings=1)
    ran = re.findall(r"\[gw\d\].* PASSED (\S+)", "\n".join(result.outlines))
    assert sorted(ran) == sorted([*OWN, *ITEMS])


def test_what_pytest_prints_selects_the_item_again(project: Deploycheck, index: Index) -> None:
    shown = [line.split(" ")[0] for line in project("-v", index=index).outlines if " PASSED " in line]
    assert shown == [*OWN, *ITEMS]


def test_the_node_ids_stay_when_a_pin_changes(project: Deploycheck) -> None:
    project.project({"requirements.txt": "# all pinned\ndemo==1.1\nother.project>=2\n"})
    assert collected(project("--collect-only", "-q", "empty")) == ITEMS


def test_targets_that_differ_in_the_patch_alone_are_told_apart(project: Deploycheck) -> None:
    found = collected(
        project(
            "--collect-only", "-q", "requirements.txt", *("--deploycheck-target=3.13.1", "--deploycheck-target=3.13.2")
        )
    )
    assert [each for each in found if each.endswith("resolves")] == [
        "requirements.txt::3.13.1-manylinux_2_36_x86_64::resolves",
        "requirements.txt::3.13.2-manylinux_2_36_x86_64::resolves",
    ]


def test_what_a_build_command_installs_together_is_one_source(deploycheck: Deploycheck) -> None:
    command = "cd requirements && pip install -r base.txt --requirement=more.txt gunicorn && pip install -r more.txt"
    deploycheck.project(
        {
            "render.yaml": BLUEPRINT.replace("pip install --no-cache-dir -r requirements.txt", command).replace(
                "envVars", "rootDir: backend\n    envVars"
            ),
            "backend/requirements/base.txt": "demo\n",
            "backend/requirements/more.txt": "more\n",
            "requirements.txt": "unused\n",
        }
    )
    found = collected(deploycheck("--collect-only", "-q", "-k", TARGET))
    assert found == [
        f"backend/requirements/base.txt::{TARGET}::resolves",
        f"backend/requirements/base.txt::{TARGET}::gunicorn",
        f"backend/requirements/base.txt::{TARGET}::demo",
        f"backend/requirements/base.txt::{TARGET}::more",
        f"backend/requirements/more.txt::{TARGET}::resolves",
        f"backend/requirements/more.txt::{TARGET}::more",
    ]


def test_services_that_install_a_file_in_different_ways_have_items_of_their_own(deploycheck: Deploycheck) -> None:
    service = (
        "  - {{type: worker, name: {name}, runtime: python, buildCommand: '{command}', startCommand: python x.py}}\n"
    )
    plain, strict = "pip install -r requirements.txt", "pip install --only-binary=:all: -r requirements.txt"
    commands = {"one": plain, "two": plain, "three": strict, "four": "pip install alone"}
    services = "".join(service.format(name=name, command=command) for name, command in commands.items())
    deploycheck.project({"render.yaml": f"services:\n{services}", "requirements.txt": "demo\n"})
    found = collected(deploycheck("--collect-only", "-q", "--deploycheck-target=3.13", "-k", TARGET))
    assert found == [
        f"render.yaml::{TARGET}::resolves",
        f"render.yaml::{TARGET}::alone",
        f"requirements.txt::{TARGET}::resolves",
        f"requirements.txt::{TARGET}::demo",
        f"requirements.txt::{TARGET}@three::resolves",
        f"requirements.txt::{TARGET}@three::demo",
    ]


def test_files_outside_the_root_and_odd_names_have_node_ids_of_their_own(deploycheck: Deploycheck) -> None:
    deploycheck.project({"pytest.ini": "[pytest]\n", "x [dev]/r.txt": "a\n"})
    for name in ("one", "two"):
        folder = deploycheck.path.parent / f"{deploycheck.path.name}-{name}"
        folder.mkdir()
        (folder / "r.txt").write_text("a\n")
    outside = [f"../{deploycheck.path.name}-{name}/r.txt" for name in ("one", "two")]
    options = [f"--deploycheck-requirements={path}" for path in (*outside, "x [dev]/r.txt")]
    found = deploycheck("--collect-only", "-q", "--deploycheck-target=3.13", "-k", "resolves", *options).outlines
    assert found[:3] == [f"{path}::{TARGET}::resolves" for path in (*outside, "x [dev]/r.txt")]


def test_an_option_that_moves_the_root_is_a_usage_error(
    deploycheck: Deploycheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploycheck.project({"proj/pytest.ini": "[pytest]\n", "proj/requirements.txt": "", "out/report.json": "{}"})
    monkeypatch.chdir(deploycheck.path / "proj")
    result = deploycheck("--deploycheck-json", "../out/report.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *write --deploycheck-json=../out/report.json"])
    assert deploycheck("--deploycheck-json=../out/report.json").ret == pytest.ExitCode.OK


def test_an_assumed_python_is_said_to_be_assumed(deploycheck: Deploycheck) -> None:
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    deploycheck("--collect-only").stdout.fnmatch_lines(
        ["deploycheck: requirements.txt for 3.14-* (Python 3.14.3 is the default of a service created on *, assumed)"]
    )
    asked = deploycheck("--collect-only", "--deploycheck-target=3.13")
    asked.stdout.fnmatch_lines([f"deploycheck: requirements.txt for {TARGET}"])


def test_without_a_blueprint_the_default_of_the_day_decides(deploycheck: Deploycheck) -> None:
    deploycheck.project(
        {"requirements.txt": "demo\n", "pytest.ini": "[pytest]\ndeploycheck_service_created=2025-01-01\n"}
    )
    assert collected(deploycheck("--collect-only", "-q"))[0] == "requirements.txt::3.11-manylinux_2_36_x86_64::resolves"


@pytest.mark.parametrize(
    ("files", "arguments", "expected"),
    [
        (
            {},
            [],
            "nothing to check: looked for render.yaml, render.yml, requirements.txt, uv.lock, *.toml in {root}*",
        ),
        ({}, ["--deploycheck-blueprint", "no.yaml"], "--deploycheck-blueprint: there is no file {root}/no.yaml"),
        ({}, ["--deploycheck-requirements", "no.txt"], "--deploycheck-requirements: there is no file {root}/no.txt"),
        ({"requirements.txt": ""}, ["--deploycheck-target", "2.7"], "'2.7' is no target: expected 3.13, 3.13.4 or *"),
        ({"requirements.txt": ""}, ["--deploycheck-target", "3.1"], "'3.1' is older than 3.7.3, the oldest Python *"),
        ({"requirements.txt": ""}, ["--deploycheck-target", "3.13-amiga"], "'amiga' is no platform tag *"),
        ({"requirements.txt": ""}, ["--deploycheck-json", "no/r.json"], "--deploycheck-json: there is no folder *"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    deploycheck: Deploycheck, files: dict[str, str], arguments: list[str], expected: str
) -> None:
    deploycheck.project(files)
    result = deploycheck(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{expected.format(root=deploycheck.path)}"])


def test_without_the_option_nothing_is_collected_and_only_the_plugin_is_imported(project: Deploycheck) -> None:
    (project.path / "conftest.py").write_text(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    ours = sorted(name for name in sys.modules if name.startswith('pytest_deploycheck'))\n"
        "    heavy = {'requests', 'yaml', 'resolvelib', 'packaging.requirements'} & set(sys.modules)\n"
        "    print('IMPORTED', *ours, *heavy)\n"
    )
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:hypothesispytest", "-p", "no:xdist"]
    result = project.pytester.run(*command)
    result.assert_outcomes(passed=2)
    light = ("fixtures", "hooks", "options", "plugin")
    result.stdout.fnmatch_lines(
        [f"IMPORTED pytest_deploycheck {' '.join(f'pytest_deploycheck.{each}' for each in light)}"]
    )


def test_the_ini_file_turns_it_on_and_paths_there_start_at_the_ini_file(project: Deploycheck, index: Index) -> None:
    ini = "[pytest]\ntestpaths = tests\ndeploycheck = true\ndeploycheck_requirements = deep/base.txt\n"
    project.project({"pytest.ini": ini, "deep/base.txt": "demo==1.0\n"})
    (project.path / "deep").mkdir(exist_ok=True)
    result = project.pytester.run(sys.executable, "-m", "pytest", "--collect-only", "-q", "tests")
    assert f"deep/base.txt::{TARGET}::demo" in collected(result)


def test_an_item_stands_where_its_subject_stands(project: Deploycheck, index: Index) -> None:
    project.project({"requirements.txt": "\n\ndemo==1.5\nother-project==2.0\n"})
    path = project.path / "junit.xml"
    project("--junit-xml", path, "-o", "junit_family=xunit1", "requirements.txt", index=index)
    assert 'file="requirements.txt" line="2"' in Path(path).read_text()
