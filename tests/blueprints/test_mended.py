"""What mends a fault of a blueprint mends it: the finding is gone, no other has come, and nothing else has moved."""

from __future__ import annotations

from pathlib import Path

import pytest
from blueprints.test_blueprints import FAULTS, SOUND, findings, project

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.fixing.fixes import Fixes, fix_entries


def said(deployment: Deployment) -> list[tuple[str, str]]:
    return [(each.check, each.message) for each in findings(deployment)]


def mended(found: list[Finding], deployment: Deployment) -> list[str]:
    """Write what mends the findings; the notes on what was left out."""
    fixes = Fixes(deployment.root)
    fixes.add([entry for number, each in enumerate(found) for entry in fix_entries([each], f"{number:04}")])
    files = fixes.files()
    assert [file.after.path for file in files] == fixes.write(files)
    return fixes.notes


@pytest.mark.parametrize("blueprint", [*FAULTS, *SOUND], ids=lambda path: path.stem)
def test_what_mends_a_finding_ends_it_and_begins_none(blueprint: Path, tmp_path: Path) -> None:
    deployment = project(blueprint, tmp_path)
    found = findings(deployment)
    before = said(deployment)
    mendable = [(each.check, each.message) for each in found if each.edits]
    old = (tmp_path / "render.yaml").read_bytes().splitlines()
    notes = mended(found, deployment)
    if not mendable:
        assert (tmp_path / "render.yaml").read_bytes() == blueprint.read_bytes()
        return
    again = Deployment(deployment.settings, {})
    assert again.blueprint_error is None
    after = said(again)
    assert not set(mendable) & set(after) or notes
    new = [each for each in after if each not in before]
    assert not new, f"{new} after {mendable}"
    # No line is lost: each is as it was, or has another one in its place.
    assert len((tmp_path / "render.yaml").read_bytes().splitlines()) >= len(old)
    assert not mended([each for each in findings(again) if each.edits], again)
