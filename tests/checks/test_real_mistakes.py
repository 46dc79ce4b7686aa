"""What public blueprints get wrong, as counted in 37 of them: each mistake of services and repositories once.

Those of commands and of code have tests of their own, next to what reads them.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import NothingToDecide
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    plan: free
    buildCommand: ./build.sh
    startCommand: gunicorn app:app
    healthCheckPath: /up
"""
BUILD = "#!/usr/bin/env bash\npip install --no-cache-dir -r requirements.txt\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("# none\n")
    (tmp_path / "app.py").write_text("app = None\n")
    (tmp_path / "build.sh").write_text(BUILD)
    (tmp_path / "build.sh").chmod(0o755)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def said(root: Path, blueprint: str, check: str) -> list[str]:
    """What a check says of a blueprint, ``error render.yaml:5: …`` each."""
    (root / "render.yaml").write_text(blueprint)
    deployment = Deployment(Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name == check]
    assert planned, f"there is an item {check}"
    found = []
    for each in planned:
        try:
            found += [
                f"{one.severity.value} {one.location}: {one.message}"
                for one in each.check.run(each.subject, deployment)
            ]
        except NothingToDecide as reason:
            found.append(f"skipped: {reason}")
    return found


def test_nothing_pins_a_python_version(root: Path) -> None:
    (finding,) = said(root, BLUEPRINT, "python-version")
    assert finding.startswith(
        "advice render.yaml:2: nothing pins the Python of api: the default of a service created on"
    )


def test_a_python_version_is_pinned_without_its_patch(root: Path) -> None:
    variable = "    envVars:\n      - key: PYTHON_VERSION\n        value: '3.11'\n"
    assert said(root, BLUEPRINT + variable, "python-version") == [
        "error render.yaml:11: api: PYTHON_VERSION has to be fully qualified, and is '3.11'"
    ]


@pytest.mark.parametrize(
    "value", ["your-openai-key-here", "<your token>", "changeme", "sk-xxxxxxxxxxxxxxxx", "REPLACE_ME"]
)
def test_a_placeholder_of_a_secret_stands_in_value(root: Path, value: str) -> None:
    variable = f"    envVars:\n      - key: OPENAI_API_KEY\n        value: {value}\n"
    assert said(root, BLUEPRINT + variable, "variables") == [
        "advice render.yaml:11: the value of OPENAI_API_KEY of api looks like a placeholder"
    ]


def test_a_build_script_is_no_program_in_git(root: Path) -> None:
    subprocess.run(["git", "update-index", "--chmod=-x", "build.sh"], cwd=root, check=True)
    assert said(root, BLUEPRINT, "executable") == [
        "error render.yaml:6: api runs build.sh, which is not executable in git: permission denied"
    ]
    made = BLUEPRINT.replace("./build.sh", "chmod +x build.sh && ./build.sh")
    assert said(root, made, "executable") == []


def test_a_build_script_has_the_line_endings_of_windows(root: Path) -> None:
    (root / "build.sh").write_bytes(BUILD.replace("\n", "\r\n").encode())
    subprocess.run(["git", "-c", "core.autocrlf=false", "add", "build.sh"], cwd=root, check=True)
    assert said(root, BLUEPRINT, "line-endings") == [
        "error render.yaml:6: api runs build.sh, whose lines end with CRLF in a checkout"
    ]


def test_the_requirements_of_a_script_are_ignored_by_git(root: Path) -> None:
    (root / ".gitignore").write_text("*.txt\n")
    subprocess.run(["git", "rm", "-q", "--cached", "requirements.txt"], cwd=root, check=True)
    assert said(root, BLUEPRINT, "tracked") == [
        "error build.sh:2: api installs requirements.txt, which git ignores, so it is not there when Render builds"
    ]


def test_a_blueprint_holds_a_requirements_list(root: Path) -> None:
    (finding,) = said(root, "flask==3.0.0\ngunicorn==22.0.0\n", "syntax")
    assert finding.startswith("error render.yaml:1: a mapping such as `services:` was expected here")


def test_an_unknown_key_is_passed_over_in_silence(root: Path) -> None:
    assert said(root, BLUEPRINT + "    postdeployCommand: python migrate.py\n", "fields") == [
        "error render.yaml:9: api has the unknown field 'postdeployCommand'"
    ]


def test_a_free_service_has_a_command_before_its_deploys(root: Path) -> None:
    assert said(root, BLUEPRINT + "    preDeployCommand: python migrate.py\n", "plan") == [
        "error render.yaml:9: api is free and has preDeployCommand: a command before its deploys needs a paid plan"
    ]


def test_a_connection_string_is_that_of_the_author_s_machine(root: Path) -> None:
    variable = "    envVars:\n      - key: DATABASE_URL\n        value: postgresql://postgres:postgres@localhost/shop\n"
    assert said(root, BLUEPRINT + variable, "variables") == [
        "error render.yaml:11: DATABASE_URL of api is a database on localhost, where on Render there is none"
    ]
