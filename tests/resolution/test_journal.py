"""The journal of the cache: lines that several processes append, and what a kill or a full disk leaves of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_deploycheck.resolution import journal as module
from pytest_deploycheck.resolution.journal import Journal

# Appends the entries of its own, one by one.
APPENDER = """
import sys
from pathlib import Path
from pytest_deploycheck.resolution.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(200):
    journal.write(f"{sys.argv[2]} {number}", sys.argv[2].encode() * 50 * number)
    journal.keep()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def keep(path: Path, **entries: bytes) -> None:
    journal = Journal(path)
    for key, content in entries.items():
        journal.write(key, content)
    journal.keep()


def test_what_is_kept_is_there_for_others_and_what_is_written_for_oneself(path: Path) -> None:
    journal = Journal(path)
    assert journal.read("key") is None
    journal.write("key", b"one\ttwo")
    assert journal.read("key") == b"one\ttwo"
    assert Journal(path).read("key") is None
    journal.keep()
    assert (journal.read("key"), Journal(path).read("key")) == (b"one\ttwo", b"one\ttwo")


def test_the_last_of_several_counts(path: Path) -> None:
    keep(path, key=b"one", other=b"three")
    keep(path, key=b"two")
    assert (Journal(path).read("key"), Journal(path).read("other")) == (b"two", b"three")


def test_nothing_new_writes_nothing(path: Path) -> None:
    Journal(path).keep()
    assert not path.exists()


@pytest.mark.parametrize("cut", range(1, 30))
def test_what_a_kill_cuts_off_is_not_there_and_spoils_nothing_else(path: Path, cut: int) -> None:
    keep(path, first=b"1" * 20)
    keep(path, second=b"2" * 20)
    path.write_bytes(path.read_bytes()[:-cut])
    keep(path, third=b"3" * 20)
    journal = Journal(path)
    # What is cut off first is the line end, which the next piece brings along.
    whole = b"2" * 20 if cut == 1 else None
    assert [journal.read(key) for key in ("first", "second", "third")] == [b"1" * 20, whole, b"3" * 20]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\n\n\t\t\n", b"00000000\tkey\tcontent\n", b"\x00\xff" * 50])
def test_a_damaged_one_is_as_good_as_none(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    assert Journal(path).read("key") is None
    keep(path, key=b"content")
    assert Journal(path).read("key") == b"content"


def test_processes_append_at_the_same_time(path: Path) -> None:
    names = ("a", "b", "c")
    processes = [subprocess.Popen([sys.executable, "-c", APPENDER, str(path), name]) for name in names]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    journal = Journal(path)
    for name in names:
        assert [journal.read(f"{name} {n}") for n in range(200)] == [name.encode() * 50 * n for n in range(200)]


def test_what_others_append_is_there_once_something_is_kept(path: Path) -> None:
    journal = Journal(path)
    assert journal.read("key") is None
    keep(path, key=b"content")
    journal.keep()
    assert journal.read("key") == b"content"


def test_one_that_has_become_large_begins_anew_with_what_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(path, used=b"1" * 500, unused=b"2" * 500)
    monkeypatch.setattr(module, "_LARGEST", 900)
    journal = Journal(path)
    assert journal.read("used")
    journal.write("new", b"3")
    journal.keep()
    journal = Journal(path)
    assert [journal.read(key) for key in ("used", "unused", "new")] == [b"1" * 500, None, b"3"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal")
    journal.write("key", b"content")
    with pytest.raises(OSError, match="journal"):
        journal.keep()


def test_reading_shows_that_it_is_still_used(path: Path) -> None:
    keep(path, key=b"content")
    os.utime(path, (1, 1))
    Journal(path).read("key")
    assert time.time() - path.stat().st_mtime < 60
