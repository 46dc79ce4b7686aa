"""What files of the repository and indexes both have: URLs that may hold secrets, and ``file:`` URLs."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

# Up to the last @ of the authority, and where a password holds an unquoted slash, to the last @ of the word.
USER_AND_PASSWORD = re.compile(r"//([^/?#\s]+|[^/?#\s:@]+:(?!\d*[/?#])\S+)@")


def path_of(url: str) -> Path:
    """The place on this machine that a ``file:`` URL names."""
    from urllib.request import url2pathname  # It imports ssl and http, for a rare kind of URL.

    return Path(url2pathname(urlsplit(url).path))
