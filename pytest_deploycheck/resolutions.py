"""What would be installed from each source on each target: computed once, from pip's configured indexes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_deploycheck.asking import (
    asked_of,
    asked_with,
    key_of,
    not_selected,
    preferences_of,
    selected,
    stops_at_python,
    unreadable,
)
from pytest_deploycheck.garbage import LeftOut, not_collected
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.cache import Cache, cache_directory
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable, redacted
from pytest_deploycheck.resolution.known import Advice, KnownAdvice, KnownAnswers, KnownResolutions
from pytest_deploycheck.resolution.pip_configuration import (
    InvalidConfiguration,
    PipConfiguration,
    pip_configuration,
)
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.searched import searched
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.subjects import Source

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pytest_deploycheck.resolution.index import IndexClient
    from pytest_deploycheck.resolution.locked.lock import Locked
    from pytest_deploycheck.resolution.locked.pylock import Selection
    from pytest_deploycheck.resolution.locked.resolve import Facts, Wanted
    from pytest_deploycheck.resolution.traffic import Traffic
    from pytest_deploycheck.resolution.view import TargetView
    from pytest_deploycheck.sources.locks.lock_file import Pinned

    Watch = Callable[[str, Callable[[], Traffic]], AbstractContextManager[None]]

# The resolver, the index client and what they import are imported where something has to be computed: they take as long
# as all the rest of a run in which everything is known already.


class Resolutions:
    """Resolutions by source and target; the first that is asked for is what first needs the network.

    :param environ: where pip's configuration and the cache are looked up
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._views: dict[tuple[str, Target], TargetView] = {}
        self._resolutions: dict[tuple[str, Target], Resolution] = {}
        self._selections: dict[tuple[str, Target], Selection] = {}
        self._garbage = LeftOut()
        # What of a text may be shown: a token may stand anywhere in the URL of an index.
        self.shown: Callable[[str], str] = str
        # Told of what may take long, what it is and how far it is, for as long as it takes.
        self.watch: Watch = lambda subject, traffic: contextlib.nullcontext()

    def get(self, source: Source, target: Target) -> Resolution:
        """What pip would pick."""
        key = (source.name, target)
        if key not in self._resolutions:
            self._resolutions[key] = self._as_shown(self._compute(source, target))
        return self._resolutions[key]

    def _as_shown(self, resolution: Resolution) -> Resolution:
        evidence = tuple(map(self.shown, resolution.evidence))
        return replace(resolution, message=self.shown(resolution.message), evidence=evidence)

    def computed(self, source: Source, target: Target) -> Resolution | None:
        """The same, if it was computed already."""
        return self._resolutions.get((source.name, target))

    def view(self, source: Source, target: Target) -> TargetView:
        """The source's indexes as a target sees them."""
        from pytest_deploycheck.resolution.indexes import Indexes
        from pytest_deploycheck.resolution.view import TargetView

        key = (source.name, target)
        if key not in self._views:
            indexes = Indexes(self._client, self._places(source))
            self._views[key] = TargetView(
                indexes,
                target,
                preferences_of(source),
                # Of what a `pylock.toml` has, the index is not asked for other files.
                self._selection(source, target).files if source.file.pylocks else {},
                without_dependencies=source.file.without_dependencies,
            )
        return self._views[key]

    def view_of(self, source: Source, target: Target, project: str) -> TargetView:
        """The same for one project: a lock may say from which of them it is."""
        parts = (each for each in source.parts if project in each.lines)
        return self.view(next(parts, source), target)

    def remembered(
        self, source: Source, target: Target, name: str, compute: Callable[[], tuple[Advice, bool]]
    ) -> Advice:
        """Advice on one distribution of a resolution, kept as long as the resolution: it takes many others to compute.

        :param compute: gives it, and whether it may be kept
        """
        if source.locked is not None:
            return compute()[0]
        places = self._places(source)
        key = key_of(source, target, asked_of(source), places)
        known = KnownAdvice(self._cache, offline=self._settings.offline)
        stored = known.read(f"{key} {name}") if key else None
        if stored is not None:
            return stored
        with self.watch(f"a way out for {name}", lambda: self._client.traffic()):
            advice, is_complete = compute()
        if key and is_complete:
            known.write(f"{key} {name}", advice, self._fresh_until(places))
        return advice

    def kept(
        self, kind: str, source: Source, targets: Iterable[Target], said: str, compute: Callable[[], tuple[Any, bool]]
    ) -> Any:
        """What takes many resolutions of a source to find out, as plain JSON values; kept as long as they hold.

        :param said: what it depends on beside the source and the targets
        :param compute: gives it, and whether it may be kept
        """
        places = self._places(source)
        keys = [key_of(source, target, asked_of(source), places) for target in targets]

        def computed() -> tuple[Any, float]:
            watched = self.watch(f"a way out for {source.path}", lambda: self._client.traffic())
            with watched, not_collected():
                found, is_complete = compute()
            return found, self._fresh_until(places) if is_complete else 0.0

        if None in keys:
            return computed()[0]
        key = hashlib.sha256(json.dumps([keys, said]).encode()).hexdigest()
        known = KnownAnswers(self._cache, kind, run=self._run, offline=self._settings.offline)
        return known.get(key, computed)

    def _fresh_until(self, places: Places) -> float:
        from pytest_deploycheck.resolution.stored import PAGE_LIFETIME

        # What lies here is noticed when it changes, but not what a page that lies here links elsewhere.
        return min(self._client.fresh_until, time.time() + PAGE_LIFETIME if places.are_local else math.inf)

    def indexes(self, sources: Iterable[Source]) -> tuple[str, ...]:
        """Where pip would search for these, without credentials; empty where its configuration makes no sense."""
        try:
            # Of a lock the indexes are asked only where it leaves the files to pip.
            asked = [each for source in sources for each in source.parts or (() if source.is_lock else (source,))]
            places = [self._places(each) for each in asked]
        except InvalidConfiguration:
            return ()
        return tuple(
            dict.fromkeys(self.shown(redacted(url)) for each in places for url in (*each.urls, *each.find_links))
        )

    @property
    def has_cache(self) -> bool:
        """Whether anything was kept by an earlier run."""
        return self._cache.directory.is_dir()

    @property
    def cache_folder(self) -> Path:
        """Where everything that was fetched is kept."""
        return self._cache.directory.parent

    @property
    def obstacle(self) -> str:
        """Why nothing is kept for the next run; empty where it can be, or there is nothing to keep."""
        return "" if self._settings.offline else self._cache.obstacle

    def close(self) -> None:
        """Ask the indexes for nothing more, and forget what they said: pytest goes through all that is left, often."""
        for view in self._views.values():
            view.indexes.forget()
        self._views.clear()
        if "_client" in self.__dict__:
            from pytest_deploycheck.resolution.metadata import requirement

            self._client.close()
            del self._client
            requirement.cache_clear()
        self._garbage.let_in()

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
    def _cache(self) -> Cache:
        return Cache(cache_directory(self._environ, self._settings.cache))

    @cached_property
    def _run(self) -> str:
        """What the processes of this run have in common: pytest-xdist tells its workers."""
        return self._environ.get("PYTEST_XDIST_TESTRUNUID", "")

    @cached_property
    def _client(self) -> IndexClient:
        from pytest_deploycheck.resolution.index import IndexClient

        return IndexClient(self._transport, self._cache, offline=self._settings.offline, run=self._run)

    def _places(self, source: Source) -> Places:
        """pip's configured indexes, changed by the options in the file as pip changes them."""
        return searched(self._configuration, source.file.options, self._transport)

    def _compute(self, source: Source, target: Target) -> Resolution:
        if source.file.problems:
            return unreadable(source, target)
        if source.locked is not None:
            return self._locked(source, source.locked, target)
        try:
            if source.pinned is not None:
                return self._pinned(source, source.pinned, target)
            places = self._places(source)
        except InvalidConfiguration as error:
            message = f"which index pip would ask is not known: {error}"
            return Resolution(source.path, target, Outcome.UNREACHABLE, message)
        if source.file.pylocks:
            return self._with_pylocks(source, target, places)
        return self._resolved_once(source, target, asked_of(source), places)

    def _with_pylocks(self, source: Source, target: Target, places: Places) -> Resolution:
        from pytest_deploycheck.resolution.locked.pylock import NotSelected

        try:
            asked = asked_with(source, self._selection(source, target))
        except NotSelected as stop:
            return not_selected(source, target, stop)
        return self._resolved_once(source, target, asked, places)

    def _selection(self, source: Source, target: Target) -> Selection:
        """:raises NotSelected: pip stops"""
        key = (source.name, target)
        if key not in self._selections:
            self._selections[key] = selected(source, target)
        return self._selections[key]

    def _resolved_once(self, source: Source, target: Target, asked: list[Asked], places: Places) -> Resolution:
        key = key_of(source, target, asked, places)
        return self._known(key, lambda: self._resolved(source, target, asked, places))

    def _known(self, key: str | None, compute: Callable[[], tuple[Resolution, float]]) -> Resolution:
        """What is kept, or computed now."""
        if key is None:
            return compute()[0]
        known = KnownResolutions(self._cache, run=self._run, offline=self._settings.offline)
        return known.get(key, compute)

    def _resolved(self, source: Source, target: Target, asked: list[Asked], places: Places) -> tuple[Resolution, float]:
        """What pip picks, and until when it does."""
        from pytest_deploycheck.resolution.resolver import resolve

        view = self.view(source, target)
        watched = self.watch(f"{source.path} on {target.minor}", self._client.traffic)
        with watched, not_collected():
            # Of a lock only what is selected counts.
            hash_checking = source.file.options.checks_hashes(any(each.hashes for each in asked))
            found = resolve(source.path, asked, view, hash_checking=hash_checking)
            # The view stays, with a hundred thousand objects and no cycle, for what is asked of it later.
            self._garbage.leave_out()
        self._cache.keep()
        return self._as_shown(_with_ignored(found, places)), self._fresh_until(places)

    def _pinned(self, source: Source, pinned: Pinned, target: Target) -> Resolution:
        """What pip picks for a lock of versions and hashes, which its tool gives to pip in parts."""
        stopped = stops_at_python(source, pinned, target)
        if stopped is not None:
            return stopped
        parts = [(part, asked_of(part), self._places(part)) for part in source.parts]
        keys = [key_of(part, target, asked, places) for part, asked, places in parts]

        def compute() -> tuple[Resolution, float]:
            from pytest_deploycheck.resolution.locked.joined import Part, joined

            found = [self._resolved(part, target, asked, places) for part, asked, places in parts]
            views = [self.view(part, target) for part, _, _ in parts]
            resolved = [Part(resolution, view) for (resolution, _), view in zip(found, views, strict=True)]
            together = joined(source.path, target, resolved, pinned.extras, pinned.declared)
            return together, min((until for _, until in found), default=math.inf)

        said = json.dumps([keys, pinned.key])
        return self._known(None if None in keys else hashlib.sha256(said.encode()).hexdigest(), compute)

    def _locked(self, source: Source, locked: Locked, target: Target) -> Resolution:
        """What a lock says; the network is asked for what is no wheel alone, so nothing is kept of the rest."""
        from pytest_deploycheck.resolution.locked.resolve import resolve_locked

        def read(wanted: Wanted) -> Mapping[str, Facts]:
            from pytest_deploycheck.resolution.locked.fetched import Fetched

            fetched = Fetched(self._client, target, lambda project: self._view_of_lock(source, target).page(project))
            with self.watch(f"{source.path} on {target.minor}", self._client.traffic), not_collected():
                return fetched(wanted)

        return resolve_locked(locked, target, read)

    def _view_of_lock(self, source: Source, target: Target) -> TargetView:
        """:raises Unreachable: pip's configuration makes no sense"""
        try:
            return self.view(source, target)
        except InvalidConfiguration as error:
            raise Unreachable(f"which index pip would ask is not known: {error}") from error


def _with_ignored(resolution: Resolution, places: Places) -> Resolution:
    if resolution.outcome not in (Outcome.NO_MATCH, Outcome.CONFLICT):
        return resolution
    return replace(resolution, evidence=(*resolution.evidence, *places.ignored))
