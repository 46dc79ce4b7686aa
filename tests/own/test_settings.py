"""Settings: the same by command line, ini file and TOML's own types; what is misspelt is told; several projects."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, wheel

DOCS = Path(__file__).parents[2] / "docs"
NATIVE = pytest.mark.skipif(pytest.version_tuple < (9,), reason="[tool.pytest] came with pytest 9")
INI = "{head}\ndeploycheck = true\ndeploycheck_target =\n    3.12\n    3.13\ndeploycheck_timeout = 7\n"
TOML = '{head}\ndeploycheck = true\ndeploycheck_target = ["3.12", "3.13"]\ndeploycheck_timeout = {timeout}\n'
RESOLVES = "requirements.txt::{}-manylinux_2_36_x86_64::resolves"


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    return deploycheck


def collected(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", INI.format(head="[pytest]")),
        ("tox.ini", INI.format(head="[pytest]")),
        ("setup.cfg", INI.format(head="[tool:pytest]")),
        ("pyproject.toml", TOML.format(head="[tool.pytest.ini_options]", timeout='"7"')),
        ("pyproject.toml", TOML.format(head="[tool.pytest.ini_options]", timeout="7")),
        pytest.param("pyproject.toml", TOML.format(head="[tool.pytest]", timeout="7.5"), marks=NATIVE),
    ],
    ids=["pytest.ini", "tox.ini", "setup.cfg", "texts", "ini_options", "native"],
)
def test_each_kind_of_file_says_the_same(deploycheck: Deploycheck, name: str, text: str) -> None:
    deploycheck.project({"requirements.txt": "demo\n", name: text})
    found = collected(deploycheck.own("--collect-only", "-q", "-k", "resolves", "-W", "error", "--strict-config"))
    assert found == [RESOLVES.format("3.12"), RESOLVES.format("3.13")]


def test_the_command_line_goes_before_an_override_and_that_before_the_file(project: Deploycheck) -> None:
    project.project({"pytest.ini": INI.format(head="[pytest]")})
    overridden = ("--collect-only", "-q", "-k", "resolves", "-o", "deploycheck_target=3.11")
    assert collected(project.own(*overridden)) == [RESOLVES.format("3.11")]
    assert collected(project.own(*overridden, "--deploycheck-target=3.14")) == [RESOLVES.format("3.14")]
    assert collected(project.own(*overridden, "-o", "deploycheck=false")) == []


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("--deploycheck-strict", "deploycheck_strict = true"),
        ("--deploycheck-ignore=python-version # later", "deploycheck_ignore = python-version # later"),
        ("--deploycheck-pip-flags=--no-input --quiet", "deploycheck_pip_flags = --no-input --quiet"),
        ("--deploycheck-service-created=2025-01-01", "deploycheck_service_created = 2025-01-01"),
    ],
)
def test_what_an_option_says_a_key_says_too(project: Deploycheck, option: str, key: str) -> None:
    service = "services:\n  - {type: worker, name: jobs, runtime: python, buildCommand: pip install --quiet idna}\n"
    project.project({"render.yaml": service})

    def said(*options: str) -> list[str]:
        result = project.own("--deploycheck", "-k", "python-version or build-command", *options)
        return [line for line in result.outlines if "render.yaml" in line and "%]" not in line]

    by_option, plain = said(option), said()
    project.project({"pytest.ini": f"[pytest]\n{key}\n"})
    assert said() == by_option != plain


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("pytest.ini", "[pytest]\naddopts = -q\ndeploycheck_targets = 3.13\n", 3),
        ("tox.ini", "[tox]\n[pytest]\ndeploycheck-target = 3.13\n", 3),
        ("setup.cfg", "[tool:pytest]\ndeploycheck_Target: 3.13\n", 2),
        ("pyproject.toml", "[tool.pytest.ini_options]\ndeploycheck_tagret = []\n", 2),
        pytest.param("pyproject.toml", '[tool.pytest]\n"deploycheck_targt" = []\n', 2, marks=NATIVE),
    ],
)
@pytest.mark.parametrize("options", [(), ("--deploycheck",), ("--strict-config", "-W", "error")])
def test_a_key_that_does_not_exist_is_an_error_that_names_the_one_meant(
    deploycheck: Deploycheck, name: str, text: str, line: int, options: tuple[str, ...]
) -> None:
    deploycheck.project({"requirements.txt": "demo\n", name: text})
    result = deploycheck.own(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {name}:{line}: there is no setting *: did you mean deploycheck_target?"])


def test_so_is_an_override_and_one_that_is_like_none(project: Deploycheck) -> None:
    project.own("-o", "deploycheck_stirct=1").stderr.fnmatch_lines(
        ["ERROR: -o deploycheck_stirct: there is no setting *: did you mean deploycheck_strict?"]
    )
    project.own("-o", "deploycheck_colour=1").stderr.fnmatch_lines(
        ["*: there are deploycheck, deploycheck_blueprint, *"]
    )


def test_a_key_of_somebody_elses_plugin_is_his(project: Deploycheck) -> None:
    conftest = "def pytest_addoption(parser):\n    parser.addini('deploycheck_company_region', 'where')\n"
    project.project({"conftest.py": conftest, "pytest.ini": "[pytest]\ndeploycheck_company_region = fra\n"})
    assert project.own().ret == pytest.ExitCode.NO_TESTS_COLLECTED


@NATIVE
def test_a_value_of_another_type_is_an_error(project: Deploycheck) -> None:
    (project.path / "pytest.ini").unlink()
    project.project({"pyproject.toml": '[tool.pytest]\ndeploycheck = true\ndeploycheck_target = "3.13"\n'})
    result = project.own()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *deploycheck_target* expects a list *'3.13'"])


def test_the_help_needs_no_project_and_shows_each_setting(deploycheck: Deploycheck) -> None:
    result = deploycheck.own("--deploycheck", "--help")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["deploy checks (pytest-deploycheck):", "  --deploycheck         turn the deploy checks on"]
    )
    result.stdout.fnmatch_lines(["  deploycheck_target (linelist):"])


def test_the_documentation_lists_what_the_table_says() -> None:
    document = runpy.run_path(str(DOCS / "settings.py"))["document"]()
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == document


# Several projects.

PROJECT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install --no-cache-dir -r requirements.txt{more}
    healthCheckPath: /{name}
    envVars: [{{key: PYTHON_VERSION, value: 3.13.4}}]
"""


