"""A remote file read in parts."""

from __future__ import annotations

import io

from pytest_deploycheck.resolution.http.transport import Answer, Transport


class RangedFile(io.RawIOBase):
    """A remote file of which only what is read is fetched, for :mod:`zipfile`.

    :param answer: to a request for :func:`tail_of` it, where a zip archive has its directory
    :ivar tail: the last bytes
    :ivar length: of the whole file
    :raises NotRanged: the server has sent the whole file, which is then in ``whole``, or refuses
    """

    def __init__(self, transport: Transport, url: str, answer: Answer) -> None:
        super().__init__()
        self._transport = transport
        self._url = url
        self._position = 0
        self.length = _total_length(answer)
        self.tail = answer.content
        self._parts = [(self.length - len(self.tail), self.tail)]

    def readable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def tell(self) -> int:
        """See :class:`io.RawIOBase`."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See :class:`io.RawIOBase`."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.length}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """See :class:`io.RawIOBase`."""
        end = self.length if size < 0 else min(self.length, self._position + size)
        content = self.between(self._position, end)
        self._position = end
        return content

    def between(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to but not including ``end``, fetched where they are not at hand.

        :raises NotRanged: the server refuses
        :raises Unreachable: no answer
        """
        content = self.at_hand(start, end)
        if content is None:
            content = self.fetched(start, end, self._transport.get(self._url, self.asking_for(start, end)))
        return content

    def at_hand(self, start: int, end: int) -> bytes | None:
        """What is known of these bytes without asking for more."""
        if start >= end:
            return b""
        for first, content in self._parts:
            if first <= start and end <= first + len(content):
                return content[start - first : end - first]
        return None

    def asking_for(self, start: int, end: int) -> dict[str, str]:
        """Headers of a request for these bytes."""
        # A few more than asked for: zipfile reads a member's header, its name and its content one by one.
        return _range(f"{start}-{min(self.length, max(end, start + 16_384)) - 1}")

    def fetched(self, start: int, end: int, answer: Answer) -> bytes:
        """The same from an answer to that.

        :raises NotRanged: the server refuses
        """
        _total_length(answer)
        self._parts.append((start, answer.content))
        return answer.content[: end - start]


def tail_of(size: int) -> dict[str, str]:
    """Headers that ask for the last bytes of a file."""
    return _range(f"-{size}")


def _range(span: str) -> dict[str, str]:
    return {"Range": f"bytes={span}", "Accept-Encoding": "identity"}


class NotRanged(Exception):
    """A server that does not serve ranges; ``whole`` is the file where it sent all of it."""

    def __init__(self, status: int, whole: bytes | None) -> None:
        super().__init__(f"answered {status} to a ranged request")
        self.whole = whole


def _total_length(answer: Answer) -> int:
    if answer.status == 200:
        raise NotRanged(200, answer.content)
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    if answer.status != 206 or not total.isdigit():
        raise NotRanged(answer.status, None)
    return int(total)
