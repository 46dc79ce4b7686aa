"""Schedules of cron jobs: what they mean, and whether they ever come true."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_deploycheck.render.schedule import Schedule, read_schedule


def read(text: str) -> Schedule:
    schedule, faults = read_schedule(text)
    assert schedule is not None, faults
    return schedule


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("*", set(range(60))),
        ("5", {5}),
        ("5,10,5", {5, 10}),
        ("5-8", {5, 6, 7, 8}),
        ("*/20", {0, 20, 40}),
        ("5-50/20", {5, 25, 45}),
        ("50/5", {50, 55}),
        ("0-10/5,59", {0, 5, 10, 59}),
        ("*/60", {0}),
    ],
)
def test_a_field(field: str, minutes: set[int]) -> None:
    assert read(f"{field} * * * *").minutes == minutes


@pytest.mark.parametrize(
    ("field", "days"), [("MON-FRI", {1, 2, 3, 4, 5}), ("sun", {0}), ("5-7", {5, 6, 0}), ("7", {0}), ("sat,Sun", {6, 0})]
)
def test_days_of_the_week(field: str, days: set[int]) -> None:
    assert read(f"0 0 * * {field}").days_of_week == days


def test_months_have_names() -> None:
    assert read("0 0 1 JAN,jun-AUG *").months == {1, 6, 7, 8}


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("60 * * * *", 0),
        ("0 1,25 * * *", 4),
        ("0 0 0 * *", 4),
        ("0 0 32 * *", 4),
        ("0 0 1 13 *", 6),
        ("0 0 * * MONDAY", 8),
        ("0 0 * * 8", 8),
        ("0 5-3 * * *", 2),
        ("*/0 * * * *", 0),
        ("*/x * * * *", 0),
        ("/5 * * * *", 0),
        ("1,, * * * *", 2),
        ("-5 * * * *", 0),
        ("1.5 * * * *", 0),
        ("0 0 LW * *", 4),
        ("0 0 * * 5L", 8),
        ("0 0 * * 1#2", 8),
        ("H * * * *", 0),
        ("٣ * * * *", 0),  # A digit, and none that cron reads.
        ("  1 2 3", 2),
        ("", 0),
    ],
)
def test_what_no_cron_takes(text: str, offset: int) -> None:
    schedule, faults = read_schedule(text)
    assert schedule is None
    assert next(each.offset for each in faults if each.is_certain) == offset


@pytest.mark.parametrize("text", ["@daily", "@every 5m", "0 0 ? * 1", "0 0 * * 7", "*/90 * * * *"])
def test_what_only_some_take_is_in_doubt(text: str) -> None:
    _, faults = read_schedule(text)
    assert [each.is_certain for each in faults] == [False]


numbers = st.integers(1, 31)
months = st.one_of(
    st.just("*"), st.sets(st.integers(1, 12), min_size=1, max_size=3).map(lambda m: ",".join(map(str, m)))
)
weekdays = st.one_of(st.just("*"), st.integers(0, 6).map(str))


@given(day=numbers, month=months, weekday=weekdays)
def test_whether_it_ever_runs_is_what_a_calendar_of_eight_years_says(day: int, month: str, weekday: str) -> None:
    schedule = read(f"0 0 {day} {month} {weekday}")
    days = (date(2024, 1, 1) + timedelta(days=number) for number in range(8 * 365 + 2))
    assert schedule.is_ever is any(runs_on(schedule, each) for each in days)


def runs_on(schedule: Schedule, day: date) -> bool:
    """man 5 crontab: where both days are restricted, either is enough."""
    if day.month not in schedule.months:
        return False
    fits = day.day in schedule.days, day.isoweekday() % 7 in schedule.days_of_week
    return any(fits) if schedule.either_day else all(fits)
