"""Small blueprints with a fault each and what is to be said of it, and large ones of which nothing is to be said.

A file of ``faults/`` begins with comments, whose lines count:

    # expect: <check> <error|advice> [<path>:]<line>:<column> <words of its message>
    # file: <path> <its text, in which \\n begins a line and \\t is a tab; none for an empty file>

A place without a path is in the blueprint. All findings of the checks that it names are compared, and the errors of all
others: there are none.

A file of ``sound/`` may begin with ``# silent: <check> <check>``: these have no advice either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide, Severity
from pytest_deploycheck.plan import PlannedCheck, plan
from pytest_deploycheck.settings import Settings

HERE = Path(__file__).parent
FAULTS = sorted((HERE / "faults").glob("*.yaml"))
SOUND = sorted((HERE / "sound").glob("*.yaml"))

_EXPECT = re.compile(r"# expect: (?P<check>\S+) (?P<severity>error|advice) (?P<place>(?:\S+:)?\d+:\d+) (?P<words>.+)")
_FILE = re.compile(r"# file: (?P<path>\S+) ?(?P<text>.*)")


@dataclass(frozen=True)
class Expected:
    check: str
    severity: str
    place: str
    words: str

    def __str__(self) -> str:
        return f"{self.check} {self.severity} {self.place} {self.words}"


def header(blueprint: Path) -> list[str]:
    lines = blueprint.read_bytes().decode("utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith(("# expect:", "# file:"))]


def expected_of(blueprint: Path) -> list[Expected]:
    lines = [line for line in header(blueprint) if line.startswith("# expect:")]
    found = [_EXPECT.fullmatch(line) for line in lines]
    assert all(found), f"{blueprint.name}: # expect: <check> <error|advice> [<path>:]<line>:<column> <words>"
    return [Expected(**match.groupdict()) for match in found if match]


def project(blueprint: Path, root: Path) -> Deployment:
    """A repository with a blueprint and the files that it names; requirements.txt is always there."""
    files = {"requirements.txt": "# none\n"}
    files |= {match["path"]: match["text"] for line in header(blueprint) if (match := _FILE.fullmatch(line))}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace("\\n", "\n").replace("\\t", "\t"))
    (root / "render.yaml").write_bytes(blueprint.read_bytes())
    return Deployment(Settings(root=root, offline=True), {})


def findings(deployment: Deployment) -> list[Finding]:
    """Of all checks of the blueprint and of its services, in their order."""
    kinds = (Subject.BLUEPRINT, Subject.SERVICE)
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.subject in kinds]
    return [finding for each in planned for finding in made(each, deployment)]


def made(planned: PlannedCheck, deployment: Deployment) -> list[Finding]:
    try:
        return list(planned.check.run(planned.subject, deployment))
    except (NothingToDecide, CannotCheck):  # What needs the index, which no fault here does.
        return []


def shown(finding: Finding) -> str:
    path = "" if finding.location.path == "render.yaml" else f"{finding.location.path}:"
    place = f"{path}{finding.location.line}:{finding.location.column}"
    return str(Expected(finding.check, finding.severity.value, place, finding.message))


def is_met(expected: Expected, finding: Finding) -> bool:
    return shown(finding).startswith(f"{expected.check} {expected.severity} {expected.place} ") and (
        expected.words in finding.message
    )


@pytest.mark.parametrize("blueprint", FAULTS, ids=lambda path: path.stem)
def test_a_fault_is_found_where_it_is_and_nothing_else(blueprint: Path, tmp_path: Path) -> None:
    expected = expected_of(blueprint)
    named = {each.check for each in expected}
    found = [
        each
        for each in findings(project(blueprint, tmp_path))
        if each.check in named or each.severity is Severity.ERROR
    ]
    assert expected, "a fault is expected"
    assert len(found) == len(expected), "\n".join(map(shown, found))
    for each in expected:
        assert any(is_met(each, finding) for finding in found), "\n".join((str(each), *map(shown, found)))


@pytest.mark.parametrize("blueprint", SOUND, ids=lambda path: path.stem)
def test_nothing_fails_without_a_fault(blueprint: Path, tmp_path: Path) -> None:
    found = findings(project(blueprint, tmp_path))
    silent = blueprint.read_text().partition("# silent:")[2].partition("\n")[0].split()
    assert [shown(each) for each in found if each.severity is Severity.ERROR or each.check in silent] == []


STARTED = ("start-command", "start-program", "port", "health-check-path", "environment", "sqlite")


@pytest.mark.parametrize(
    "blueprint", [each for each in SOUND if each.stem.startswith("started-")], ids=lambda path: path.stem
)
def test_nothing_is_said_of_what_is_started_without_a_fault(blueprint: Path, tmp_path: Path) -> None:
    found = findings(project(blueprint, tmp_path))
    assert [shown(each) for each in found if each.check in STARTED] == []
