"""The command as users run it, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from index_server import Index

EXAMPLES = Path(__file__).parents[1] / "examples"


class Deploycheck:
    """``pytest --deploycheck``, as a user runs it: a process of its own in a project's folder.

    deploycheck.project({"requirements.txt": "demo==1.0"})
    result = deploycheck("--deploycheck-target", "3.13", index=index)
    result.assert_outcomes(passed=2)
    """

    def __init__(self, pytester: pytest.Pytester, patch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self._patch = patch

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.pytester.path

    def project(self, files: Mapping[str, str]) -> Path:
        """Write these files, text by relative path, into the project's folder."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self.path

    def example(self, name: str) -> Path:
        """Copy a project out of ``examples``: ``nexus/before``."""
        shutil.copytree(EXAMPLES / name, self.path, dirs_exist_ok=True)
        return self.path

    def __call__(self, *arguments: str | os.PathLike[str], index: Index | None = None) -> pytest.RunResult:
        """Run it there, on this index; without one on an address where nothing answers."""
        self._patch.setenv("PIP_INDEX_URL", index.url if index else "http://127.0.0.1:9/simple/")
        return self.pytester.runpytest_subprocess("--deploycheck", *arguments, timeout=120)

    def own(self, *arguments: str | os.PathLike[str], index: Index | None = None) -> pytest.RunResult:
        """Run the project's own tests, without ``--deploycheck`` and in this very process."""
        self._patch.setenv("PIP_INDEX_URL", index.url if index else "http://127.0.0.1:9/simple/")
        with warnings.catch_warnings():
            warnings.resetwarnings()  # The filters of the run that these tests are.
            return self.pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments)

    def report(self, *arguments: str | os.PathLike[str], index: Index | None = None) -> dict[str, Any]:
        """Run it there, and give what ``--deploycheck-json`` wrote."""
        self(*arguments, "--deploycheck-json", "report.json", index=index)
        return self.read_report("report.json")

    def read_report(self, name: str) -> dict[str, Any]:
        """A report that an earlier run wrote into the project's folder."""
        content: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
        return content
