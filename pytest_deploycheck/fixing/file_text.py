"""A file's text, changed in a few places: encoding, byte order mark and line endings stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.requirements_text import encoding_of

_YAML = (".yaml", ".yml")

# These two look for a byte order mark of their own, and write one.
_WITHOUT_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}


class NotEditable(Exception):
    """A file's bytes are no text that could be written back as they are; the message says why."""


@dataclass(frozen=True)
class FileText:
    """A file, decoded.

    :param path: as locations have it
    :param mark: its byte order mark
    """

    path: str
    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @classmethod
    def read(cls, path: str, content: bytes) -> FileText:
        """Decode a file, by its byte order mark, as requirements files also by their first comment.

        :raises NotEditable: it cannot be decoded, or not be written back as it is
        """
        mark, encoding = encoding_of(content, is_python=not path.endswith(_YAML))
        encoding = _WITHOUT_MARK.get(encoding, encoding)
        try:
            found = cls(path, content[len(mark) :].decode(encoding), encoding, mark)
        except (UnicodeError, LookupError) as error:
            raise NotEditable(f"{path} is no text in {encoding}: {error}") from error
        if found.encoded() != content:
            raise NotEditable(f"{path} cannot be written back byte by byte as it is: it is not quite {encoding}")
        return found

    @property
    def newline(self) -> str:
        """How most of its lines end."""
        windows = self.text.count("\r\n")
        return "\r\n" if windows * 2 > self.text.count("\n") else "\n"

    def edited(self, edits: Iterable[Edit]) -> FileText:
        """With changes that do not overlap; those at the same place in their order.

        :raises NotEditable: the file has no such place, so it is another one by now
        """
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        parts, position = [], 0
        for edit in sorted(edits, key=lambda each: (each.start, each.end)):
            start, end = self._offset(edit.start, starts), self._offset(edit.end, starts)
            parts += [self.text[position:start], edit.text.replace("\n", self.newline)]
            position = end
        return FileText(self.path, "".join([*parts, self.text[position:]]), self.encoding, self.mark)

    def encoded(self) -> bytes:
        """The file's bytes.

        :raises NotEditable: its encoding has not all of the characters
        """
        try:
            return self.mark + self.text.encode(self.encoding)
        except UnicodeError as error:
            raise NotEditable(f"{self.path} cannot be written in {self.encoding}: {error}") from error

    def _offset(self, place: Location, starts: list[int]) -> int:
        if place.line > len(starts):
            raise NotEditable(f"{place}: there is no such line any more")
        return starts[place.line - 1] + place.column - 1
