"""A shop of four distributions, one of which has to be compiled on some Pythons: what tests of locks have alike."""

from __future__ import annotations

from command import Deploycheck
from index_server import sdist, wheel

CP312 = "cp312-cp312-manylinux_2_17_x86_64"
RUST = {"pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n', "Cargo.toml": ""}
BLUEPRINT = """\
services:
  - type: worker
    name: api
    runtime: python
    buildCommand: {command}
    startCommand: python main.py
    envVars:
      - key: PYTHON_VERSION
        value: "3.13.4"
"""
PLAIN = wheel("plain", "1.0")
WEB = wheel("web", "2.0", requires_dist=["core"])
CORE = wheel("core", "1.5", CP312)
CORE_SDIST = sdist("core", "1.5", files=RUST)
# The id of the target, and of the one with another Python.
T313, T312 = "3.13-manylinux_2_36_x86_64", "3.12-manylinux_2_36_x86_64"


def assert_never_passes(shop: Deploycheck, path: str, text: str, outcome: str, shown: str) -> None:
    """That a lock with a text has one item, which ends in this way and says why."""
    shop.project({path: text})
    result = shop()
    result.stdout.fnmatch_lines([shown])
    result.assert_outcomes(**{outcome: 1})
