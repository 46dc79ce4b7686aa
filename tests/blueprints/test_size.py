"""A thousand services are judged in a moment, and twice as many in twice the time."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_deploycheck.checks.built_in import checks
from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

SERVICE = """\
  - type: web
    name: api-{number}
    runtime: node
    plan: starter
    region: oregon
    buidCommand: npm ci
    startCommand: node server.js
    healthCheckPath: /health
    fieldOfTomorrow: true
    disk: {{name: data, mountPath: /data, sizeGB: 10}}
    envVars:
      - key: DATABASE_URL
        fromDatabase: {{name: db-{number}, property: connectionString}}
      - key: GONE
        fromDatabase: {{name: other-{number}, property: connectionString}}
      - key: NEIGHBOUR
        fromService: {{name: api-{neighbour}, type: web, property: hostport}}
      - key: TOKEN
        sync: false
      - key: LOG_LEVEL
        value: info
      - key: UPSTREAM
        value: https://example.com/v1
      - fromGroup: shared
      - fromGroup: outside-{number}
  - {{type: cron, name: cron-{number}, runtime: image, schedule: "0 3 * * *", image: {{url: org/app:v1}}}}
  - type: worker
    name: worker-{number}
    runtime: docker
    scaling: {{minInstances: 1, maxInstances: 3, targetCPUPercent: 70}}
  - type: web
    name: site-{number}
    runtime: static
    buildCommand: npm run build
    staticPublishPath: dist
"""
OURS = (
    *("syntax", "document", "services", "databases", "groups", "fields", "references"),
    *("free-plans", "plan", "disk", "scaling", "variables", "cron", "static", "docker", "image"),
)


def blueprint(count: int) -> str:
    """
    :param count: of services, of which four make a round
    """
    count //= 4
    services = "".join(SERVICE.format(number=number, neighbour=(number + 1) % count) for number in range(count))
    databases = "".join(f"  - {{name: db-{number}, plan: basic-256mb}}\n" for number in range(count))
    group = "envVarGroups: [{name: shared, envVars: [{key: A, value: 1}]}]\n"
    return f"services:\n{services}databases:\n{databases}{group}"


def seconds(root: Path, count: int) -> float:
    """Of this process, to read, plan and check."""
    (root / "render.yaml").write_text(blueprint(count))
    (root / "Dockerfile").touch()
    start = time.process_time()
    deployment = Deployment(Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name in OURS]
    found = [finding for each in planned for finding in each.check.run(each.subject, deployment)]
    taken = time.process_time() - start
    assert len(found) == count
    return taken


def test_a_thousand_services_take_less_than_two_seconds_and_time_grows_with_their_number(tmp_path: Path) -> None:
    assert {each.name for kind in (Subject.BLUEPRINT, Subject.SERVICE) for each in checks(kind)} >= set(OURS)
    few = min(seconds(tmp_path, 248) for _ in range(3))
    many = min(seconds(tmp_path, 1000) for _ in range(2))
    assert many < 2
    assert many < 8 * few  # Four times as many; with the square of the number it would be sixteen.
