"""What public blueprints get wrong about what they start: each pattern once, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.checks.registry import Subject, checks
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.settings import Settings

FLASK = "from flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef index(): return ''\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): return {}\n"
HEALTHY = "    healthCheckPath: /health\n"


def said(root: Path, check: str, start: str, files: dict[str, str], more: str = HEALTHY) -> list[str]:
    """``severity: message`` of each finding."""
    for path, text in {"requirements.txt": "# none\n", **files}.items():
        (root / path).write_text(text)
    (root / "render.yaml").write_text(
        "services:\n  - type: web\n    name: api\n    runtime: python\n"
        f"    buildCommand: pip install -r requirements.txt\n    startCommand: {start}\n{more}"
    )
    deployment = Deployment(Settings(root=root, offline=True), {})
    run = next(each.run for each in checks(Subject.SERVICE) if each.name == check)
    return [f"{each.severity.value}: {each.message}" for each in run(deployment.services[0], deployment)]


def test_no_health_check_path_is_set(tmp_path: Path) -> None:
    assert said(tmp_path, "health-check-path", "uvicorn main:app", {"main.py": FASTAPI}, "") == [
        "error: api has no healthCheckPath"
    ]


def test_a_health_check_that_nothing_answers_times_out(tmp_path: Path) -> None:
    assert said(tmp_path, "health-check-path", "gunicorn app:app", {"app.py": FLASK}) == [
        "error: no route of api answers /health, so its health checks fail"
    ]


@pytest.mark.parametrize("port", ["8000", "8501"])
def test_a_port_is_hard_coded(port: str, tmp_path: Path) -> None:
    start = f"uvicorn main:app --host 0.0.0.0 --port {port}"
    assert said(tmp_path, "port", start, {"main.py": FASTAPI}) == [
        f"advice: api listens on port {port}, and Render expects 10000"
    ]


def test_the_port_that_is_expected_is_hard_coded_and_right(tmp_path: Path) -> None:
    assert said(tmp_path, "port", "uvicorn main:app --host 0.0.0.0 --port 10000", {"main.py": FASTAPI}) == []


def test_python_runs_a_server_of_development_and_no_open_port_is_detected(tmp_path: Path) -> None:
    assert said(tmp_path, "port", "python app.py", {"app.py": f"{FLASK}app.run(debug=True)\n"}) == [
        "error: api listens on 127.0.0.1:5000, flask.Flask.run's default, where nothing outside can reach it"
    ]


def test_python_runs_a_server_that_is_not_known_and_nothing_is_said(tmp_path: Path) -> None:
    assert said(tmp_path, "port", "python app.py", {"app.py": "import framework\nframework.serve()\n"}) == []


def test_gunicorn_needs_no_port(tmp_path: Path) -> None:
    assert said(tmp_path, "port", "gunicorn app:app", {"app.py": FLASK}) == []


def test_gunicorn_is_missing_from_the_requirements(tmp_path: Path) -> None:
    assert said(tmp_path, "start-program", "gunicorn app:app", {"app.py": FLASK}) == [
        "error: api starts gunicorn, and nothing installs gunicorn"
    ]


def test_the_module_of_the_application_is_missing(tmp_path: Path) -> None:
    assert said(tmp_path, "start-command", "gunicorn app:app", {"main.py": FLASK}) == [
        "error: api imports app, and there is no such module in the root"
    ]


def test_sqlite_is_kept_on_an_ephemeral_disk(tmp_path: Path) -> None:
    files = {"app.py": f"{FLASK}import sqlite3\nsqlite3.connect('app.db')\n"}
    assert said(tmp_path, "sqlite", "gunicorn app:app", files) == [
        "advice: api keeps app.db in /opt/render/project/src, and what is written there is lost with each deploy"
    ]


def test_sqlite_is_kept_on_a_disk(tmp_path: Path) -> None:
    files = {"app.py": f"{FLASK}import sqlite3\nsqlite3.connect('/var/data/app.db')\n"}
    disk = "    disk: {name: data, mountPath: /var/data/, sizeGB: 1}\n"
    assert said(tmp_path, "sqlite", "gunicorn app:app", files, disk) == []
