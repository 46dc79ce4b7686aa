"""What a server answers, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

PAUSE = 0.3  # seconds, before another attempt
RETRIED = frozenset({429, 500, 502, 503, 504})
"""Statuses of a server in trouble, which may pass."""

NO_URL = "this is no URL that can be asked for"


class Unreachable(Exception):
    """An index, or a file on it, could not be had. The message names it, without credentials, and says why."""


class Refused(Unreachable):
    """An index answered, and does not let whoever asks see this (401 or 403)."""


class Fault(Exception):
    """Why there is no answer, in words.

    :param pause: seconds before another attempt; None where there is no use in one
    :param silent: the host that does not answer at all, as ``scheme://host``; None where it did, so that the fault is
        this one URL's
    """

    def __init__(self, reason: str, pause: float | None = PAUSE, silent: str | None = None) -> None:
        super().__init__(reason)
        self.pause = pause
        self.silent = silent


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    :param headers: looked up without regard to case
    :param content: the whole body
    :param url: after redirects
    :param target: where this answer redirects to
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    target: str | None = None


def origin(parts: SplitResult) -> str:
    """The scheme and the host of a URL: who answers or does not."""
    return f"{parts.scheme}://{parts.netloc}"


def is_final(status: int) -> bool:
    """Whether nothing follows on an answer with this status: no redirect, no login, no other attempt."""
    return status == 304 or not (300 <= status < 400 or status in RETRIED or status in (401, 407))


def refusal(answer: Answer) -> str:
    """What an answer that is none says, in words."""
    return f"answered {answer.status}{_HINTS.get(answer.status, '')}"


_HINTS = {
    401: " (it wants a login: in its URL, in netrc or in keyring)",
    403: " (whoever asks is not allowed to)",
}
