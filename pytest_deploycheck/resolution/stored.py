"""What the cache holds of an index, and how long it is good for (RFC 9111, as far as a run needs it)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from pytest_deploycheck.resolution.http.transport import Answer
from pytest_deploycheck.resolution.page import IndexPage

# Seconds for which a project page is taken as it is, where the index says nothing of it. PyPI says 600; no index is
# believed that says more, since pip asks for each page each time.
PAGE_LIFETIME = 600.0


@dataclass(frozen=True)
class StoredPage:
    """A page in the cache: a line of JSON with what revalidates it, then the page.

    :param fetched: seconds since the epoch
    :param lifetime: seconds; negative: not to be stored at all (``no-store``)
    :param run: which run fetched it: for all its processes it is fresh
    :param page: None where it was read from the cache and is not parsed yet
    :param refusal: in words, where the index shows no page to whoever asks (401 or 403); empty where it does
    """

    fetched: float
    lifetime: float
    etag: str
    last_modified: str
    run: str
    content: bytes
    page: IndexPage | None = None
    refusal: str = ""

    @classmethod
    def of(cls, answer: Answer, page: IndexPage, run: str) -> StoredPage:
        """As it was just answered."""
        header = answer.headers.get
        lifetime = _lifetime(answer) if page.is_storable else -1.0
        lifetime = PAGE_LIFETIME if lifetime is None else lifetime
        return cls(time.time(), lifetime, header("etag", ""), header("last-modified", ""), run, page.dump(), page)

    @classmethod
    def refused(cls, answer: Answer, refusal: str, run: str) -> StoredPage:
        """No page, but a refusal: for offline runs, which have to know that there is none."""
        lifetime = _lifetime(answer)
        return cls(time.time(), PAGE_LIFETIME if lifetime is None else lifetime, "", "", run, b"", refusal=refusal)

    @classmethod
    def load(cls, dumped: bytes | None) -> StoredPage | None:
        """None where it is not there, or not in this form."""
        head, _, content = (dumped or b"").partition(b"\n")
        try:
            return cls(**json.loads(head), content=content)
        except (ValueError, TypeError):
            return None

    def dump(self) -> bytes:
        """For the cache."""
        names = ("fetched", "lifetime", "etag", "last_modified", "run", "refusal")
        return json.dumps({name: getattr(self, name) for name in names}).encode() + b"\n" + self.content

    def renewed(self, answer: Answer, run: str) -> StoredPage:
        """After a 304, which repeats only what has changed."""
        lifetime = _lifetime(answer)
        return replace(
            self,
            fetched=time.time(),
            lifetime=self.lifetime if lifetime is None else lifetime,
            etag=answer.headers.get("etag", self.etag),
            last_modified=answer.headers.get("last-modified", self.last_modified),
            run=run,
        )

    @property
    def is_storable(self) -> bool:
        """Whether the index allows it. ``private`` does: the cache is one user's own."""
        return self.lifetime >= 0

    @property
    def fresh_until(self) -> float:
        """Seconds since the epoch; 0: good for its run only."""
        return self.fetched + self.lifetime if self.is_storable else 0.0

    def is_fresh(self, run: str) -> bool:
        """Whether it may be taken as it is."""
        # A page from the future was fetched before a clock was put right.
        if bool(run) and self.run == run:
            return True
        # A refusal may be over as soon as its reader has logged in. It lasts as long as a page only for resolutions
        # that did without the index.
        return not self.refusal and self.fetched <= time.time() < self.fresh_until

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for it only if it has changed."""
        conditions = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in conditions.items() if value}


def _lifetime(answer: Answer) -> float | None:
    """None where the index does not say it."""
    said = answer.headers.get("cache-control", "").lower().replace(" ", "").split(",")
    directives = {name: value.strip('"') for name, _, value in (each.partition("=") for each in said)}
    if "no-store" in directives:
        return -1.0
    if "no-cache" in directives:
        return 0.0
    if (seconds := directives.get("max-age", "")).isdigit():
        age = answer.headers.get("age", "").strip()
        return min(PAGE_LIFETIME, max(0.0, float(seconds) - (float(age) if age.isdigit() else 0.0)))
    if (expires := answer.headers.get("expires")) is not None:
        return min(PAGE_LIFETIME, _seconds_until(expires, answer.headers.get("date", "")))
    return None


def _seconds_until(expires: str, date: str) -> float:
    """By the server's clock for both, so that its being wrong does not count."""
    try:
        return max(0.0, (parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds())
    except (TypeError, ValueError):
        return 0.0  # `Expires: 0` and the like: expired already.


def lasting(content: bytes) -> bytes:
    """What an index gives no hash for, so that it may change, with the time when it was read."""
    return f"{time.time()}\n".encode() + content


def load_lasting(dumped: bytes, *, however_old: bool) -> bytes:
    """:raises ValueError: it is too old"""
    fetched, _, content = dumped.partition(b"\n")
    if however_old or float(fetched) <= time.time() < float(fetched) + PAGE_LIFETIME:
        return content
    raise ValueError("too old")
