"""What a run does for the tests that take this plugin's fixtures."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.render.document import Scalar


class OwnTests:
    """Hooks, from when the first fixture or ``--deploycheck`` asked for them."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A check that cannot be made is an ERROR, in the body of a test too, where pytest knows failures only."""
        report = yield
        if call.when == "call" and call.excinfo is not None and isinstance(call.excinfo.value, CannotCheck):
            # What every report knows an error by, on the screen, in JUnit's format and elsewhere.
            report.when = "setup"
            report.longrepr = call.excinfo.getrepr(style="value", chain=False)
        return report

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """With ``--dist loadgroup``, of which pytest-xdist tells its workers so."""
        if getattr(config.option, "loadgroup", False):
            from pytest_deploycheck.own.xdist_groups import mark_groups
            from pytest_deploycheck.projects import projects_of

            mark_groups(items, projects_of(config))

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        """Where the text stands that is not as it should be."""
        places = [each for each in (left, right) if isinstance(each, Scalar)]
        if not places or any(isinstance(each, str) and "\n" in each for each in (left, right)):
            return None
        return [f"{left!r} {op} {right!r}", *(f"{each.location}: {each.text!r}" for each in places)]
