"""Poetry's constraints."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pytest_deploycheck.resolution.locked.lock import is_within
from pytest_deploycheck.sources.locks.constraint import marker_of, ranges_of


@pytest.mark.parametrize(
    ("constraint", "within", "outside"),
    [
        ("^1.2", ["1.2", "1.9.9"], ["1.1", "2.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3", "0.2.2"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.9"], ["1.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3"]),
        ("~1", ["1.9"], ["2.0"]),
        ("~=1.4", ["1.9"], ["2.0"]),
        ("1.2", ["1.2.0"], ["1.2.1"]),
        ("1.2.*", ["1.2.1"], ["1.3"]),
        ("==1.2", ["1.2"], ["1.3"]),
        (">=3.11,<4.0", ["3.11.0", "3.14"], ["3.10.9", "4.0"]),
        (">= 3.11 < 4", ["3.12"], ["4.0"]),
        ("^3.8 || ^2.7", ["2.7.1", "3.9"], ["2.6", "3.7"]),
        ("<2.0|>=3.0", ["1.0", "3.0"], ["2.5"]),
        ("!=1.5,>=1", ["1.6"], ["1.5"]),
        ("*", ["0.1", "9"], []),
    ],
)
def test_what_a_constraint_allows(constraint: str, within: list[str], outside: list[str]) -> None:
    ranges = ranges_of(constraint)
    assert ranges is not None
    assert [each for each in (*within, *outside) if is_within(Version(each), ranges)] == within


@pytest.mark.parametrize("constraint", ["^x.y", "newest", ">=1,<two", "^"])
def test_what_is_none_is_not_understood(constraint: str) -> None:
    assert ranges_of(constraint) is None


@pytest.mark.parametrize(
    ("constraint", "marker"),
    [
        ("<3.12", "(python_full_version < '3.12')"),
        ("^3.11", "(python_full_version < '4' and python_full_version >= '3.11')"),
        ("<3.9 || >=3.12", "(python_full_version < '3.9') or (python_full_version >= '3.12')"),
        ("*", ""),
        ("newest", None),
    ],
)
def test_a_constraint_as_a_marker(constraint: str, marker: str | None) -> None:
    found = marker_of("python_full_version", constraint)
    assert found is None or marker is None or sorted(found) == sorted(marker)
    assert (found is None) is (marker is None)
