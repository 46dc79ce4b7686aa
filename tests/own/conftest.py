"""These tests run pytest in their own process, many times: what it would import anew each time is imported here."""

from __future__ import annotations

import importlib
import pkgutil

import pytest_deploycheck

for module in pkgutil.walk_packages(pytest_deploycheck.__path__, "pytest_deploycheck."):
    importlib.import_module(module.name)
