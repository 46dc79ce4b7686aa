"""``--deploycheck-sarif``: SARIF 2.1.0, with what GitHub's code scanning asks for beyond the schema.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html,
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from pytest_deploycheck import __version__
from pytest_deploycheck.checks.registry import Check
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import End, ItemResult, Run, fails

# All paths are relative to it; where it lies is for whoever reads the file to say.
_ROOT = "%SRCROOT%"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(run: Run) -> str:
    """The log."""
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(run)]}, indent=1) + "\n"


def _run(run: Run) -> dict[str, Any]:
    rules = _rules(run)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": {"name": "pytest-deploycheck", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": run.is_complete and not run.ended(End.ERROR),
                "toolExecutionNotifications": [_notification(each) for each in run.ended(End.ERROR)],
            }
        ],
        "results": [_result(item, finding, numbers[finding.check]) for item, finding in run.findings],
    }


def _rules(run: Run) -> list[dict[str, Any]]:
    """One for each check, those of findings that no check is registered for included."""
    known = {each.name: _rule(each.name, each) for each in run.checks}
    own = {finding.check: _rule(finding.check, None) for _, finding in run.findings}
    return list({**own, **known}.values())


def _rule(name: str, check: Check | None) -> dict[str, Any]:
    asserted = check.summary if check else f"What {name} asserts holds."
    return {
        "id": name,
        "shortDescription": {"text": asserted},
        "fullDescription": {"text": asserted},
        "help": {"text": f"`pytest --deploycheck` checks this: {asserted}"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["deploy", *([check.subject.value] if check else [])]},
    }


def _result(item: ItemResult, finding: Finding, number: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": number,
        "level": "error" if fails(finding) else "warning",
        "message": {"text": _text(finding)},
        "locations": [{"physicalLocation": _physical(finding.location), "logicalLocations": [_logical(item)]}],
        "partialFingerprints": {"deploycheck/v1": _fingerprint(item, finding)},
    }
    if finding.edits:
        result["fixes"] = [_fix(finding)]
    return result


def _text(finding: Finding) -> str:
    ways = [f"{'or' if number else 'fix'}: {each}" for number, each in enumerate(finding.fix)]
    return "\n\n".join(filter(None, (finding.message, "\n".join(finding.evidence), "\n".join(ways))))


def _physical(location: Location) -> dict[str, Any]:
    region = {"startLine": location.line, "startColumn": location.column}
    return {"artifactLocation": _artifact(location.path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": _ROOT}


def _logical(item: ItemResult) -> dict[str, str]:
    return {"name": item.group, "fullyQualifiedName": item.nodeid}


def _fingerprint(item: ItemResult, finding: Finding) -> str:
    """Of what it is about, not of the line, which moves when others are put in above it.

    Only letters count: versions and targets change with every update, and the alert is still the same one.
    """
    about = (finding.check, finding.location.path, item.group, item.nodeid.rpartition("::")[2], finding.message)
    letters = ("".join(filter(str.isalpha, each)) for each in about)
    return hashlib.sha256("\n".join(letters).encode()).hexdigest()[:32]


def _fix(finding: Finding) -> dict[str, Any]:
    return {"description": {"text": finding.fix[0]}, "artifactChanges": list(_changes(finding.edits))}


def _changes(edits: Iterable[Edit]) -> Iterator[dict[str, Any]]:
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.start.path, []).append(edit)
    for path, changes in by_path.items():
        yield {"artifactLocation": _artifact(path), "replacements": [_replacement(each) for each in changes]}


def _replacement(edit: Edit) -> dict[str, Any]:
    region = {
        "startLine": edit.start.line,
        "startColumn": edit.start.column,
        "endLine": edit.end.line,
        "endColumn": edit.end.column,
    }
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _notification(item: ItemResult) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"{item.nodeid} could not be checked: {item.reason}"},
        "locations": [{"physicalLocation": _physical(item.location)}],
    }
