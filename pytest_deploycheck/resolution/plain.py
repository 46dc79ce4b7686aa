"""Resolutions as plain JSON values, and back: for the cache, and for the reports that pytest-xdist carries."""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import replace
from typing import Any

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.credentials import redacted
from pytest_deploycheck.resolution.result import Cause, Distribution, Kind, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target


def dumped(value: Any) -> str:
    """JSON, of enumerations and dataclasses as well; the URLs of distributions lose their secrets."""
    return json.dumps(value, default=_plain)


def plain(value: Any) -> Any:
    """The same, as values that JSON has."""
    return json.loads(dumped(value))


def _plain(value: object) -> object:
    """What JSON does not know: enumerations, and dataclasses without going through all of their fields at once."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Distribution):
        value = replace(value, file=value.file._replace(url=redacted(value.file.url)))
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def read_resolution(fields: dict[str, Any]) -> Resolution:
    """A resolution of its plain values.

    :raises ValueError, TypeError, KeyError: they are of another version
    """
    return Resolution(
        source=fields["source"],
        target=Target(**fields["target"]),
        outcome=Outcome(fields["outcome"]),
        message=fields["message"],
        distributions=tuple(map(_distribution, fields["distributions"])),
        causes=tuple(Cause(**{**each, "line": _location(each["line"])}) for each in fields["causes"]),
        evidence=tuple(fields["evidence"]),
        built_in_passing=tuple(fields["built_in_passing"]),
    )


def _distribution(fields: dict[str, Any]) -> Distribution:
    position, filename, url, hashes, *rest = fields["file"]
    return Distribution(
        **{
            **fields,
            "file": File(position, filename, url, tuple(hashes), *rest),
            "kind": Kind(fields["kind"]),
            "needs": tuple(fields["needs"]),
            "required_by": tuple(fields["required_by"]),
            "chain": tuple((name, version) for name, version in fields["chain"]),
            "line": _location(fields["line"]),
        }
    )


def _location(fields: dict[str, Any] | None) -> Location | None:
    return Location(**fields) if fields else None
