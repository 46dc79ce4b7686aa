"""What a server answers, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAUSE = 0.3  # seconds, before another attempt
NO_URL = "this is no URL that can be asked for"


class Unreachable(Exception):
    """An index, or a file on it, could not be had. The message names it, without credentials, and says why."""


class Fault(Exception):
    """Why there is no answer, in words.

    :param pause: seconds before another attempt; None where there is no use in one
    """

    def __init__(self, reason: str, pause: float | None = PAUSE) -> None:
        super().__init__(reason)
        self.pause = pause


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


def refusal(answer: Answer) -> str:
    """What an answer that is none says, in words."""
    return f"answered {answer.status}{_HINTS.get(answer.status, '')}"


_HINTS = {
    401: " (it wants a login: in its URL, in netrc or in keyring)",
    403: " (whoever asks is not allowed to)",
}
