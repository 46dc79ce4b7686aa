"""The projects of a run: the files of each, understood, with its checks and hooks. Made once, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest

from pytest_deploycheck.checks import built_in
from pytest_deploycheck.checks.registry import Check, Registry, checks_in, checks_of
from pytest_deploycheck.deployment import Deployment, NothingToDeploy
from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.named import unknown
from pytest_deploycheck.own.additions import Platform, RequirementsText
from pytest_deploycheck.own.extensions import ExtensionFailed, Extensions, shown_path
from pytest_deploycheck.own.own_tests import OwnTests
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import InvalidTarget, checked_platform
from pytest_deploycheck.settings import Settings, read_settings
from pytest_deploycheck.subjects import SourceOnTarget

# What can be wrong with a user's files and settings.
Wrong = (NothingToDeploy, CannotCheck, InvalidTarget, ValueError)


@dataclass
class Project:
    """One project.

    :param name: its folder, relative to the root of the repository: ``.`` for the root itself
    :param failures: hooks that raised when they were asked what to add
    """

    name: str
    deployment: Deployment
    checks: Registry
    extensions: Extensions
    failures: tuple[ExtensionFailed, ...]
    _seen: dict[tuple[str, str], ExtensionFailed | None] = field(default_factory=dict)

    def resolution(self, place: SourceOnTarget) -> Resolution:
        """What pip would pick; the hooks see it the first time.

        :raises ExtensionFailed: one of them raised, now or the first time
        """
        resolution = self.deployment.resolution(place)
        key = (place.source.name, place.target.full_name)
        if key not in self._seen and resolution.outcome is not Outcome.UNREACHABLE:
            self._seen[key] = None
            try:
                self.extensions.show(resolution, place.source.services)
            except ExtensionFailed as failure:
                self._seen[key] = failure
        if seen := self._seen.get(key):
            raise seen
        return resolution

    def missing(self, plugin: object) -> str:
        """What a plugin adds that this project lacks, since it was registered after the files were read; else empty."""
        if not isinstance(plugin, ModuleType) or plugin in self.extensions.known:
            return ""
        added = [f"the check {each.name}" for each in checks_in(plugin) if not each.is_built_in]
        added += [name for name in _ASKED_ONCE if hasattr(plugin, name)]
        if not added or not self.extensions.holds_here(plugin):
            return ""
        file = shown_path(Path(plugin.__file__ or plugin.__name__), self.extensions.root)
        return (
            f"{file} has {added[0]}, and is read only after the checks are planned: move it to a conftest.py beside "
            "pytest's configuration file, or name its folder in testpaths"
        )


_ASKED_ONCE = ("pytest_deploycheck_checks", "pytest_deploycheck_platforms", "pytest_deploycheck_sources")


class Projects(tuple[Project, ...]):
    """All of them; one, unless the settings name several."""

    settings: Settings

    def of(self, path: Path) -> tuple[Project, ...]:
        """Those that a test file is about: the one in whose folder it lies, else all of them."""
        around = [each for each in self if path.resolve().is_relative_to(each.deployment.folder)]
        nearest = max(around, key=lambda each: len(each.deployment.folder.parts), default=None)
        return (nearest,) if nearest else self

    def holding(self, deployment: Deployment) -> Project:
        """The one that a deployment is of."""
        return next(each for each in self if each.deployment is deployment)

    def named(self, name: str) -> Project:
        """The one of a folder.

        :raises ValueError: there is none
        """
        found = next((each for each in self if each.name == name), None)
        if found is None:
            raise ValueError(unknown("project", name, tuple(each.name for each in self)))
        return found


def projects_of(config: pytest.Config) -> Projects:
    """The projects of a run.

    :raises pytest.UsageError: a setting or a file makes no sense
    """
    if _PROJECTS not in config.stash:
        settings = read_settings(config)
        if not config.pluginmanager.has_plugin(_BUILT_IN):
            config.pluginmanager.register(built_in, _BUILT_IN)
            config.pluginmanager.register(OwnTests(), "deploycheck-own-tests")
        try:
            projects = Projects(_projects(config, settings))
        except Wrong as error:
            raise pytest.UsageError(f"--deploycheck: {error}") from error
        projects.settings = settings
        config.stash[_PROJECTS] = projects
        for each in projects:
            config.add_cleanup(each.deployment.resolutions.close)
    return config.stash[_PROJECTS]


_PROJECTS = pytest.StashKey[Projects]()
_BUILT_IN = "deploycheck-checks"


def _projects(config: pytest.Config, settings: Settings) -> Iterator[Project]:
    folders = settings.projects or (settings.root,)
    for folder in folders:
        others = tuple(each for each in folders if each != folder)
        yield _project(config, replace(settings, folder=folder), Extensions(config, folder, others))


def _project(config: pytest.Config, settings: Settings, extensions: Extensions) -> Project:
    folder = settings.folder or settings.root
    platforms = extensions.gather("pytest_deploycheck_platforms", _platform)
    sources = extensions.gather("pytest_deploycheck_sources", lambda given: [_source(given, folder)], folder=folder)
    checks = extensions.gather("pytest_deploycheck_checks", _checks)
    settings = _with_platforms(settings, {each.name: each for each in platforms.things}, platforms.failures)
    failures = (*platforms.failures, *sources.failures, *checks.failures)
    try:
        deployment = Deployment(settings, added=sources.things)
    except NothingToDeploy as error:
        raise NothingToDeploy("; ".join(map(str, (error, *failures)))) from error
    return Project(
        name=deployment.relative(folder),
        deployment=deployment,
        checks=Registry([*checks.things, *_decorated(extensions)]),
        extensions=extensions,
        failures=failures,
    )


def _platform(given: object) -> Iterator[Platform]:
    if not isinstance(given, Platform):
        raise TypeError(f"a Platform was expected, and it gave {given!r}")
    yield given


def _source(given: object, folder: Path) -> Path | RequirementsText:
    if isinstance(given, RequirementsText):
        return given
    if not isinstance(given, (str, Path)):
        raise TypeError(f"a path or a RequirementsText was expected, and it gave {given!r}")
    if not (folder / given).is_file():
        raise FileNotFoundError(f"there is no file {folder / given}")
    return folder / given


def _checks(given: object) -> tuple[Check, ...]:
    found = checks_of(given)
    if not found:
        raise TypeError(f"a function decorated with @pytest_deploycheck.check was expected, and it gave {given!r}")
    return found


def _decorated(extensions: Extensions) -> Iterator[Check]:
    """The checks of each ``conftest.py`` and of each plugin that is a module."""
    for module in extensions.modules():
        if not module.__name__.startswith("pytest_deploycheck."):
            yield from (each for each in checks_in(module) if not each.is_built_in)


def _with_platforms(settings: Settings, platforms: dict[str, Platform], failures: list[ExtensionFailed]) -> Settings:
    """The settings, with what the names of added platforms stand for.

    :raises InvalidTarget: one names a platform that nobody adds, and somebody could not say which ones he adds
    """
    chosen = platforms.get(settings.platform or "")
    names = {settings.platform or "", *(text.partition("-")[2] for text in settings.targets)} - {"", *platforms}
    for name in names if failures else ():
        try:
            checked_platform(name)
        except InvalidTarget as error:
            raise InvalidTarget("; ".join(map(str, (error, *failures)))) from error
    return replace(
        settings,
        platforms={each.name: each.tag for each in platforms.values()},
        targets=settings.targets or ((chosen.python,) if chosen and chosen.python else ()),
    )
