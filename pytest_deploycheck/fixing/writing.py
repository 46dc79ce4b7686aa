"""Files replaced whole or not at all, and not where what stands in them could not be had back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_deploycheck.sources.git import Git, GitFault, NoGit, top_of_repository


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


def unsafe(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """Why the content of files could not be had back after a change, by path.

    Nothing where no version control is known to hold the folder.
    """
    there = [each for each in paths if (root / each).exists()]
    if not there or top_of_repository(root) is None:
        return {}
    try:
        return dict(Git(root).uncommitted(there))
    except (NoGit, GitFault) as reason:
        return dict.fromkeys(there, f"whether it has uncommitted changes cannot be told: {reason}")


def _umask() -> int:
    # There is no way to ask for it but to set it.
    current = os.umask(0)
    os.umask(current)
    return current
