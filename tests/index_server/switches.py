"""What kind of index the server imitates, and what goes wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal


@dataclass
class Switches:
    """One kind of index. The defaults are PyPI's ways; each may be changed while the server runs.

    :param json: offers PEP 691 JSON to those who accept it
    :param html: offers PEP 503 HTML; with neither of both every page answers 406
    :param metadata: PEP 658/714 metadata files: ``advertised`` and served, ``unadvertised`` but served, ``broken``:
        advertised but 404, ``absent``: neither
    :param metadata_hash: the advertisement carries the hash; else it is a bare ``true``
    :param ranges: ``served``: 206; ``ignored``: 200 with all of it; ``refused``: ``range_refusal``
    :param suffix_ranges: ``bytes=-N`` too; else it is refused where ``a-b`` is served
    :param head: answers HEAD; else 405
    :param revalidation: sends ``ETag`` or ``Last-Modified`` on pages and files, and answers 304 to who returns them
    :param cache_control: the header of project pages
    :param credentials: user and password of basic authentication; who lacks them gets 401
    :param hashes: sha256 on the pages: right, ``wrong`` or ``none``
    :param absolute_urls: pages link to whole URLs instead of relative ones
    :param redirect_pages: ``/simple/Some_Name`` is sent on to ``/simple/some-name/``; else 404
    :param redirect_files: files are sent on from ``/files/`` to ``/elsewhere/``
    :param sizes: JSON pages carry PEP 700's sizes
    :param delay: seconds before every answer
    """

    json: bool = True
    html: bool = True
    metadata: Literal["advertised", "unadvertised", "broken", "absent"] = "advertised"
    metadata_hash: bool = True
    ranges: Literal["served", "ignored", "refused"] = "served"
    range_refusal: int = 501
    suffix_ranges: bool = True
    head: bool = True
    revalidation: frozenset[Literal["etag", "last-modified"]] = frozenset({"etag", "last-modified"})
    cache_control: str | None = "max-age=600, public"
    credentials: tuple[str, str] | None = None
    hashes: Literal["right", "wrong", "none"] = "right"
    absolute_urls: bool = False
    redirect_pages: bool = True
    redirect_files: bool = False
    sizes: bool = True
    delay: float = 0.0


@dataclass
class Fault:
    """Something that goes wrong on the paths that match, so many times, and then no more.

    Exactly one of the ways it can go wrong is set.

    :param paths: a glob over the path: ``/simple/demo/``, ``/files/*.whl``, ``*``
    :param times: how often; None: always
    :param status: this status instead of an answer, with an empty body
    :param hang: the connection is kept, and nothing is sent until the index closes
    :param reset: the connection is reset
    :param truncated: the answer breaks off in the middle, though its length was announced
    :param garbage: 200 with a body that is neither a page nor a file
    :param delay: the right answer, after so many seconds
    """

    paths: str = "*"
    times: int | None = None
    status: int | None = None
    hang: bool = False
    reset: bool = False
    truncated: bool = False
    garbage: bytes | None = None
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    def strikes(self, path: str) -> bool:
        """Whether this request is hit; a hit is counted."""
        if self.times == 0 or not fnmatchcase(path, self.paths):
            return False
        if self.times is not None:
            self.times -= 1
        return True
