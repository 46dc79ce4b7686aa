"""A run with ``--deploycheck``: what is collected."""

from __future__ import annotations

import fnmatch
import itertools
import warnings
from pathlib import Path

import pytest

from pytest_deploycheck import DeploycheckAdvice
from pytest_deploycheck.collection import DeploycheckFile, DeploycheckItem
from pytest_deploycheck.plan import PlannedFile, plan, together
from pytest_deploycheck.projects import Projects, Wrong, projects_of
from pytest_deploycheck.reports.formats import problem
from pytest_deploycheck.settings import Settings


class DeploycheckSession:
    """The hooks of a run."""

    def __init__(self, projects: Projects, files: tuple[PlannedFile, ...]) -> None:
        self.projects = projects
        self.settings = projects.settings
        self.files = files
        self._files = {planned.path.resolve(): planned for planned in files}
        self._ignored = _ignored(self.settings, files)

    @classmethod
    def start(cls, config: pytest.Config) -> DeploycheckSession:
        """Read settings and files, and plan what is collected.

        :raises pytest.UsageError: a setting or a file makes no sense
        """
        projects = projects_of(config)
        if (unwritable := problem(projects.settings)) is not None:
            raise pytest.UsageError(unwritable)
        try:
            planned = [plan(each.deployment, each.checks, each.failures) for each in projects]
            return cls(projects, together(itertools.chain.from_iterable(planned)))
        except Wrong as error:
            raise pytest.UsageError(f"--deploycheck: {error}") from error

    def _are_named(self, config: pytest.Config) -> bool:
        named = {(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args}
        return not named.isdisjoint(self._files)

    def pytest_plugin_registered(self, plugin: object) -> None:
        """What adds checks or sources has to be there when the items are planned.

        :raises pytest.UsageError: it comes too late, and what it adds would be missing without a word
        """
        for project in self.projects:
            if odd := project.missing(plugin):
                raise pytest.UsageError(f"--deploycheck: {odd}")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> DeploycheckFile | None:
        """The files of the plan."""
        planned = self._files.get(file_path.resolve())
        if planned is None:
            return None
        return self._collector(planned, parent.session)

    def _collector(self, planned: PlannedFile, session: pytest.Session) -> DeploycheckFile:
        # Below the session itself: below a package, pytest would import that package's __init__.py for it.
        collector = DeploycheckFile.from_parent(session, path=planned.path, nodeid=planned.name)
        collector.planned = planned
        return collector

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the files whatever else is named, unless one of them is named itself; skip what is ignored.

        Not by ``config.args``: before pytest 9 a file that is named beside its folder hides the rest of the folder.
        """
        if not self._are_named(session.config):
            own = [item for item in items if not isinstance(item, DeploycheckItem)]
            ours: dict[str, pytest.Item] = {item.nodeid: item for item in items if isinstance(item, DeploycheckItem)}
            for planned in self._files.values():
                if not any(item.path == planned.path for item in ours.values()):
                    ours |= {item.nodeid: item for item in session.genitems(self._collector(planned, session))}
            order = [node_id for planned in self._files.values() for node_id, _ in planned.node_ids()]
            items[:] = [*own, *(ours[node_id] for node_id in order if node_id in ours)]
        for item in items:
            if isinstance(item, DeploycheckItem) and (reason := self._ignored.get(item.nodeid)):
                item.add_marker(pytest.mark.skip(reason=f"deploycheck_ignore: {reason}"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Leave out the line of the file, which pytest shows below a warning: a secret may stand in it."""
        if issubclass(warning_message.category, DeploycheckAdvice):
            warning_message.line = ""


def _ignored(settings: Settings, files: tuple[PlannedFile, ...]) -> dict[str, str]:
    """The reason for each ignored node id.

    :raises ValueError: an entry matches nothing
    """
    ignored = {}
    planned = [each for file in files for each in file.node_ids()]
    for entry in settings.ignore:
        matching = [
            node_id
            for node_id, item in planned
            if item.check.name == entry.pattern or fnmatch.fnmatchcase(node_id, entry.pattern)
        ]
        if not matching:
            raise ValueError(
                f"deploycheck_ignore: {entry.pattern!r} matches no check and no node id; "
                "`pytest --deploycheck --collect-only -q` lists them"
            )
        ignored.update(dict.fromkeys(matching, entry.reason))
    return ignored
