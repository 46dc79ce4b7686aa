"""A file is written whole or not at all, and not where its content could not be had back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_deploycheck.fixing.writing import replace_whole, unsafe

posix = pytest.mark.skipif(os.name == "nt", reason="signals and permissions as on POSIX")

# Killed at the moment at which the new file takes the place of the old one, which Python announces.
KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_deploycheck.fixing.writing import replace_whole
sys.addaudithook(lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == sys.argv[2] else None)
replace_whole(Path(sys.argv[1]), b"new" * 100000)
"""


@posix
@pytest.mark.parametrize("event", ["os.rename", "tempfile.mkstemp", "os.chmod"])
def test_a_killed_write_leaves_the_old_file(tmp_path: Path, event: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), event])
    assert done.returncode == -9
    assert file.read_text() == "old"


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_whole(file, b"new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@posix
def test_permissions_and_symbolic_links_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "real.txt", tmp_path / "requirements.txt"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder in which all but ``new.txt`` and ``ignored.txt`` is committed."""
    for name in ("clean.txt", "changed.txt", "staged.txt", "new.txt", "ignored.txt"):
        (tmp_path / name).write_text("1\n")
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "clean.txt", "changed.txt", "staged.txt", ".gitignore")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "all")
    (tmp_path / "changed.txt").write_text("2\n")
    (tmp_path / "staged.txt").write_text("2\n")
    git(tmp_path, "add", "staged.txt")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def test_what_git_could_not_give_back_is_named(repository: Path) -> None:
    names = ["clean.txt", "changed.txt", "staged.txt", "new.txt", "ignored.txt", "missing.txt"]
    assert unsafe(repository, names) == {
        "changed.txt": "it has uncommitted changes",
        "staged.txt": "it has uncommitted changes",
        "new.txt": "git does not have it",
        "ignored.txt": "git does not have it",
    }


def test_line_ends_that_git_writes_are_no_change(repository: Path) -> None:
    (repository / "clean.txt").write_bytes(b"1\r\n")
    assert unsafe(repository, ["clean.txt"]) == {}


def test_no_filter_that_the_repository_names_is_run(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitattributes").write_text("*.txt filter=own\n")
    git(repository, "config", "filter.own.clean", f"touch {tmp_path / 'ran'}; cat")
    (repository / "clean.txt").write_text("2\n")
    assert unsafe(repository, ["clean.txt"]) == {"clean.txt": "it has uncommitted changes"}
    assert not (tmp_path / "ran").exists()


def test_in_a_folder_of_a_repository_too(repository: Path) -> None:
    folder = repository / "sub"
    folder.mkdir()
    (folder / "a.txt").write_text("1\n")
    git(repository, "add", "sub/a.txt")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "more")
    assert unsafe(folder, ["a.txt"]) == {}
    (folder / "a.txt").write_text("2\n")
    assert unsafe(folder, ["a.txt"]) == {"a.txt": "it has uncommitted changes"}


def test_without_version_control_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")
    assert unsafe(tmp_path, ["a.txt"]) == {}


def test_without_git_it_cannot_be_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    reasons = unsafe(repository, ["clean.txt"])
    assert reasons["clean.txt"].startswith("whether it has uncommitted changes cannot be told")
