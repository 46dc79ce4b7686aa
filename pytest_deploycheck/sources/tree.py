"""Files of a repository by name, as Linux has them: macOS and Windows take ``Dockerfile`` for ``dockerfile``, too."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath


def inner_path(*parts: str) -> str | None:
    """A path below the root of the repository in its shortest form, ``.`` for the root; None where it leads out of it.

    :param parts: joined, with forward slashes; what is absolute begins at the root of the file system
    """
    path = PurePosixPath(os.path.normpath("/".join(parts)).replace(os.sep, "/"))
    return None if path.is_absolute() or path.parts[:1] == ("..",) else path.as_posix()


def is_folder(root: Path, path: str) -> bool:
    """Whether a repository has a folder, spelled like that.

    :param path: as a blueprint has it
    """
    inner = inner_path(path)
    return inner is not None and spelled(root, inner) == inner and (root / inner).is_dir()


def spelled(root: Path, path: str) -> str | None:
    """How a repository spells a path: itself where it is there, else one that differs in capitals; None: neither.

    :param path: from :func:`inner_path`
    """
    found: list[str] = []
    for name in PurePosixPath(path).parts:
        try:
            names = os.listdir(root.joinpath(*found))
        except OSError:
            return None
        same = name if name in names else next((each for each in names if each.casefold() == name.casefold()), None)
        if same is None:
            return None
        found.append(same)
    return "/".join(found) or "."
