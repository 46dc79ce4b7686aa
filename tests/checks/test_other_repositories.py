"""A service with a ``repo`` is built from that one: what is not here may be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

DOCKER = "runtime: docker\n    dockerfilePath: ./api/Dockerfile\n    dockerContext: ./api\n"
STATIC = "runtime: static\n    staticPublishPath: ./public\n"
ELSEWHERE = "    repo: https://github.com/example/other\n"


def findings(root: Path, service: str, check: str) -> list[Finding]:
    (root / "render.yaml").write_text(f"services:\n  - type: web\n    name: api\n    {service}")
    deployment = Deployment(Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name == check]
    return [finding for each in planned for finding in each.check.run(each.subject, deployment)]


@pytest.mark.parametrize(("service", "check"), [(DOCKER, "docker"), (STATIC, "static")])
def test_nothing_is_decided_on_what_is_not_here(tmp_path: Path, service: str, check: str) -> None:
    assert findings(tmp_path, service, check) != []
    with pytest.raises(NothingToDecide, match="built from a repo that it names, which may not be this one"):
        findings(tmp_path, service + ELSEWHERE, check)


@pytest.mark.parametrize(
    ("service", "check", "file"), [(DOCKER, "docker", "api/Dockerfile"), (STATIC, "static", "public/index.html")]
)
def test_what_is_here_is_right_in_any_case(tmp_path: Path, service: str, check: str, file: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).touch()
    assert findings(tmp_path, service, check) == []
    assert findings(tmp_path, service + ELSEWHERE, check) == []


def test_its_folder_and_its_disk_are_not_looked_for_here(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "logo.svg").touch()
    disk = "    disk: {name: data, mountPath: /opt/render/project/src/media}\n"
    service = f"runtime: node\n    rootDir: gone\n{disk}"
    assert [len(findings(tmp_path, service, check)) for check in ("root-dir", "disk")] == [1, 1]
    assert [len(findings(tmp_path, service + ELSEWHERE, check)) for check in ("root-dir", "disk")] == [0, 0]


@pytest.mark.parametrize("context", ["", "    dockerContext: ./api\n"])
def test_without_a_path_the_dockerfile_is_at_the_root_or_in_the_context(tmp_path: Path, context: str) -> None:
    (tmp_path / "api").mkdir()
    assert len(findings(tmp_path, f"runtime: docker\n{context}", "docker")) == 1
    (tmp_path / ("api" if context else ".") / "Dockerfile").touch()
    assert findings(tmp_path, f"runtime: docker\n{context}", "docker") == []
