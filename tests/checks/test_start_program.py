"""Whether the programs that a service starts are installed, on a real index."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_server import Index, wheel
from pytest_deploycheck.checks.start_program import start_program
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.settings import Settings

PIP = "pip install -r requirements.txt"


def findings(root: Path, start: str, requirements: str, *, url: str, build: str = PIP) -> list[Finding]:
    (root / "requirements.txt").write_text(f"--index-url {url}\n{requirements}\n")
    (root / "render.yaml").write_text(
        "services:\n  - type: web\n    name: api\n    runtime: python\n"
        f"    buildCommand: {build}\n    startCommand: {start}\n"
        "    envVars:\n      - {key: PYTHON_VERSION, value: 3.13.4}\n"
    )
    deployment = Deployment(Settings(root=root, cache=root / "cache"), {})
    [service] = deployment.services
    return list(start_program(service, deployment))


@pytest.fixture
def served() -> Index:
    index = Index()
    index.add(wheel("gunicorn", "23.0.0", requires_dist=["packaging"]), wheel("packaging", "24.0"))
    index.add(wheel("web", "1.0", requires_dist=["uvicorn"]), wheel("uvicorn", "0.30"), wheel("flask", "3.0"))
    return index


@pytest.mark.parametrize(
    ("start", "requirements"),
    [
        ("gunicorn app:app", "gunicorn"),
        ("python -m gunicorn app:app", "Gunicorn==23.0.0"),
        ("uvicorn app:app", "web"),
        ("gunicorn app:app -k uvicorn.workers.UvicornWorker", "gunicorn\nweb"),
        ("python app.py", ""),
        ("python -m http.server", ""),
        ("node server.js", ""),
    ],
)
def test_what_is_installed_can_be_started(start: str, requirements: str, served: Index, tmp_path: Path) -> None:
    with served:
        assert findings(tmp_path, start, requirements, url=served.url) == []


def test_what_nothing_installs_is_said_with_what_was_looked_at(served: Index, tmp_path: Path) -> None:
    with served:
        [finding] = findings(tmp_path, "gunicorn app:app", "flask", url=served.url)
    assert str(finding) == (
        "render.yaml:6: api starts gunicorn, and nothing installs gunicorn\n\n"
        "  requirements.txt on 3.13-manylinux_2_36_x86_64: of its 1 distributions none is gunicorn\n\n"
        "  fix: add gunicorn to requirements.txt"
    )


@pytest.mark.parametrize(
    ("build", "start"),
    [
        ("uv sync", "gunicorn app:app"),
        ("poetry install", "poetry run gunicorn app:app"),
        (f"{PIP} && pip install $MORE", "gunicorn app:app"),
        (f"{PIP} && curl https://example.com/x | sh", "gunicorn app:app"),
        (PIP, "pip install gunicorn && gunicorn app:app"),
        ("echo nothing", "gunicorn app:app"),
    ],
)
def test_what_is_not_known_is_not_judged(build: str, start: str, served: Index, tmp_path: Path) -> None:
    with served, pytest.raises(NothingToDecide):
        findings(tmp_path, start, "flask", url=served.url, build=build)


def test_what_does_not_resolve_is_not_judged(served: Index, tmp_path: Path) -> None:
    with served, pytest.raises(NothingToDecide, match=r"requirements\.txt does not resolve"):
        findings(tmp_path, "gunicorn app:app", "flask==9", url=served.url)


def test_an_index_that_does_not_answer_is_a_fault_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck):
        findings(tmp_path, "gunicorn app:app", "flask", url="http://127.0.0.1:9/simple/")
