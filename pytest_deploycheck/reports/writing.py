"""Files for others to read: checked before the run, written whole at its end."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def problem_with(path: Path) -> str | None:
    """Why a report cannot be written there, None where it can."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.is_dir():
        return f"{path} is a folder: name a file"
    # A device or a pipe is written to; for a file of its own there has to be place beside it.
    if path.exists() and not os.access(path, os.W_OK):
        return f"{path} cannot be written to"
    if not _is_special(path) and not os.access(path.parent, os.W_OK):
        return f"the folder {path.parent} cannot be written to"
    return None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or what stood there before.

    :raises OSError: it cannot be written; what stood there is left
    """
    if _is_special(path):
        path.write_text(text, encoding="utf-8")
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        # mkstemp keeps others out; a report is for whoever may read the folder.
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _umask() -> int:
    # There is no way to ask for it but to set it.
    current = os.umask(0)
    os.umask(current)
    return current
