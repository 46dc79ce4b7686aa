"""What would be installed from each source on each target: computed once, from pip's configured indexes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
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
from pytest_deploycheck.resolution.pip_configuration import (
    InvalidConfiguration,
    PipConfiguration,
    pip_configuration,
)
from pytest_deploycheck.resolution.repair import has_wheels_only
from pytest_deploycheck.resolution.resolver import Asked, TargetView, resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.transport import Transport, redacted
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
            environment=not self._configuration.no_proxy_env,
            trusted_hosts=self._configuration.trusted_hosts,
            keyring_provider=self._configuration.usable_keyring,
        )

    @cached_property
    def _client(self) -> IndexClient:
        cache = Cache(cache_directory(self._environ, self._settings.cache))
        # pytest-xdist tells its workers which run is theirs.
        run = self._environ.get("PYTEST_XDIST_TESTRUNUID", "")
        return IndexClient(self._transport, cache, offline=self._settings.offline, run=run)

    def _indexes(self, source: Source) -> Indexes:
        """pip's configured indexes, changed by the options in the file as pip changes them."""
        configured, said = self._configuration, source.file.options
        urls = said.index_urls(() if configured.no_index else (configured.index_url, *configured.extra_index_urls))
        find_links = (*configured.find_links, *said.find_links)
        transport = self._transport
        transport.trust(said.trusted_hosts)
        bare_urls = dict.fromkeys(transport.without_credentials(_as_url(url)) for url in urls)
        bare_links = dict.fromkeys(transport.without_credentials(link, is_index=False) for link in find_links)
        ignored = {url: reason for url in (*bare_urls, *bare_links) if (reason := _passed_over(url, transport))}
        used, used_links = (tuple(url for url in found if url not in ignored) for found in (bare_urls, bare_links))
        return Indexes(self._client, used, used_links, tuple(ignored.values()))

    def _compute(self, source: Source, target: Target) -> Resolution:
        if source.file.problems:
            return _unreadable(source, target)
        try:
            view = self.view(source, target)
        except InvalidConfiguration as error:
            message = f"which index pip would ask is not known: {error}"
            return Resolution(source.path, target, Outcome.UNREACHABLE, message)
        asked = asked_of(source)

        def compute() -> Resolution:
            found = resolve(source.path, asked, view, hash_checking=source.file.hash_checking)
            return _with_ignored(found, view.indexes.ignored)

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
        return Preferences(
            formats=said.format_control.allowed(project),
            prereleases=said.release_control.allows_prereleases(project),
            prefer_binary=said.prefer_binary,
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


def _as_url(index: str) -> str:
    """An index as a URL; pip takes a folder too."""
    return Path(index).resolve().as_uri() if "://" not in index and os.path.exists(index) else index


def _with_ignored(resolution: Resolution, ignored: Iterable[str]) -> Resolution:
    if resolution.outcome not in (Outcome.NO_MATCH, Outcome.CONFLICT):
        return resolution
    return replace(resolution, evidence=(*resolution.evidence, *ignored))


def _passed_over(place: str, transport: Transport) -> str:
    """Why pip does not search a place, as a sentence; empty where it does."""
    if not transport.is_secure(place):
        return f"pip ignores {redacted(place)}: it is not https, and no --trusted-host names it"
    if "://" not in place and not place.startswith("file:") and not os.path.exists(place):
        return f"pip ignores {redacted(place)}: it is no URL, and there is no such file or folder"
    return ""


def _is_storable(indexes: Indexes, asked: list[Asked]) -> bool:
    """Whether the answer depends on lines and indexes alone, and not on files here, which change without notice."""
    places = (*indexes.urls, *indexes.find_links)
    local = [each for each in places if each.startswith("file:") or ("://" not in each and Path(each).exists())]
    return not local and not any(each.link for each in asked)


def _key(source: Source, asked: list[Asked], view: TargetView) -> str:
    """Everything that a resolution depends on, but for the pages of the indexes."""
    parts = [
        __version__,
        source.path,
        view.target.full_name,
        view.indexes.urls,
        view.indexes.find_links,
        view.indexes.ignored,
        repr(source.file.options),
        [(str(each.requirement), str(each.line), each.constraint, each.hashes) for each in asked],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
