"""The cache: shared by processes that write, read, clear and are killed; and how long what it holds is good for."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_deploycheck.resolution.cache import Cache, cache_directory
from pytest_deploycheck.resolution.http.transport import Answer
from pytest_deploycheck.resolution.page import IndexPage
from pytest_deploycheck.resolution.stored import PAGE_LIFETIME, StoredPage

DAY = 86_400

# Writes entries of up to a megabyte over and over, each of one repeated byte, so that half an entry would show.
WRITER = """
import sys
from pathlib import Path
from pytest_deploycheck.resolution.cache import Cache
cache = Cache(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(10**9):
    cache.write("page", str(number % 5), bytes([number % 256]) * (1 + number * 7919 % 1_000_000))
"""


def files(cache: Cache, pattern: str = "*") -> list[Path]:
    return [path for path in cache.directory.rglob(pattern) if path.is_file()]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def writer(cache: Cache) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(cache.directory.parent)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_readers_see_whole_entries_while_writers_are_killed(cache: Cache) -> None:
    pause = random.Random(4)
    seen = 0
    writers = [writer(cache) for _ in range(2)]
    stop = threading.Event()

    def read() -> None:
        nonlocal seen
        while not stop.is_set():
            for key in range(5):
                content = cache.read("page", str(key))
                if content is not None:
                    assert content == content[:1] * len(content)
                    seen += 1

    faults: list[threading.ExceptHookArgs] = []
    hook, threading.excepthook = threading.excepthook, faults.append
    reader = threading.Thread(target=read)
    reader.start()
    try:
        for round in range(6):
            time.sleep(pause.uniform(0.05, 0.3))
            victim = writers[round % 2]
            os.kill(victim.pid, signal.SIGKILL)
            victim.communicate()
            writers[round % 2] = writer(cache)
    finally:
        for each in writers:
            each.kill()
            each.communicate()
        stop.set()
        reader.join()
        threading.excepthook = hook
    assert not faults
    assert seen > 20
    assert all(cache.read("page", str(key)) for key in range(5))


def test_an_entry_is_read_as_it_was_written(cache: Cache) -> None:
    assert cache.read("page", "key") is None
    cache.write("page", "key", b"one")
    cache.write("page", "key", b"two")
    cache.write("metadata", "key", b"")
    assert (cache.read("page", "key"), cache.read("metadata", "key")) == (b"two", b"")


@pytest.mark.parametrize("damage", [b"", b"abc", b"\x00" * 4000])
def test_an_entry_that_is_not_what_was_written_is_not_there(cache: Cache, damage: bytes) -> None:
    cache.write("page", "key", b"x" * 4000)
    [path] = [path for path in files(cache) if path.parent.name == "page"]
    path.write_bytes(damage)
    assert cache.read("page", "key") is None
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.read("page", "key") is None


@pytest.mark.skipif(os.name == "nt", reason="folders there are not made read-only by their mode")
def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    cache = Cache(locked / "below" if os.geteuid() else Path("/proc/cache"))  # root may write anywhere else
    locked.chmod(0o500)
    cache.write("page", "key", b"content")
    cache.lock_path("resolution", "key")
    cache.sweep()
    assert cache.read("page", "key") is None
    assert cache.clear().entries == 0
    locked.chmod(0o700)


def test_what_is_in_the_way_is_known_before_anything_is_written(tmp_path: Path, cache: Cache) -> None:
    assert cache.obstacle == ""
    cache.write("page", "key", b"content")
    assert cache.obstacle == ""
    (tmp_path / "file").touch()
    assert Cache(tmp_path / "file" / "below").obstacle == f"{tmp_path / 'file'} is no folder"


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="a mode keeps neither root nor Windows from writing")
def test_a_folder_that_cannot_be_written_is_in_the_way(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert Cache(locked / "below").obstacle == f"{locked} cannot be written to"


def test_what_can_be_read_only_is_read(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("page", "key", b"content")
    [path] = [path for path in files(cache) if path.parent.name == "page"]
    os.utime(path, (1, 1))

    def refuse(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refuse)
    assert cache.read("page", "key") == b"content"


def test_clearing_says_what_it_removed(cache: Cache) -> None:
    cache.write("page", "one", b"x" * 996)
    cache.write("metadata", "two", b"x" * 996)
    cache.lock_path("resolution", "three").touch()
    removed = cache.clear()
    assert (removed.entries, removed.left) == (2, 0)
    assert 2000 <= removed.size < 2300
    assert not cache.directory.exists()
    assert cache.clear().entries == 0


def test_clearing_leaves_what_is_not_its_own(cache: Cache) -> None:
    cache.write("page", "key", b"content")
    kept = [cache.directory.parent / "notes.txt", cache.directory.parent / "v1" / "api.py"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    cache.clear()
    assert [path for path in cache.directory.parent.rglob("*") if path.is_file()] == kept


def test_clearing_while_others_write_hurts_nobody(cache: Cache) -> None:
    process = writer(cache)
    for _ in range(20):
        cache.clear()
        time.sleep(0.01)
    assert process.poll() is None
    process.kill()
    process.communicate()


def test_what_is_kept_after_clearing_can_be_cleared_again(cache: Cache) -> None:
    (cache.directory / "page").mkdir(parents=True)  # What is left where others write while it is cleared.
    cache.parts.write("key", b"content")
    cache.keep()
    assert cache.clear().entries == 1
    assert not cache.directory.exists()


@pytest.mark.parametrize("broken", ["metadata.lines", "parts.lines"])
def test_one_journal_that_cannot_be_written_is_no_fault_of_the_other(cache: Cache, broken: str) -> None:
    (cache.directory / broken).mkdir(parents=True)
    cache.metadata.write("metadata.lines", b"content")
    cache.parts.write("parts.lines", b"content")
    cache.keep()
    again = Cache(cache.directory.parent)
    found = {again.metadata.read("metadata.lines"), again.parts.read("parts.lines")}
    assert found == {None, b"content"}


def age(path: Path, days: float) -> None:
    os.utime(path, (time.time() - days * DAY,) * 2)


def sweep_a_week_later(cache: Cache) -> None:
    """The first time only starts the clock."""
    cache.sweep()
    age(cache.directory / "swept", 8)
    cache.sweep()


def test_sweeping_removes_what_is_left_behind_and_what_nobody_reads(cache: Cache) -> None:
    cache.write("page", "read of late", b"")
    cache.write("page", "not read for long", b"")
    cache.write(Cache.RUN, "of a run of yesterday", b"")
    lock = cache.lock_path("resolution", "a lock")
    temporary = lock.with_name("left by a kill.tmp")
    busy = lock.with_name("being written.tmp")
    for path in (lock, temporary, busy):
        path.touch()
    for path in files(cache):
        age(path, 80)
    age(cache._path("page", "not read for long"), 100)
    age(cache._path(Cache.RUN, "of a run of yesterday"), 2)
    age(busy, 0)
    sweep_a_week_later(cache)
    kept = {path.name for path in files(cache)} - {"CACHEDIR.TAG", "swept"}
    assert kept == {cache._path("page", "read of late").name, busy.name}


def test_sweeping_removes_what_another_version_has_stored_once_nobody_uses_that(cache: Cache) -> None:
    never, used, unused, unknown = (cache.directory.parent / name for name in ("v0", "v1", "v2", "v3"))
    for folder in (never, used, unused, unknown):
        (folder / "page").mkdir(parents=True)
        (folder / "page" / "entry").touch()
    for folder in (never, used, unused):
        (folder / "CACHEDIR.TAG").touch()
    for folder, days in ((used, 80), (unused, 100), (unknown, 100)):
        (folder / "swept").touch()
        age(folder / "swept", days)
    age(used / "page" / "entry", 100)
    cache.write("page", "key", b"content")
    sweep_a_week_later(cache)
    assert sorted(path.name for path in cache.directory.parent.iterdir()) == ["v0", "v1", "v3", cache.directory.name]
    assert (used / "page" / "entry").exists()


def test_reading_keeps_an_entry(cache: Cache) -> None:
    cache.write("page", "key", b"content")
    age(cache._path("page", "key"), 100)
    cache.read("page", "key")
    sweep_a_week_later(cache)
    assert cache.read("page", "key") == b"content"


def test_sweeping_looks_once_a_week(cache: Cache) -> None:
    cache.write("page", "key", b"content")
    cache.sweep()
    age(cache._path("page", "key"), 100)
    cache.sweep()
    assert cache._path("page", "key").exists()
    age(cache.directory / "swept", 8)
    cache.sweep()
    assert not cache._path("page", "key").exists()


def test_backups_are_told_to_leave_it_out(cache: Cache) -> None:
    cache.write("page", "key", b"content")
    tag = (cache.directory / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_the_environment_goes_before_the_setting(tmp_path: Path) -> None:
    assert cache_directory({"PYTEST_DEPLOYCHECK_CACHE": "/there"}, tmp_path) == Path("/there")
    assert cache_directory({}, tmp_path) == tmp_path
    assert cache_directory({}).name == "pytest-deploycheck"


# How long a page is good for.


def page(headers: dict[str, str], run: str = "") -> StoredPage:
    return StoredPage.of(Answer(200, headers, b"", ""), IndexPage.empty("demo"), run)


def seconds(headers: dict[str, str]) -> float:
    return page(headers).lifetime


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ({}, PAGE_LIFETIME),
        ({"cache-control": "public"}, PAGE_LIFETIME),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": 'Public, Max-Age="60"'}, 60),
        ({"cache-control": "private, max-age=60"}, 60),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "100"}, 0),
        ({"cache-control": "max-age=31536000, immutable"}, PAGE_LIFETIME),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": 'no-cache="set-cookie", max-age=60'}, 0),
        ({"cache-control": "no-cache, no-store"}, -1),
        ({"cache-control": "max-age=never"}, PAGE_LIFETIME),
        ({"expires": "Tue, 24 Nov 2026 08:01:00 GMT", "date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 60),
        ({"expires": "Tue, 24 Nov 2026 07:00:00 GMT", "date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 0),
        ({"expires": "0", "date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 0),
        ({"expires": "Tue, 24 Nov 2026 08:01:00 GMT", "cache-control": "max-age=5"}, 5),
    ],
)
def test_what_an_index_says_of_how_long_a_page_is_good_is_done(headers: dict[str, str], lifetime: float) -> None:
    assert seconds(headers) == lifetime


def test_a_page_from_the_future_is_not_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, now = page({}), time.time()
    assert stored.is_fresh("")
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    assert not stored.is_fresh("")


def test_for_its_own_run_a_page_is_fresh_in_any_case() -> None:
    stored = page({"cache-control": "no-cache"}, run="this")
    assert [stored.is_fresh(run) for run in ("this", "another", "")] == [True, False, False]


def test_a_304_renews_with_what_it_says_and_keeps_the_rest() -> None:
    stored = page({"cache-control": "max-age=60", "etag": "one", "last-modified": "then"})
    assert stored.renewed(Answer(304, {}, b"", ""), "").lifetime == 60
    renewed = stored.renewed(Answer(304, {"cache-control": "no-cache", "etag": "two"}, b"", ""), "")
    assert (renewed.lifetime, renewed.etag, renewed.last_modified) == (0, "two", "then")
    assert renewed.conditions == {"If-None-Match": "two", "If-Modified-Since": "then"}
