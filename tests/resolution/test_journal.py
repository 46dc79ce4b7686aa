"""The journal of the cache: lines that several processes append, and what a kill or a full disk leaves of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise
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


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n\n", b"%0A", b"%250A%\n%25\\n", b"\x00\xff\r\n\t"])
def test_an_entry_may_hold_anything(path: Path, content: bytes) -> None:
    keep(path, before=b"1", key=content, after=b"2")
    journal = Journal(path)
    assert [journal.read(key) for key in ("before", "key", "after")] == [b"1", content, b"2"]


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


def test_what_others_append_is_there_at_once(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        assert journal.read(f"key{number}") is None
        keep(path, **{f"key{number}": b"content"})
        assert journal.read(f"key{number}") == b"content"


def test_the_last_of_several_counts_whoever_has_appended_it(path: Path) -> None:
    journal = Journal(path)
    for content in (b"one", b"two", b"three"):
        keep(path, key=content)
        assert journal.read("key") == content
        journal.write("key", b"own " + content)
        journal.keep()
        assert journal.read("key") == b"own " + content


def test_what_is_being_appended_is_there_once_it_is_whole(path: Path) -> None:
    keep(path, first=b"1")
    whole = path.read_bytes()
    keep(path, second=b"2")
    both = path.read_bytes()
    journal = Journal(path)
    for length in range(len(whole), len(both) - 1):
        path.write_bytes(both[:length])
        assert (journal.read("first"), journal.read("second")) == (b"1", None)
    path.write_bytes(both)
    assert journal.read("second") == b"2"


def test_one_that_is_written_anew_is_read_anew(path: Path) -> None:
    keep(path, old=b"1" * 50)
    journal = Journal(path)
    assert journal.read("old")
    path.unlink()
    keep(path, new=b"2")
    assert journal.read("new") == b"2"


def test_one_that_has_become_large_is_written_anew_with_the_last_of_each(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 900)
    for number in range(10):
        keep(path, other=b"1" * 200, key=b"%d" % number * 200)
        assert path.stat().st_size < 1800
    assert (Journal(path).read("other"), Journal(path).read("key")) == (b"1" * 200, b"9" * 200)


def test_one_that_is_written_anew_is_not_soon_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 2000)
    keep(path, **{f"key{number}": b"1" * 100 for number in range(15)}, often=b"2" * 100)
    files = []
    for number in range(30):
        keep(path, often=b"%d" % (number % 10) * 100)
        files.append(path.stat().st_ino)
    assert sum(one != other for one, other in pairwise(files)) < 5
    assert Journal(path).read("often") == b"9" * 100


def test_one_that_is_large_even_so_keeps_what_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(path, used=b"1" * 500, unused=b"2" * 500)
    monkeypatch.setattr(module, "_LARGEST", 900)
    journal = Journal(path)
    assert journal.read("used")
    journal.write("new", b"3")
    journal.keep()
    assert [path] == list(path.parent.iterdir())
    journal = Journal(path)
    assert [journal.read(key) for key in ("used", "unused", "new")] == [b"1" * 500, None, b"3"]


def test_a_full_disk_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(path, old=b"1" * 1000)
    monkeypatch.setattr(module, "_LARGEST", 900)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space left on device")))
    with pytest.raises(OSError, match="no space"):
        keep(path, new=b"2")
    assert [path] == list(path.parent.iterdir())
    assert Journal(path).read("old")


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
