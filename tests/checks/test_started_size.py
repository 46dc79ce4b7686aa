"""A thousand services that share their code are judged in a moment."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_deploycheck.checks.built_in import checks
from pytest_deploycheck.checks.making import findings_of
from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

SERVICE = """\
  - type: web
    name: api-{number}
    runtime: python
    rootDir: app
    buildCommand: pip install --no-cache-dir -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port 8000
    healthCheckPath: /healthz
    envVars:
      - {{key: PYTHON_VERSION, value: 3.13.4}}
      - {{key: API_TOKEN, value: sk-{number:06}-9f8e7d}}
"""
CODE = """\
import os
import sqlite3
from fastapi import FastAPI
app = FastAPI()
TOKEN = os.environ["TOKEN"]
db = sqlite3.connect("app.db")
@app.get("/health")
def health(): return {}
"""
OURS = ("start-command", "port", "health-check-path", "environment", "sqlite")


def seconds(root: Path, count: int) -> float:
    """Of this process, to read, plan and check; each service has a secret, which no finding shows."""
    services = "".join(SERVICE.format(number=number) for number in range(count))
    (root / "render.yaml").write_text(f"services:\n{services}")
    start = time.process_time()
    deployment = Deployment(Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name in OURS]
    found = [
        finding for each in planned for finding in findings_of(each.check, each.subject, deployment, each.location)
    ]
    taken = time.process_time() - start
    assert (len(found), len(deployment.secrets)) == (4 * count, count)
    return taken


def test_a_thousand_services_take_less_than_two_seconds_and_time_grows_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "requirements.txt").write_text("# none\n")
    (tmp_path / "app" / "main.py").write_text(CODE)
    assert {each.name for each in checks(Subject.SERVICE)} >= set(OURS)
    few = min(seconds(tmp_path, 250) for _ in range(3))
    many = min(seconds(tmp_path, 1000) for _ in range(2))
    assert many < 2
    assert many < 8 * few  # Four times as many; with the square of the number it would be sixteen.
