"""Markers of locks: ``extra`` stands there for any of those that are asked for."""

from __future__ import annotations

import pytest

from pytest_deploycheck.resolution.asked import BINARY, SOURCE
from pytest_deploycheck.resolution.locked.lock import Formats, NotKnown
from pytest_deploycheck.resolution.locked.markers import Markers
from pytest_deploycheck.resolution.target import Target

TARGET = Target("3.12.4", "manylinux_2_36_x86_64")


@pytest.mark.parametrize(
    ("marker", "extras", "holds"),
    [
        ("", set(), True),
        ("python_full_version < '3.12.5'", set(), True),
        ("sys_platform == 'win32'", set(), False),
        ("extra == 'a'", set(), False),
        ("extra == 'a'", {"a", "b"}, True),
        ("'b' == extra and extra == 'a'", {"a", "b"}, True),
        ('extra != "a"', {"a", "b"}, False),
        ("extra != 'c'", {"a", "b"}, True),
        ("sys_platform == 'linux' and (extra == 'x' or extra == 'b')", {"b"}, True),
        ("extra == 'extra-4-shop-cpu' and extra != 'extra-4-shop-gpu'", {"extra-4-shop-cpu"}, True),
        ("extra == 'extra-4-shop-cpu' and extra != 'extra-4-shop-gpu'", set(), False),
    ],
)
def test_whether_it_holds(marker: str, extras: set[str], holds: bool) -> None:
    markers = Markers(TARGET)
    assert markers.hold(marker, extras) is holds
    assert markers.hold(marker, extras) is holds, "what is remembered is the same"


@pytest.mark.parametrize("marker", ["python_version <", "moon == 'full'", "'x' in extras"])
def test_what_is_not_understood_is_not_known(marker: str) -> None:
    with pytest.raises(NotKnown, match="is not understood"):
        Markers(TARGET).hold(marker)


@pytest.mark.parametrize(
    ("formats", "wheels", "sdists"),
    [
        (Formats(), True, True),
        (Formats(no_wheels=frozenset({None})), False, True),
        (Formats(no_sdists=frozenset({"demo"})), True, False),
        (Formats(no_wheels=frozenset({None}), no_sdists=frozenset({"demo"})), True, False),
        (Formats(no_wheels=frozenset({"demo"}), no_sdists=frozenset({None})), False, True),
        (Formats(no_wheels=frozenset({"other"})), True, True),
        (Formats(no_wheels=frozenset({None}), no_sdists=frozenset({None})), False, False),
    ],
)
def test_who_is_named_counts_more_than_all_together(formats: Formats, wheels: bool, sdists: bool) -> None:
    allowed = formats.of("demo")
    assert (BINARY in allowed, SOURCE in allowed) == (wheels, sdists)
