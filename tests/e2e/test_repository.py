"""What a run shows of a repository and of the values in its blueprint."""

from __future__ import annotations

import re
import subprocess

import pytest

from command import Deploycheck

# Of each kind one: what is certain to be secret, what may be, what is only named so; none of them is real.
SECRETS = {
    "BOT_TOKEN": "8031557142:AAGm4tq0vXkZr9sJb2yHcNwEoLfUaPdKi7R",
    "SIGNING": "-----BEGIN " + "PRIVATE KEY----- MIIEvQIBADANBgkq -----END PRIVATE KEY-----",
    "ANON": "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJlLW9mLWl0",
    "DATABASE_URL": "postgres://shop:qV7nB2rTpw@db.example.net:5432/shop",
    "JWT_SECRET": "correct horse battery",
    # What is said of this one is not of its value, which stands in the same line.
    "TWICE": "staple of a horse",
}


# A part of each.
PARTS = ("AAGm4tq0vX", "MIIEvQ", "c2lnbmF0dX", "qV7nB2rT", "battery", "staple")


def blueprint() -> str:
    variables = "".join(f"      - {{key: {key}, value: {value!r}}}\n" for key, value in SECRETS.items())
    again = f"      - {{key: TWICE, value: {SECRETS['TWICE']!r}}}\n"
    return (
        "services:\n  - type: worker\n    name: jobs\n    runtime: node\n    buildCommand: ./build.sh\n"
        f"    startCommand: node jobs.js\n    envVars:\n{variables}{again}"
        f"      - fromGroup: shared\nenvVarGroups:\n  - name: shared\n    envVars:\n{variables}"
    )


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {
            "render.yaml": blueprint(),
            "build.sh": "#!/bin/sh\nnpm ci\n",
            ".env": f"TOKEN={SECRETS['JWT_SECRET']}\n",
            "jobs.js": "",
        }
    )
    (deploycheck.path / "build.sh").chmod(0o644)
    for command in (("init", "-q"), ("add", "build.sh", ".env")):
        subprocess.run(["git", *command], cwd=deploycheck.path, check=True)
    return deploycheck


@pytest.mark.parametrize(
    "arguments",
    [
        ["-v"],
        ["-vv", "-rA", "--showlocals", "--tb=long"],
        ["-p", "no:warnings", "-s", "-rA"],
        ["-W", "error"],
        ["-o", "deploycheck_strict=true", "-rA"],
        ["-n", "2", "-v"],
        ["--junit-xml=report.xml", "-o", "junit_logging=all"],
    ],
    ids=" ".join,
)
def test_no_value_that_may_be_a_secret_is_shown(project: Deploycheck, arguments: list[str]) -> None:
    result = project(*arguments, "--deploycheck-json", "report.json")
    assert "BOT_TOKEN of jobs is a Telegram bot token" in result.stdout.str()
    shown = result.stdout.str() + result.stderr.str()
    for name in ("report.json", "report.xml"):
        file = project.path / name
        shown += file.read_text(encoding="utf-8") if file.exists() else ""
    assert [part for part in PARTS if part in shown] == []


def test_the_items_of_a_repository_fail_and_warn(project: Deploycheck) -> None:
    result = project("-v", "render.yaml::blueprint")
    ends = dict(re.findall(r"^(render\.yaml::\S+) +([A-Z]+)", result.stdout.str(), re.MULTILINE))
    assert ends["render.yaml::blueprint::executable"] == "FAILED"
    assert ends["render.yaml::blueprint::line-endings"] == "PASSED"
    assert ends["render.yaml::blueprint::tracked"] == "PASSED"
    result.stdout.fnmatch_lines(
        [
            "render.yaml:5: jobs runs build.sh, which is not executable in git: permission denied",
            "  fix: git update-index --chmod=+x build.sh",
            "*.env:1: DeploycheckAdvice: .env:1: .env is in git, and such a file holds secrets",
        ]
    )