@pytest.fixture
def monorepo(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project({"pytest.ini": "[pytest]\ndeploycheck_projects =\n    apps/one\n    apps/two\n"})
    for name in ("one", "two"):
        shared = " -r ../shared.txt" if name == "two" else ""
        deploycheck.project(
            {
                f"apps/{name}/render.yaml": PROJECT.format(name=name, more=shared),
                f"apps/{name}/requirements.txt": f"{name}==1.0\n",
                f"apps/{name}/tests/test_{name}.py": "def test_it(deploy_blueprint): pass\n",
            }
        )
    deploycheck.project(
        {
            "apps/shared.txt": "shared==1.0\n",
            "tests/test_all.py": """\
def test_path(deploy_blueprint, deploy_project):
    assert deploy_blueprint.services["api"].health_check_path == f"/{deploy_project.folder.name}"
def test_resolution(deploy_resolution): assert not deploy_resolution.sdists
""",
        }
    )
    return deploycheck


def test_each_project_has_node_ids_of_its_own(monorepo: Deploycheck) -> None:
    found = collected(
        monorepo.own("--deploycheck", "--collect-only", "-q", "-m", "deploycheck", "-k", "path or resolves")
    )
    target = "3.13-manylinux_2_36_x86_64"
    assert found == [
        "apps/one/render.yaml::api::health-check-path",
        f"apps/one/requirements.txt::{target}::resolves",
        "apps/two/render.yaml::api::health-check-path",
        f"apps/two/requirements.txt::{target}::resolves",
    ]
    assert collected(monorepo.own("--deploycheck", "--collect-only", "-q", found[2])) == [found[2]]


def test_a_test_is_run_for_the_project_that_it_lies_in_else_for_each(monorepo: Deploycheck, index: Index) -> None:
    index.add(*(wheel(name, "1.0") for name in ("one", "two", "shared")))
    # What is of the session, pytest orders by parameter, and since 9.2 also across files.
    assert sorted(collected(monorepo.own("--collect-only", "-q"))) == [
        "apps/one/tests/test_one.py::test_it[apps/one]",
        "apps/two/tests/test_two.py::test_it[apps/two]",
        "tests/test_all.py::test_path[apps/one]",
        "tests/test_all.py::test_path[apps/two]",
        "tests/test_all.py::test_resolution[apps/one]",
        "tests/test_all.py::test_resolution[apps/two]",
    ]
    ran = monorepo.own("--deploycheck", "-k", "test_ or txt", index=index).parseoutcomes()
    assert (ran["passed"], ran.get("failed"), ran.get("errors")) == (11, None, None)


def test_a_conftest_in_a_project_is_for_that_one(monorepo: Deploycheck) -> None:
    check = "@check('mine', 'service')\ndef mine(service, deployment):\n    'It is.'\n"
    conftest = f"from pytest_deploycheck import check\n{check}"
    monorepo.project({"apps/one/conftest.py": conftest})
    (monorepo.path / "pytest.ini").write_text(
        "[pytest]\ntestpaths = apps/one apps/two\ndeploycheck_projects =\n    apps/one\n    apps/two\n"
    )
    found = collected(monorepo.own("--deploycheck", "--collect-only", "-q", "-k", "mine"))
    assert found == ["apps/one/render.yaml::api::mine"]


def test_a_root_directory_may_be_given_from_the_root_of_the_repository(monorepo: Deploycheck) -> None:
    for given in ("apps/one/code", "code"):
        blueprint = PROJECT.format(name="one", more="").replace("    envVars", f"    rootDir: {given}\n    envVars")
        monorepo.project({"apps/one/render.yaml": blueprint, "apps/one/code/requirements.txt": "one\n"})
        found = collected(monorepo.own("--deploycheck", "--collect-only", "-q", "-k", "one and resolves"))
        assert found == ["apps/one/code/requirements.txt::3.13-manylinux_2_36_x86_64::resolves"]


def test_without_the_setting_each_root_directory_has_node_ids_of_its_own(deploycheck: Deploycheck) -> None:
    second = PROJECT.format(name="two", more="").partition("\n")[2].replace("name: api", "name: two\n    rootDir: two")
    first = PROJECT.format(name="one", more="").replace("name: api", "name: one\n    rootDir: one")
    files = {"one/requirements.txt": "a\n", "two/requirements.txt": "b\n"}
    deploycheck.project({"render.yaml": first + second, "pytest.ini": "[pytest]\n", **files})
    found = collected(deploycheck.own("--deploycheck", "--collect-only", "-q", "-k", "resolves"))
    assert [each.partition("::")[0] for each in found] == ["one/requirements.txt", "two/requirements.txt"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--deploycheck-projects=none", "deploycheck_projects: there is no folder *none"),
        ("--deploycheck-blueprint=apps/one/render.yaml", "deploycheck_blueprint names the files of one project, *"),
        ("--deploycheck-projects=tests", "--deploycheck: nothing to check: looked for render.yaml, * in *tests;*"),
    ],
)
def test_projects_that_make_no_sense_are_a_usage_error(monorepo: Deploycheck, option: str, message: str) -> None:
    result = monorepo.own("--deploycheck", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_what_two_projects_install_has_its_items_once(monorepo: Deploycheck, index: Index) -> None:
    index.add(wheel("shared", "1.0"))
    for name in ("one", "two"):
        blueprint = PROJECT.format(name=name, more="").replace("-r requirements.txt", "-r ../shared.txt")
        monorepo.project({f"apps/{name}/render.yaml": blueprint})
    found = collected(monorepo.own("--deploycheck", "--collect-only", "-q", "-k", "shared.txt"))
    target = "3.13-manylinux_2_36_x86_64"
    assert found == [f"apps/shared.txt::{target}::resolves", f"apps/shared.txt::{target}::shared"]
    monorepo.own("--deploycheck", *found, index=index).assert_outcomes(passed=2)
