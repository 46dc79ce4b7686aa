"""What files of the repository and indexes both have: URLs that may hold secrets, and ``file:`` URLs."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

# Up to the last @ of the authority, and where a password holds an unquoted slash, to the last @ of the word.
USER_AND_PASSWORD = re.compile(r"//([^/?#\s]+|[^/?#\s:@]+:(?!\d*[/?#])\S+)@")

# Variables of a shell in their place, which show nothing.
_VARIABLES = re.compile(r"\$(?:\w+|\{\w+\})(?::\$(?:\w+|\{\w+\}))?|git")


def without_logins(text: str) -> str:
    """A part of a command without the users and passwords of the URLs in it; variables stay as they are written."""
    return USER_AND_PASSWORD.sub(lambda found: found[0] if _VARIABLES.fullmatch(found[1]) else "//****@", text)


def path_of(url: str) -> Path:
    """The place on this machine that a ``file:`` URL names."""
    from urllib.request import url2pathname  # It imports ssl and http, for a rare kind of URL.

    return Path(url2pathname(urlsplit(url).path))


def url_in(folder: Path, path: str) -> str:
    """The ``file:`` URL of a place relative to a folder, without a slash at its end."""
    return Path(posixpath.normpath(posixpath.join(folder.as_posix(), path))).as_uri().rstrip("/")
