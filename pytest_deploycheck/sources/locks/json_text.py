"""JSON with the lines where things stand, which :mod:`json` does not tell: for files that programs write."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.locks.tables import BadFile, text_of


@dataclass(frozen=True)
class JsonText:
    """A JSON file that holds a table, read.

    :param path: relative to the root
    """

    path: str
    text: str
    tables: dict[str, Any]

    @classmethod
    def read(cls, path: str, content: bytes) -> JsonText:
        """:raises BadFile: it is none"""
        text = text_of(path, content, "JSON").removeprefix("\ufeff")
        try:
            tables = json.loads(text)
        except json.JSONDecodeError as error:
            place = Location(path, error.lineno, error.colno)
            raise BadFile(place, f"it is no JSON: {error.msg.lower()}") from error
        except RecursionError as error:
            raise BadFile(Location(path), "it is nested too deep to be read") from error
        if not isinstance(tables, dict):
            raise BadFile(Location(path), "a table was expected: {")
        return cls(path, text, tables)

    def place_of(self, keys: Sequence[str]) -> Location:
        """Where a key stands that is at the beginning of its line, as programs write them; else where the file begins.

        :param keys: those on the way to it, each on a line below that of the one before
        """
        at = 0
        for key in keys:
            found = re.compile(rf"(?m)^[ \t]*{re.escape(json.dumps(key))}[ \t]*:").search(self.text, at)
            if found is None:
                return Location(self.path)
            at = found.end()
        return Location(self.path, self.text.count("\n", 0, at) + 1)
