"""Other plugins and tools beside this one: the same tests in the same order, and the same outcomes."""

from __future__ import annotations

import importlib.util
import os
import re
import sys

import pytest

from command import Deploycheck
from index_server import Index, wheel

BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install --no-cache-dir -r requirements.txt
    healthCheckPath: /health
    envVars:
      - {key: PYTHON_VERSION, value: 3.13.4}
"""
TESTS = """\
import pytest

@pytest.mark.render_services(type="web")
def test_health_path(render_service):
    assert render_service.health_check_path == "/health"

@pytest.mark.deploy_targets("3.12", "3.13")
def test_no_compiling(deploy_resolution):
    assert not deploy_resolution.sdists

@pytest.mark.requirements("*.txt")
def test_pinned(requirement):
    assert requirement.is_pinned

def test_plain(deploy_resolution):
    assert deploy_resolution["one"]
"""
# Of every interpreter and every pytest that the tests are run with.
NODE_IDS = [
    "test_rules.py::test_health_path[api]",
    "test_rules.py::test_no_compiling[3.12]",
    "test_rules.py::test_no_compiling[3.13]",
    "test_rules.py::test_pinned[requirements.txt:one]",
    "test_rules.py::test_pinned[requirements.txt:two]",
    "test_rules.py::test_plain",
    "render.yaml::blueprint::small",
    "render.yaml::api::python-version",
    "render.yaml::api::build-command",
    "render.yaml::api::health-check-path",
    "requirements.txt::3.13-manylinux_2_36_x86_64::resolves",
    "requirements.txt::3.13-manylinux_2_36_x86_64::one",
    "requirements.txt::3.13-manylinux_2_36_x86_64::two",
]
CONFTEST = """\
import pytest_deploycheck as deploycheck

@deploycheck.check("small", "blueprint")
def small(blueprint, deployment):
    "It has few services."
    if len(blueprint.services) > 3:
        yield "it has many services"

def pytest_collection_finish(session):
    worker = getattr(session.config, "workerinput", {}).get("workerid", "controller")
    if session.items:
        with open(f"items-{worker}.log", "w") as file:
            for item in session.items:
                groups = [mark.args[0] for mark in item.iter_markers("xdist_group")]
                print(item.nodeid.partition("@")[0], *groups, file=file)
