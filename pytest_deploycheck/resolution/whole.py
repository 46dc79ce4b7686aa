"""Files of the cache that are there as a whole or not at all, whatever is killed when."""

from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path

TEMPORARY = ".tmp"
"""What the names of files end with that were never moved to their place."""

_NUMBERS = itertools.count()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, and move it there.

    :raises OSError: it cannot be written; what stood there is left
    """
    # Not by tempfile, which takes as long as all the rest: nobody else has this process and this number.
    temporary = f"{path}-{os.getpid()}-{next(_NUMBERS)}{TEMPORARY}"
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
