"""Resolutions in the cache: what one process has computed, others, and the next run, only read.

A resolution is as old as the oldest page that it was made from: it holds until that page should be asked for again.
For the processes of one run it holds in any case, even if it is that the index is out of reach: eight workers shall not
wait for the same silence one after the other.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.plain import dumped, read_resolution
from pytest_deploycheck.resolution.result import Outcome, Resolution

# Seconds to wait for another process that computes the same: then it is computed here as well.
_PATIENCE = 120.0

_KIND = "resolution"


class KnownResolutions:
    """Resolutions by key, shared by processes; each is computed by one of them at a time.

    :param run: what the processes of one run have in common, empty where there is one alone
    :param offline: take what is stored, however old
    """

    def __init__(self, cache: Cache, *, run: str = "", offline: bool = False) -> None:
        self._cache = cache
        self._run = run
        self._offline = offline

    def get(self, key: str, compute: Callable[[], tuple[Resolution, float]]) -> Resolution:
        """The stored resolution, or the computed one, which is stored; one without an index for its run only.

        :param key: of everything that it depends on, but for the pages of the index
        :param compute: gives a resolution, and until when it holds, in seconds since the epoch
        """
        found = self._read(key)
        if found is not None:
            return found
        with alone(self._cache, _KIND, key):
            found = self._read(key)  # Another process may have computed it meanwhile.
            if found is None:
                found, fresh_until = compute()
                self._store(key, found, fresh_until)
        return found

    def _store(self, key: str, found: Resolution, fresh_until: float) -> None:
        until = 0.0 if found.outcome is Outcome.UNREACHABLE else fresh_until
        now = time.time()
        if until > 0:
            self._cache.write(_KIND, key, _dump(found, now, until))
        if until <= now and self._run:
            self._cache.write(Cache.RUN, f"{self._run} {key}", _dump(found, now, until))

    def _read(self, key: str) -> Resolution | None:
        run = self._run
        of_run = _entry(self._cache.read(Cache.RUN, f"{run} {key}")) if run else None
        entry = of_run or _entry(self._cache.read(_KIND, key))
        if entry is None:
            return None
        # A resolution from the future was made before a clock was put right.
        is_fresh = entry.computed <= time.time() < entry.fresh_until
        if of_run is None and not is_fresh and not self._offline:
            return None
        return entry.resolution


@contextlib.contextmanager
def alone(cache: Cache, kind: str, key: str) -> Iterator[None]:
    """Hold the lock on a key, where the file system has locks."""
    from filelock import FileLock, Timeout  # Not needed where everything is known.

    lock = FileLock(cache.lock_path(kind, key))
    with contextlib.suppress(Timeout, OSError, NotImplementedError):
        lock.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        lock.release()


class Advice(NamedTuple):
    """What is to be said of a distribution that would be built.

    :param evidence: lines
    :param fix: lines, the most useful first; each was resolved before
    """

    evidence: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()


class KnownAdvice:
    """Advice by key.

    :param offline: take what is stored, however old
    """

    def __init__(self, cache: Cache, *, offline: bool = False) -> None:
        self._cache = cache
        self._offline = offline

    def read(self, key: str) -> Advice | None:
        """None where it is not there, or holds no longer."""
        try:
            entry = json.loads(self._cache.read("advice", key) or b"null")
            if entry is None or not (self._offline or entry["computed"] <= time.time() < entry["fresh_until"]):
                return None
            return Advice(tuple(entry["evidence"]), tuple(entry["fix"]))
        except (ValueError, TypeError, KeyError):
            return None

    def write(self, key: str, advice: Advice, fresh_until: float) -> None:
        """Keep it until then, in seconds since the epoch."""
        if fresh_until > time.time():
            entry = {"computed": time.time(), "fresh_until": min(fresh_until, 1e12), **advice._asdict()}
            self._cache.write("advice", key, json.dumps(entry).encode())


class KnownAnswers:
    """What takes many resolutions to find out, as plain JSON values; found by one process at a time.

    :param kind: of the answers
    :param run: what the processes of one run have in common, empty where there is one alone
    :param offline: take what is stored, however old
    """

    def __init__(self, cache: Cache, kind: str, *, run: str = "", offline: bool = False) -> None:
        self._cache = cache
        self._kind = kind
        self._run = run
        self._offline = offline

    def get(self, key: str, compute: Callable[[], tuple[Any, float]]) -> Any:
        """The stored answer, or the computed one, which is stored; what holds no longer than that for its run only.

        :param compute: gives it, and until when it holds, in seconds since the epoch
        """
        found = self._read(key)
        if found is not None:
            return found
        with alone(self._cache, self._kind, key):
            found = self._read(key)
            if found is None:
                found, fresh_until = compute()
                self._store(key, found, fresh_until)
        return found

    def _store(self, key: str, found: Any, fresh_until: float) -> None:
        entry = {"computed": time.time(), "fresh_until": min(fresh_until, 1e12), "answer": found}
        stored = json.dumps(entry).encode()
        if fresh_until > time.time():
            self._cache.write(self._kind, key, stored)
        elif self._run:
            self._cache.write(Cache.RUN, self._of_run(key), stored)

    def _of_run(self, key: str) -> str:
        return f"{self._run} {self._kind} {key}"

    def _read(self, key: str) -> Any:
        stored = self._cache.read(Cache.RUN, self._of_run(key)) if self._run else None
        is_of_run = stored is not None
        try:
            entry = json.loads(stored or self._cache.read(self._kind, key) or b"null")
            is_fresh = entry is not None and entry["computed"] <= time.time() < entry["fresh_until"]
            return entry["answer"] if entry is not None and (is_of_run or self._offline or is_fresh) else None
        except (ValueError, TypeError, KeyError):
            return None


class _Entry(NamedTuple):
    computed: float
    fresh_until: float
    resolution: Resolution


def _entry(stored: bytes | None) -> _Entry | None:
    """None where it is not there, or in the form of another version."""
    if stored is None:
        return None
    try:
        fields = json.loads(stored)
        return _Entry(fields["computed"], fields["fresh_until"], read_resolution(fields["resolution"]))
    except (ValueError, TypeError, KeyError):
        return None


def _dump(resolution: Resolution, computed: float, fresh_until: float) -> bytes:
    entry = {"computed": computed, "fresh_until": min(fresh_until, 1e12), "resolution": resolution}
    return dumped(entry).encode()