"""
# pytest-xdist 3.8 writes a group into `Item._nodeid`, which pytest 9.2 no longer reads: there it groups nothing.
XDIST_GROUPS = pytest.version_tuple < (9, 2)
# Those of the built-in checks that do not change so soon.
SOME = "test_ or small or python-version or build-command or health-check or requirements.txt"


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {
            "pytest.ini": "[pytest]\n",
            "render.yaml": BLUEPRINT,
            "requirements.txt": "one==1.0\ntwo==1.0\n",
            "test_rules.py": TESTS,
            "conftest.py": CONFTEST,
        }
    )
    return deploycheck


@pytest.fixture
def index(index: Index) -> Index:
    index.add(wheel("one", "1.0"), wheel("two", "1.0"))
    return index


def items(project: Deploycheck, process: str = "controller") -> dict[str, str]:
    """The group of each item, by node id; empty where it has none."""
    lines = (project.path / f"items-{process}.log").read_text().splitlines()
    return {node: group for node, _, group in (each.partition(" ") for each in lines)}


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-n", "4", "--dist", "loadgroup")], ids=["one", "-n2", "-n4"])
def test_the_same_tests_are_collected_in_the_same_order(
    project: Deploycheck, index: Index, options: tuple[str, ...]
) -> None:
    result = project("-k", SOME, *options, index=index)
    result.assert_outcomes(passed=len(NODE_IDS))
    for process in [f"gw{number}" for number in range(int(options[1]))] if options else ["controller"]:
        assert list(items(project, process)) == NODE_IDS


def test_in_groups_one_process_has_all_that_needs_one_resolution(project: Deploycheck, index: Index) -> None:
    result = project("-v", "-n", "4", "--dist", "loadgroup", "--deploycheck-json=report.json", index=index)
    process_of = {node: process for process, node in re.findall(r"\[(gw\d)\].* PASSED ([^\s@]+)", result.stdout.str())}
    processes: dict[str, set[str]] = {}
    for node, group in items(project, "gw0").items():
        if group:
            processes.setdefault(group, set()).add(process_of[node.partition("@")[0]])
    names = [re.sub(r"\.\d+-many", "-many", name) for name in processes]
    # Of 3.13 there are two: that of the service, and the newest one, which the marker asks for.
    assert sorted(names) == [f"requirements.txt-{each}-manylinux_2_36_x86_64" for each in ("3.12", "3.13", "3.13")]
    if XDIST_GROUPS:
        assert all(len(each) == 1 for each in processes.values())
    assert len(index.requested("/simple/one/")) <= len(processes)  # As many as there are resolutions.
    assert all("@requirements" not in each["nodeid"] for each in project.read_report("report.json")["findings"])


def test_a_group_of_ones_own_stays(project: Deploycheck, index: Index) -> None:
    test = "import pytest\n@pytest.mark.xdist_group('mine')\ndef test_it(deploy_resolution): pass\n"
    project.project({"test_rules.py": test})
    project("-n", "2", "--dist", "loadgroup", "-k", "test_it", index=index).assert_outcomes(passed=1)
    assert items(project, "gw0") == {"test_rules.py::test_it": "mine"}


@pytest.mark.parametrize(
    "options",
    [
        ("--strict-markers", "--strict-config", "-W", "error"),
        ("-p", "no:cacheprovider"),
        ("--import-mode=importlib",),
        ("-p", "no:xdist", "--strict-markers"),
        ("-p", "no:terminal"),
        ("--timeout=100",),
        ("--cov=.", "--cov-report=term"),
        ("-p", "randomly", "-p", "no:cacheprovider", "-n", "2"),
    ],
    ids=" ".join,
)
def test_the_outcomes_are_the_same(project: Deploycheck, index: Index, options: tuple[str, ...]) -> None:
    result = project("-k", SOME, "-o", "addopts=", "--junit-xml=junit.xml", *options, index=index)
    assert result.ret == pytest.ExitCode.OK
    written = (project.path / "junit.xml").read_text()
    assert f'errors="0" failures="0" skipped="0" tests="{len(NODE_IDS)}"' in written


def test_in_another_order_the_tests_are_the_same(project: Deploycheck, index: Index) -> None:
    orders = []
    for seed in ("1", "2"):
        project("-k", SOME, "-p", "randomly", "-p", "no:cacheprovider", f"--randomly-seed={seed}", index=index)
        orders.append(list(items(project)))
    assert orders[0] != orders[1]
    assert all(sorted(each) == sorted(NODE_IDS) for each in orders)


def test_editors_find_each_test_with_its_file_and_line(project: Deploycheck) -> None:
    """What the test explorers of VS Code and PyCharm read of each item."""
    explorer = """\
import pathlib, pytest

def pytest_collection_finish(session):
    for item in session.items:
        path, line, name = item.location
        assert (session.config.rootpath / path).is_file() and pathlib.Path(item.path).is_file()
        assert isinstance(line, int) and name and item.parent.nodeid and item.nodeid.startswith(item.parent.nodeid)
        chain = item.listchain()
        assert chain[0] is session and chain[-1] is item
        if hasattr(item, "callspec"):
            assert item.name == f"{item.originalname}[{item.callspec.id}]"
        print("FOUND", item.nodeid)
"""
    project.project({"explorer.py": explorer, "pytest.ini": "[pytest]\npythonpath = .\naddopts = -p explorer\n"})
    result = project("--collect-only", "-q", "-k", SOME, "-s")
    assert [line.partition(" ")[2] for line in result.outlines if line.startswith("FOUND ")] == NODE_IDS
    assert [line for line in result.outlines if "::" in line and " " not in line] == NODE_IDS


def test_tox_runs_it(project: Deploycheck, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tox")
    command = f"{sys.executable} -m pytest --deploycheck -k 'requirements.txt'"
    env = "[testenv:deploycheck]\npackage = skip\nallowlist_externals = *\npass_env = PIP_*,PYTEST_*"
    project.project({"tox.ini": f"[tox]\n{env}\ncommands = {command}\n"})
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    result = project.pytester.run(sys.executable, "-m", "tox", "run", "-e", "deploycheck", timeout=120)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*5 passed*", "*congratulations*"])


@pytest.mark.skipif(importlib.util.find_spec("nox") is None, reason="nox is not installed")
def test_nox_runs_it(project: Deploycheck, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (
        f"session.run({sys.executable!r}, '-m', 'pytest', '--deploycheck', '-k', 'requirements.txt', external=True)"
    )
    noxfile = f"import nox\n\n@nox.session(venv_backend='none')\ndef deploycheck(session):\n    {command}\n"
    project.project({"noxfile.py": noxfile})
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    result = project.pytester.run(sys.executable, "-m", "nox", "-s", "deploycheck", timeout=120)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*5 passed*"])
    assert os.path.exists(project.path / "items-controller.log")
