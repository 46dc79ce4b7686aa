"""Files replaced whole or not at all, and not where what stands in them could not be had back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, all of it stands there or what stood there before.

    A symbolic link stays one: what it leads to is replaced. The permissions stay, too.

    :raises OSError: it cannot be written; what stood there is left
    """
    path = path.resolve()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())  # Before the name leads to it: a crash may else leave an empty file.
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def uncommitted(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """Why the content of files could not be had back after a change: by path, those that git has as they are left out.

    Nothing where no version control is known to hold the folder.
    """
    there = [each for each in paths if (root / each).exists()]
    if not there or not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return {}
    command = ["git", "status", "--porcelain", "-z", "--ignored", "--untracked-files=all", "--"]
    found: dict[str, str] = {}
    for path in there:
        try:
            said = subprocess.run([*command, path], cwd=root, capture_output=True, check=True, timeout=60).stdout
        except (OSError, subprocess.SubprocessError) as error:
            found[path] = f"whether it has uncommitted changes cannot be told: {_reason(error)}"
            continue
        if said:
            is_tracked = said[:2] not in (b"??", b"!!")
            found[path] = "it has uncommitted changes" if is_tracked else "git does not have it"
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return bytes(error.stderr).decode(errors="replace").strip().partition("\n")[0]
    return str(error)


def _umask() -> int:
    # There is no way to ask for it but to set it.
    current = os.umask(0)
    os.umask(current)
    return current
