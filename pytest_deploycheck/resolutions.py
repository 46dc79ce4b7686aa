"""What would be installed from each source on each target: computed once, from pip's configured indexes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck import __version__
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.resolution.cache import Cache, cache_directory
from pytest_deploycheck.resolution.candidates import Preferences
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.known import KnownResolutions
from pytest_deploycheck.resolution.pip_configuration import PipConfiguration, pip_configuration
from pytest_deploycheck.resolution.repair import has_wheels_only
from pytest_deploycheck.resolution.resolver import Asked, TargetView, resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.transport import Transport
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import RequirementLine
from pytest_deploycheck.subjects import Source


class Resolutions:
    """Resolutions by source and target; the first that is asked for is what first needs the network.

    :param environ: where pip's configuration and the cache are looked up
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._views: dict[tuple[str, Target], TargetView] = {}
        self._resolutions: dict[tuple[str, Target], Resolution] = {}
        self._other_pythons: dict[tuple[str, Target], Resolution | None] = {}

    def get(self, source: Source, target: Target) -> Resolution:
        """What pip would pick."""
        key = (source.path, target)
        if key not in self._resolutions:
            self._resolutions[key] = self._compute(source, target)
        return self._resolutions[key]

    def computed(self, source: Source, target: Target) -> Resolution | None:
        """The same, if it was computed already."""
        return self._resolutions.get((source.path, target))

    def view(self, source: Source, target: Target) -> TargetView:
        """The source's indexes as a target sees them."""
        key = (source.path, target)
        if key not in self._views:
            self._views[key] = TargetView(self._indexes(source), target, _preferences(source))
        return self._views[key]

    def python_with_wheels(self, source: Source, target: Target) -> Resolution | None:
        """The nearest Python on which a source resolves to wheels only: older ones first, then newer ones.

        :returns: its resolution there, None where there is no such Python
        """
        key = (source.path, target)
        if key not in self._other_pythons:
            tried = (self.get(source, nearby) for nearby in _nearby(target))
            self._other_pythons[key] = next(filter(has_wheels_only, tried), None)
        return self._other_pythons[key]

    def close(self) -> None:
        """Ask the indexes for nothing more."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _configuration(self) -> PipConfiguration:
        return pip_configuration(self._environ)

    @cached_property
    def _transport(self) -> Transport:
        return Transport(
            timeout=self._settings.timeout,
            cert=self._configuration.cert,
            client_cert=self._configuration.client_cert,
            proxy=self._configuration.proxy,
            trusted_hosts=self._configuration.trusted_hosts,
        )

    @cached_property
    def _client(self) -> IndexClient:
        cache = Cache(cache_directory(self._environ, self._settings.cache))
        return IndexClient(self._transport, cache, offline=self._settings.offline)

    def _indexes(self, source: Source) -> Indexes:
        """pip's configured indexes, changed by the options in the file as pip changes them."""
        configured, said = self._configuration, source.file.options
        urls = said.index_urls(() if configured.no_index else (configured.index_url, *configured.extra_index_urls))
        find_links = (*configured.find_links, *said.find_links)
        self._transport.trust(said.trusted_hosts)
        bare = self._transport.without_credentials
        return Indexes(self._client, tuple(dict.fromkeys(map(bare, urls))), tuple(map(bare, find_links)))

    def _compute(self, source: Source, target: Target) -> Resolution:
        if source.file.problems:
            return _unreadable(source, target)
        view = self.view(source, target)
        asked = asked_of(source)

        def compute() -> Resolution:
            return resolve(source.path, asked, view, hash_checking=source.file.hash_checking)

        if not _is_storable(view.indexes, asked):
            return compute()
        return KnownResolutions(self._client).get(_key(source, asked, view), compute)


def asked_of(source: Source) -> list[Asked]:
    """The lines of a source as the resolver takes them."""
    return [_asked(line) for line in (*source.file.constraints, *source.file.lines)]


def _asked(line: RequirementLine) -> Asked:
    return Asked(
        line.requirement,
        line.location,
        line.constraint,
        line.link or "",
        line.marker,
        line.extras,
        tuple(f"{algorithm}={digest}" for algorithm, digest in line.hashes),
    )


def _preferences(source: Source) -> Callable[[NormalizedName], Preferences]:
    said = source.file.options

    def preferences(project: NormalizedName) -> Preferences:
        lines = source.lines.get(project, ())
        return Preferences(
            formats=said.format_control.allowed(project),
            prereleases=said.release_control.allows_prereleases(project),
            prefer_binary=said.prefer_binary,
            hashes=frozenset(f"{name}={digest}" for line in lines for name, digest in line.hashes),
        )

    return preferences


def _unreadable(source: Source, target: Target) -> Resolution:
    problems = [each for each in source.file.problems if each.refused]
    if not problems:
        unknown = source.file.problems[0]
        return Resolution(
            source.path, target, Outcome.UNREACHABLE, f"{unknown.location}: {unknown.text}: {unknown.expected}"
        )
    evidence = tuple(f"{each.location}: {each.text}: {each.expected}" for each in problems)
    message = f"pip refuses {len(problems)} line{'s' if len(problems) > 1 else ''} of it"
    return Resolution(source.path, target, Outcome.INVALID, message, evidence=evidence)


def _nearby(target: Target) -> Iterator[Target]:
    facts = platform_facts()
    own = Version(target.minor.rstrip("t"))
    released = sorted(map(Version, facts.released_minors))
    older = [minor for minor in reversed(released) if minor < own]
    newer = [minor for minor in released if minor > own]
    for minor in (*older, *newer):
        python = facts.latest_patch(str(minor))
        if python is not None:
            yield Target(python, target.platform, target.free_threaded)


def _is_storable(indexes: Indexes, asked: list[Asked]) -> bool:
    """Whether the answer depends on lines and indexes alone, and not on files here, which change without notice."""
    local = [link for link in indexes.find_links if "://" not in link and Path(link).exists()]
    return not local and not any(each.link for each in asked)


def _key(source: Source, asked: list[Asked], view: TargetView) -> str:
    """Everything that a resolution depends on, but for the pages of the indexes."""
    parts = [
        __version__,
        source.path,
        view.target.full_name,
        view.indexes.urls,
        view.indexes.find_links,
        repr(source.file.options),
        [(str(each.requirement), str(each.line), each.constraint, each.hashes) for each in asked],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
