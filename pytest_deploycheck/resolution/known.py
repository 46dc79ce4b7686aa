"""Resolutions in the cache: what one process has computed, others, and the next run, only read.

A resolution is as old as the oldest page that it was made from: it holds until that page should be asked for again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from filelock import FileLock, Timeout

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.page import File
from pytest_deploycheck.resolution.result import Cause, Distribution, Kind, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target

# Seconds to wait for another process that computes the same: then it is computed here as well.
_PATIENCE = 120.0

_KIND = "resolution"


class KnownResolutions:
    """Resolutions by key, shared by processes; each is computed by one of them at a time."""

    def __init__(self, client: IndexClient) -> None:
        self._client = client
        self._cache = client.cache

    def get(self, key: str, compute: Callable[[], Resolution]) -> Resolution:
        """The stored resolution, or the computed one, which is stored unless the index was out of reach.

        :param key: of everything that it depends on, but for the pages of the index
        """
        found = self._read(key)
        if found is not None:
            return found
        with self._alone(key):
            found = self._read(key)  # Another process may have computed it meanwhile.
            if found is None:
                found = compute()
                if found.outcome is not Outcome.UNREACHABLE:
                    self._cache.write(_KIND, key, _dump(found, self._client.fresh_until))
        return found

    def _read(self, key: str) -> Resolution | None:
        stored = self._cache.read(_KIND, key)
        try:
            entry = json.loads(stored or b"")
            if self._client.offline or time.time() < entry["fresh_until"]:
                self._client.traffic.from_cache += 1
                return _load(entry["resolution"])
        except (ValueError, TypeError, KeyError):
            pass  # Not there, or damaged: as good as not there.
        return None

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Hold the lock on a key, where the file system has locks."""
        lock = FileLock(self._cache.lock_path(_KIND, key))
        try:
            lock.acquire(timeout=_PATIENCE)
        except (Timeout, OSError, NotImplementedError):
            pass
        try:
            yield
        finally:
            lock.release()


def _dump(resolution: Resolution, fresh_until: float) -> bytes:
    fields = asdict(resolution)
    fields["outcome"] = resolution.outcome.value
    for entry, distribution in zip(fields["distributions"], resolution.distributions, strict=True):
        entry["kind"] = distribution.kind.value
        entry["file"] = list(distribution.file)
    return json.dumps({"fresh_until": min(fresh_until, 1e12), "resolution": fields}).encode()


def _load(fields: dict[str, Any]) -> Resolution:
    return Resolution(
        source=fields["source"],
        target=Target(**fields["target"]),
        outcome=Outcome(fields["outcome"]),
        message=fields["message"],
        distributions=tuple(map(_distribution, fields["distributions"])),
        causes=tuple(Cause(**{**each, "line": _location(each["line"])}) for each in fields["causes"]),
        evidence=tuple(fields["evidence"]),
    )


def _distribution(fields: dict[str, Any]) -> Distribution:
    position, filename, url, hashes, *rest = fields["file"]
    return Distribution(
        **{
            **fields,
            "file": File(position, filename, url, tuple(hashes), *rest),
            "kind": Kind(fields["kind"]),
            "needs": tuple(fields["needs"]),
            "required_by": tuple(fields["required_by"]),
            "chain": tuple((name, version) for name, version in fields["chain"]),
            "line": _location(fields["line"]),
        }
    )


def _location(fields: dict[str, Any] | None) -> Location | None:
    return Location(**fields) if fields else None
