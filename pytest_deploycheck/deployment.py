"""What is to be deployed: the files of a repository, understood, and what would be installed from them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.render.blueprint import Blueprint, Service, parse_blueprint
from pytest_deploycheck.render.document import DocumentError
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import ServicePython, service_python
from pytest_deploycheck.resolution.cache import Cache, cache_directory
from pytest_deploycheck.resolution.index import Index
from pytest_deploycheck.resolution.pip_configuration import pip_configuration
from pytest_deploycheck.resolution.repair import has_wheels_only
from pytest_deploycheck.resolution.resolver import Asked, TargetView, resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target, parse_target
from pytest_deploycheck.resolution.transport import Transport
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.build_command import pip_installs
from pytest_deploycheck.sources.requirements import RequirementLine, RequirementsFile, read_requirements

BLUEPRINTS = ("render.yaml", "render.yml")
REQUIREMENTS = "requirements.txt"


class NothingToDeploy(Exception):
    """Neither a blueprint nor requirements: the message says what was looked for and where."""


@dataclass(frozen=True)
class Source:
    """A requirements file, and who installs it.

    :param services: the services whose build commands install it; empty where no blueprint says so
    """

    file: RequirementsFile
    services: tuple[Service, ...]

    @property
    def path(self) -> str:
        """Relative to the root, with forward slashes."""
        return self.file.path

    @cached_property
    def lines(self) -> Mapping[NormalizedName, tuple[RequirementLine, ...]]:
        """The requirement lines by project, in the order of the file."""
        lines: dict[NormalizedName, tuple[RequirementLine, ...]] = {}
        for line in self.file.lines:
            if line.name is not None:
                lines[line.name] = (*lines.get(line.name, ()), line)
        return lines


@dataclass(frozen=True)
class SourceOnTarget:
    """A source, on one of the machines it is deployed to: what a resolution is about.

    :param target_name: as node ids and reports have it
    """

    source: Source
    target: Target
    target_name: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class RequirementOnTarget:
    """The lines for one project in a source, on one target."""

    place: SourceOnTarget
    project: NormalizedName
    lines: tuple[RequirementLine, ...]


class Deployment:
    """The repository at a root, with settings.

    Reading it needs no network; only :meth:`resolution` does.

    :raises NothingToDeploy: there is nothing to check
    :raises CannotCheck: a file that was named cannot be read
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
        self.root = settings.root
        self.settings = settings
        self._environ = environ
        self.blueprint: Blueprint | None = None
        self.blueprint_error: DocumentError | None = None
        self._read_blueprint()
        self.sources = tuple(self._find_sources())
        if not self.sources and self.blueprint_path is None:
            raise NothingToDeploy(
                f"nothing to check: looked for {', '.join((*BLUEPRINTS, REQUIREMENTS))} in {self.root}; "
                "--deploycheck-blueprint and --deploycheck-requirements name other files"
            )
        self._views: dict[Target, TargetView] = {}
        self._resolutions: dict[tuple[str, Target], Resolution] = {}
        self._other_pythons: dict[tuple[str, Target], Resolution | None] = {}

    # What the files say.

    @cached_property
    def blueprint_path(self) -> str | None:
        """Relative to the root."""
        named = self.settings.blueprint
        candidates = [named] if named else [self.root / name for name in BLUEPRINTS]
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
            raise CannotCheck(f"{self.blueprint_path}: cannot be read: {error.strerror}") from error

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that Render builds with Python itself."""
        return tuple(each for each in self.blueprint.services if each.is_native_python) if self.blueprint else ()

    def _find_sources(self) -> Iterator[Source]:
        installed = self._installed_by_services()
        if self.settings.requirements:
            paths: Iterable[Path] = self.settings.requirements
            for path in paths:
                if not path.is_file():
                    raise CannotCheck(f"--deploycheck-requirements: there is no file {path}")
        else:
            default = self.root / REQUIREMENTS
            paths = installed or ([default] if default.is_file() else [])
        for path in paths:
            try:
                file = read_requirements(path, self.root, self._environ)
            except OSError as error:
                raise CannotCheck(f"{self.relative(path)}: cannot be read: {error.strerror}") from error
            yield Source(file, tuple(installed.get(path, ())))

    def _installed_by_services(self) -> dict[Path, list[Service]]:
        """The requirements files that build commands install and that are there; a missing one is its check's matter."""
        installed: dict[Path, list[Service]] = {}
        for service in self.services:
            folder = self.service_folder(service)
            for name in self.requirement_files(service):
                path = (folder / name).resolve()
                if path.is_file() and service not in installed.setdefault(path, []):
                    installed[path].append(service)
        return {path: services for path, services in installed.items() if services}

    def service_folder(self, service: Service) -> Path:
        """Where a service's commands run: its ``rootDir``."""
        return self.root / service.root_dir.text if service.root_dir else self.root

    def requirement_files(self, service: Service) -> tuple[str, ...]:
        """The files that a service's build command installs, as the command names them."""
        if service.build_command is None:
            return ()
        commands = pip_installs(service.build_command.text, service.build_command.location)
        return tuple(name for install in commands.installs for name in install.requirement_files)

    # Where it would run.

    @cached_property
    def created(self) -> date:
        """When the services were created: today, where nobody said it."""
        return self.settings.service_created or date.today()

    @cached_property
    def _python_version_file(self) -> str | None:
        try:
            return (self.root / ".python-version").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def python_of(self, service: Service | None) -> ServicePython:
        """The Python that a service would get; without a service, that of one with no settings of its own."""
        return service_python(
            service, self._python_version_file, self.created, created_is_assumed=self.settings.service_created is None
        )

    def targets_of(self, source: Source) -> tuple[SourceOnTarget, ...]:
        """Each machine that a source is deployed to.

        :raises InvalidTarget: an option names none
        """
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
                target = parse_target(text, self.platform, platform_facts().latest_patch)
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
        """The platform tag of the build machine."""
        return self.settings.platform or platform_facts().platform_tag

    def _target(self, service: Service | None) -> Target:
        # A Python that cannot be known is its own check's finding; the default of the day stands in for it.
        version = self.python_of(service).version or platform_facts().newest_default
        return Target(version, self.platform)

    # What would be installed.

    @cached_property
    def index(self) -> Index:
        """pip's configured index."""
        configured = pip_configuration(self._environ)
        transport = Transport(timeout=self.settings.timeout, cert=configured.cert, client_cert=configured.client_cert)
        cache = Cache(cache_directory(self._environ))
        return Index(configured.index_url, transport, cache, offline=self.settings.offline)

    def view(self, target: Target) -> TargetView:
        """The index as a target sees it."""
        if target not in self._views:
            self._views[target] = TargetView(self.index, target)
        return self._views[target]

    def resolution(self, source: Source, target: Target) -> Resolution:
        """What pip would pick; computed once.

        :raises CannotCheck: the source has lines of a kind that cannot be resolved here
        """
        key = (source.path, target)
        if key not in self._resolutions:
            self._resolutions[key] = self._resolve(source, target)
        return self._resolutions[key]

    def _resolve(self, source: Source, target: Target) -> Resolution:
        problems = source.file.problems
        if problems:
            evidence = tuple(f"{each.location}: {each.text}: {each.expected}" for each in problems)
            count = f"{len(problems)} line{'s' if len(problems) > 1 else ''}"
            return Resolution(source.path, target, Outcome.INVALID, f"pip refuses {count} of it", evidence=evidence)
        return resolve(source.path, self.asked(source), self.view(target))

    def asked(self, source: Source) -> list[Asked]:
        """The lines of a source as the resolver takes them.

        :raises CannotCheck: a line names a URL, a path or a repository
        """
        asked = []
        for line in (*source.file.constraints, *source.file.lines):
            if line.requirement is None or line.link:
                raise CannotCheck(f"{line.location}: {line.text}: direct references are not resolved yet")
            asked.append(Asked(line.requirement, line.location, line.constraint))
        return asked

    def planned_resolutions(self) -> Iterator[tuple[SourceOnTarget, Resolution]]:
        """Those computed so far of what is deployed, without what was only tried."""
        for source in self.sources:
            for place in self.targets_of(source):
                resolution = self._resolutions.get((source.path, place.target))
                if resolution is not None:
                    yield place, resolution

    def close(self) -> None:
        """Ask the index for nothing more."""
        if "index" in self.__dict__:
            self.index.close()

    def python_with_wheels(self, place: SourceOnTarget) -> Resolution | None:
        """The nearest Python on which a source resolves to wheels only: older ones first, then newer ones.

        :returns: its resolution there, None where there is no such Python
        """
        key = (place.source.path, place.target)
        if key not in self._other_pythons:
            tried = (self.resolution(place.source, target) for target in self._nearby(place.target))
            self._other_pythons[key] = next(filter(has_wheels_only, tried), None)
        return self._other_pythons[key]

    def _nearby(self, target: Target) -> Iterator[Target]:
        own = Version(target.minor.rstrip("t"))
        released = sorted(map(Version, platform_facts().released_minors))
        older = [minor for minor in reversed(released) if minor < own]
        for minor in (*older, *(minor for minor in released if minor > own)):
            python = platform_facts().latest_patch(str(minor))
            assert python is not None  # It is one of the released ones.
            yield Target(python, target.platform, target.free_threaded)

    def resolutions_of(self, service: Service) -> tuple[Resolution, ...]:
        """What would be installed for a service, from each source that it installs.

        :raises CannotCheck: the index cannot be reached
        """
        found = []
        for source in self.sources:
            if service in source.services or not source.services:
                found.append(self.resolution(source, self._target(service)))
        unreachable = [each.message for each in found if each.outcome is Outcome.UNREACHABLE]
        if unreachable:
            raise CannotCheck(unreachable[0])
        return tuple(found)
