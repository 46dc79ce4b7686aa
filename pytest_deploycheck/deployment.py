"""What is to be deployed: the files of a repository, understood, and what would be installed from them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from pytest_deploycheck.builds import Build, Builds, source_of
from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.fixing.file_text import FileText, NotEditable
from pytest_deploycheck.hiding import Hiding
from pytest_deploycheck.named_files import NamedFile, find_named_files
from pytest_deploycheck.other_python import OtherPythons
from pytest_deploycheck.own.additions import RequirementsText
from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.render.blueprint import Blueprint, Service, parse_blueprint
from pytest_deploycheck.render.document import DocumentError, Scalar
from pytest_deploycheck.render.edits import BlueprintText
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import FILE as PYTHON_VERSION_FILE
from pytest_deploycheck.render.python_version import ServicePython, service_python
from pytest_deploycheck.render.references import References
from pytest_deploycheck.render.validation import entry_faults, service_subject
from pytest_deploycheck.repairs import Repairs
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import InvalidTarget, Target, checked_platform, parse_target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.git import Git
from pytest_deploycheck.sources.gitignore import Gitignore
from pytest_deploycheck.sources.pylock_names import is_pylock
from pytest_deploycheck.sources.python_wish import PythonWish, find_python_wishes
from pytest_deploycheck.sources.requirements import RequirementsFile, read_requirements, unreadable
from pytest_deploycheck.sources.shell.command import Commands
from pytest_deploycheck.subjects import Source, SourceOnTarget, Sources

if TYPE_CHECKING:
    from pytest_deploycheck.started import Started

BLUEPRINTS = ("render.yaml", "render.yml")
REQUIREMENTS = "requirements.txt"
# What stands in for it where there is none; Render too prefers uv's: https://render.com/docs/uv-version
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")


class NothingToDeploy(Exception):
    """Neither a blueprint nor requirements: the message says what was looked for and where."""


class Deployment:
    """What is deployed from a project's folder, with settings; paths are relative to the root of the repository.

    Reading it needs no network; only :meth:`resolution` does.

    :param added: requirements beside those that the project's files name
    :raises NothingToDeploy: there is nothing to check
    :raises CannotCheck: a file that was named cannot be read
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str] = os.environ, added: Iterable[Path | RequirementsText] = ()
    ) -> None:
        self.root = settings.root
        self.folder = settings.folder or settings.root
        self.settings = settings
        self.environ = environ
        self._wishes: dict[str, tuple[PythonWish, ...]] = {}
        self._places: dict[str, tuple[SourceOnTarget, ...]] = {}
        self.builds = Builds(settings.root, environ, self.folder)
        self.blueprint: Blueprint | None = None
        self.blueprint_error: DocumentError | CannotCheck | None = None
        self._read_blueprint()
        sources: dict[str, Source] = {}
        for source in (*self._find_sources(), *map(self._added, added)):
            sources.setdefault(source.name, source)
        self.sources = Sources(sources.values())
        if not self.sources and self.blueprint_path is None:
            raise NothingToDeploy(
                f"nothing to check: looked for {', '.join((*BLUEPRINTS, REQUIREMENTS, *LOCKS))} in {self.folder}; "
                "--deploycheck-blueprint and --deploycheck-requirements name other files, --rootdir another root"
            )
        self.resolutions = Resolutions(settings, environ)
        self.resolutions.shown = self.without_secrets
        self.other_pythons = OtherPythons(self.resolutions)
        self.repairs = Repairs(self)

    # What the files say.

    @cached_property
    def blueprint_path(self) -> str | None:
        """Relative to the root."""
        named = self.settings.blueprint
        candidates = [named] if named else [self.folder / name for name in BLUEPRINTS]
        found = next((path for path in candidates if path.is_file()), None)
        if found is None and named:
            raise CannotCheck(f"--deploycheck-blueprint: there is no file {named}")
        return self.relative(found) if found else None

    def relative(self, path: Path) -> str:
        """A path as node ids and messages have it."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def _read_blueprint(self) -> None:
        if self.blueprint_path is None:
            return
        try:
            self.blueprint = parse_blueprint((self.root / self.blueprint_path).read_bytes(), self.blueprint_path)
        except DocumentError as error:
            self.blueprint_error = error
        except OSError as error:
            self.blueprint_error = CannotCheck(f"it cannot be read: {reason_of(error)}")

    @cached_property
    def blueprint_text(self) -> BlueprintText | None:
        """The blueprint as it is written, for edits; None where there is none that could be read."""
        if self.blueprint is None:
            return None
        content = (self.root / self.blueprint.path).read_bytes()
        try:
            return BlueprintText(self.blueprint.path, FileText.read(self.blueprint.path, content).text)
        except NotEditable:
            return None

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that Render builds with Python itself."""
        return tuple(each for each in self.blueprint.services if each.is_native_python) if self.blueprint else ()

    @cached_property
    def service_faults(self) -> Mapping[str, tuple[Fault, ...]]:
        """What is wrong with each service's fields, by its name; several checks share it."""
        services = self.blueprint.services if self.blueprint else ()
        return {
            each.name: tuple(entry_faults(each.fields, "service", service_subject(each.fields, each.name)))
            for each in services
        }

    @cached_property
    def named_files(self) -> tuple[NamedFile, ...]:
        """The files of the repository that the blueprint names, once for each place that does."""
        return tuple(find_named_files(self))

    @cached_property
    def git(self) -> Git:
        """What git has of the repository; only asked where a check needs it."""
        return Git(self.root)

    @cached_property
    def references(self) -> References:
        """What the services of the blueprint take from other resources.

        :raises CannotCheck: there is no blueprint that could be read
        """
        if self.blueprint is None:
            raise CannotCheck("there is no blueprint that could be read")
        return References(self.blueprint)

    def _find_sources(self) -> Iterator[Source]:
        installed = tuple(self.builds.sources(self.services))
        for path in self.settings.requirements:
            if not path.is_file():
                raise CannotCheck(f"--deploycheck-requirements: there is no file {path}")
        # Where a lock is installed from, and it is not known how, it is not taken for what is installed.
        locks = () if any(self.build(each).installs.from_projects for each in self.services) else LOCKS
        default = [path for name in (REQUIREMENTS, *locks) if (path := self.folder / name).is_file()][:1]
        if not self.settings.requirements and (installed or not default):
            yield from installed
            return
        for path in self.settings.requirements or default:
            known = [source for source in installed if source.path == self.relative(path)]
            yield from known or [self._read_source(path)]

    def _read_source(self, path: Path) -> Source:
        """A file that no command installs: a lock, or requirements."""
        if path.name in LOCKS or is_pylock(path.name):
            from pytest_deploycheck.sources.locks.reading import read_lock_alone  # Few projects have one.

            if (lock := read_lock_alone(self.relative(path), self.root)) is not None:
                return source_of(lock)
        return source_of(self._read_alone(path))

    def _read_alone(self, path: Path) -> RequirementsFile:
        try:
            return read_requirements(path, self.root, self.environ, directory=self.folder)
        except OSError as error:
            return unreadable(self.relative(path), error)

    def _added(self, given: Path | RequirementsText) -> Source:
        if isinstance(given, Path):
            return self._read_source(given)
        path, content = self.folder / given.path, given.text.encode()
        return Source(read_requirements(path, self.root, self.environ, directory=self.folder, content=content), ())

    def service_folder(self, service: Service) -> Path:
        """Where a service's commands run: its ``rootDir``."""
        return self.root / self.builds.directory(service)

    def knows_groups(self, service: Service) -> bool:
        """Whether all groups of variables that a service uses are in the blueprint, so that all variables are known."""
        known = {each.name for each in self.blueprint.groups} if self.blueprint else set()
        return all(each.text in known for each in service.groups)

    @cached_property
    def gitignore(self) -> Gitignore:
        """The one at the root."""
        return Gitignore.read(self.root)

    def commands(self, service: Service, line: Scalar) -> Commands:
        """What one of a service's command lines runs, such as its ``start_command``."""
        return self.builds.commands(service, line)

    def build(self, service: Service) -> Build:
        """A service's build command, understood."""
        return self.builds.build(service)

    @cached_property
    def started(self) -> Started:
        """What the services start, and the code that these run."""
        from pytest_deploycheck.started import Started  # Collection needs nothing of it.

        return Started(self.root, self.builds)

    # Where it would run.

    @cached_property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Variables with values that may be secret; this machine's too."""
        from pytest_deploycheck.render.secret import may_be_secret

        found = {
            (name, value)
            for each in (self.blueprint.services if self.blueprint else ())
            for name, value in each.values.items()
            if value and may_be_secret(name, value)
        }
        installing = [(each, found) for each in self.services for found in self.build(each).installations]
        found |= {
            (name, value)
            for service, installation in installing
            for name, value in installation.looked_up.items()
            if value and len(value) > 3 and not value.startswith("/") and not service.values.get(name)
        }
        return tuple(sorted(found))

    def without_secrets(self, text: str) -> str:
        """A text with the names of variables for values that may be secret."""
        return self._hiding.hidden(text)

    @cached_property
    def _hiding(self) -> Hiding:
        return Hiding(self.secrets)

    @cached_property
    def created(self) -> date:
        """When the services were created: today, where nobody said it."""
        return self.settings.service_created or date.today()

    @cached_property
    def _python_version_file(self) -> str | None:
        for folder in dict.fromkeys((self.folder, self.root)):
            try:
                # What is no UTF-8 is no version either, and is said to be none.
                return (folder / PYTHON_VERSION_FILE).read_text(encoding="utf-8-sig", errors="replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CannotCheck(f"{PYTHON_VERSION_FILE}: cannot be read: {reason_of(error)}") from error
        return None

    def python_of(self, service: Service | None) -> ServicePython:
        """The Python that a service would get; without a service, that of one with no settings of its own."""
        return service_python(
            service, self._python_version_file, self.created, created_is_assumed=self.settings.service_created is None
        )

    def python_wishes(self, folder: str) -> tuple[PythonWish, ...]:
        """What files that do not decide on the Python of a folder's services ask for; each folder is read once."""
        if folder not in self._wishes:
            self._wishes[folder] = tuple(find_python_wishes(self.root, folder))
        return self._wishes[folder]

    def targets_of(self, source: Source) -> tuple[SourceOnTarget, ...]:
        """Each machine that a source is deployed to; asked after each item, so worked out once.

        :raises InvalidTarget: an option names none
        """
        if source.name not in self._places:
            self._places[source.name] = self._placed(source)
        return self._places[source.name]

    def _placed(self, source: Source) -> tuple[SourceOnTarget, ...]:
        services: dict[Target, list[str]] = {}
        for name, target in self._targets(source):
            services.setdefault(target, [])
            if name is not None:
                services[target].append(name)
        names = [target.name for target in services]
        return tuple(
            SourceOnTarget(
                source, target, target.name if names.count(target.name) == 1 else target.full_name, tuple(by)
            )
            for target, by in services.items()
        )

    def _targets(self, source: Source) -> Iterator[tuple[str | None, Target]]:
        users = source.services or self.services
        if self.settings.targets:
            for text in self.settings.targets:
                target = self.target(text)
                yield None, target
                for service in users:
                    if self._target(service) == target:
                        yield service.name, target
            return
        for service in users:
            yield service.name, self._target(service)
        if not users:
            yield None, self._target(None)

    @property
    def platform(self) -> str:
        """The platform tag of the build machine.

        :raises InvalidTarget: the setting is none
        """
        chosen = self.settings.platform or platform_facts().platform_tag
        return checked_platform(self.settings.platforms.get(chosen, chosen))

    def target(self, text: str) -> Target:
        """Read ``3.13``, ``3.13.4`` or ``3.13-manylinux_2_36_x86_64``; a platform may be one that a plugin adds.

        :raises InvalidTarget: it is none
        """
        python, _, named = text.partition("-")
        tag = self.settings.platforms.get(named)
        target = parse_target(f"{python}-{tag}" if tag else text, self.platform, platform_facts().latest_patch)
        _assert_supported(text, target)
        return target

    def target_of(self, service: Service) -> Target:
        """The machine that a service gets by its own settings."""
        return self._target(service)

    def _target(self, service: Service | None) -> Target:
        # A Python that cannot be known is its own check's finding; the default of the day stands in for it.
        version = self.python_of(service).version or platform_facts().newest_default
        return Target(version, self.platform)

    # What would be installed.

    def resolution(self, place: SourceOnTarget) -> Resolution:
        """What pip would pick; computed once."""
        return self.resolutions.get(place.source, place.target)

    def resolutions_of(self, service: Service) -> tuple[Resolution, ...]:
        """What would be installed for a service, from each source that it installs, on the targets of this run.

        :raises CannotCheck: an index cannot be reached
        """
        found = []
        for source in self.sources:
            if service in source.services or not source.services:
                own = [self._target(service)]
                targets = [place.target for place in self.targets_of(source)] if self.settings.targets else own
                found += [self.resolutions.get(source, target) for target in targets]
        unreachable = next((each for each in found if each.outcome is Outcome.UNREACHABLE), None)
        if unreachable is not None:
            raise CannotCheck(unreachable.message.partition("\n")[0].rstrip(":"))
        return tuple(found)

    def planned_resolutions(self) -> Iterator[tuple[SourceOnTarget, Resolution]]:
        """Those computed so far of what is deployed, without what was only tried."""
        for source in self.sources:
            for place in self.targets_of(source):
                resolution = self.resolutions.computed(source, place.target)
                if resolution is not None:
                    yield place, resolution


def _assert_supported(text: str, target: Target) -> None:
    """:raises InvalidTarget: Render has no such Python"""
    oldest = platform_facts().python_minimum
    if target.python_version < Version(oldest):
        trap = "; in TOML and YAML 3.10 without quotes is the number 3.1" if text.startswith("3.") else ""
        raise InvalidTarget(f"{text!r} is older than {oldest}, the oldest Python that Render has{trap}")
