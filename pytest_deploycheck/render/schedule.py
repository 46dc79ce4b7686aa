"""A cron job's schedule: https://render.com/docs/cronjobs.

Five fields, in UTC. What some programs take besides (seconds, ``L``, ``#``) is in none of Render's documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"[0-9]+")
_LONGEST_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}

# https://en.wikipedia.org/wiki/Cron#Nonstandard_predefined_scheduling_definitions
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True)
class _Field:
    """One of the five.

    :param names: what may be written for the numbers from ``least`` on
    """

    called: str
    least: int
    greatest: int
    names: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(self.least, self.greatest + 1))


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")),
)


@dataclass(frozen=True)
class ScheduleFault:
    """What is wrong with a schedule, or in doubt.

    :param offset: where in its text
    :param is_certain: whether no cron takes it; otherwise only Render's documents do not have it
    """

    offset: int
    message: str
    fix: str = ""
    is_certain: bool = True


@dataclass(frozen=True)
class Schedule:
    """When a cron job runs.

    :param minutes: 0 to 59; as hours, days and months
    :param days_of_week: 0 is Sunday
    :param either_day: whether a day of the month or one of the week is enough, as where neither field is ``*``
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    days_of_week: frozenset[int]
    either_day: bool

    @property
    def is_ever(self) -> bool:
        """Whether there is a day on which it runs: 30 February is none."""
        return self.either_day or any(min(self.days) <= _LONGEST_MONTHS.get(month, 31) for month in self.months)

    @property
    def is_every_minute(self) -> bool:
        """Whether it runs as often as can be, all day."""
        return len(self.minutes) == 60 and len(self.hours) == 24


def read_schedule(text: str) -> tuple[Schedule | None, list[ScheduleFault]]:
    """Read a schedule; None where it is none."""
    words = [(match.start(), match[0]) for match in _WORD.finditer(text)]
    if fault := _shape(text, words):
        return None, [fault]
    faults: list[ScheduleFault] = []
    minutes, hours, days, months, days_of_week = (
        _values(word, offset, field, faults) for (offset, word), field in zip(words, _FIELDS, strict=True)
    )
    if any(fault.is_certain for fault in faults):
        return None, faults
    # With a star in one of the fields both days have to fit, without one either does: man 5 crontab.
    has_star = any(words[at][1].startswith(("*", "?")) for at in (2, 4))
    days_of_week = frozenset(day % 7 for day in days_of_week)
    return Schedule(minutes, hours, days, months, days_of_week, not has_star), faults


def _shape(text: str, words: list[tuple[int, str]]) -> ScheduleFault | None:
    offset = words[0][0] if words else 0
    if words and text[offset] == "@":
        spelled = _MACROS.get(words[0][1].lower())
        fix = f'write "{spelled}"' if spelled else "write five fields, such as 0 3 * * *"
        return ScheduleFault(offset, f"{words[0][1]} is in none of Render's documents", fix, is_certain=False)
    if words and words[0][1].upper().startswith(("TZ=", "CRON_TZ=")):
        return ScheduleFault(offset, "a schedule has no time zone: it is in UTC", "leave it out, and write UTC's hours")
    if len(words) == len(_FIELDS):
        return None
    six = "; there are no seconds" if len(words) == 6 else ""
    fields = ", ".join(each.called for each in _FIELDS)
    return ScheduleFault(offset, f"a schedule has five fields ({fields}), and this has {len(words)}{six}")


def _values(word: str, offset: int, field: _Field, faults: list[ScheduleFault]) -> frozenset[int]:
    """The numbers that a field stands for; what is wrong with it is put to the faults."""
    found: set[int] = set()
    for part in word.split(","):
        try:
            found |= _of_part(part, offset, field, faults)
        except _Wrong as wrong:
            faults.append(ScheduleFault(offset, f"the {field.called} {wrong}"))
        offset += len(part) + 1
    return frozenset(found)


class _Wrong(ValueError):
    """The second half of a sentence about a field."""


def _of_part(part: str, offset: int, field: _Field, faults: list[ScheduleFault]) -> set[int]:
    """One of a list: ``*``, ``5``, ``MON-FRI``, each with ``/2`` or without."""
    range_, slash, step = part.partition("/")
    if slash and not (_NUMBER.fullmatch(step) and int(step)):
        raise _Wrong(f"{part!r} has no step that is a number above 0")
    numbers = _of_range(range_, offset, field, faults, is_open=bool(slash))
    if slash and int(step) > len(field.all):
        message = f"the {field.called} {part!r} has a step that is never reached: only the first of it counts"
        faults.append(ScheduleFault(offset, message, is_certain=False))
    return set(numbers[:: int(step)] if slash else numbers)


def _of_range(text: str, offset: int, field: _Field, faults: list[ScheduleFault], *, is_open: bool) -> range:
    """
    :param is_open: whether one number stands for all from it on, as before a step
    """
    if text in ("*", "?"):
        if text == "?":
            message = f"the {field.called} '?' is in none of Render's documents"
            faults.append(ScheduleFault(offset, message, "write *", is_certain=False))
        return range(field.least, field.greatest + 1)
    first, dash, last = text.partition("-")
    low = _number(first, offset, field, faults)
    if not dash:
        return range(low, (field.greatest if is_open else low) + 1)
    high = _number(last, offset + len(first) + 1, field, faults)
    if high < low:
        raise _Wrong(f"{text!r} ends before it begins")
    return range(low, high + 1)


def _number(text: str, offset: int, field: _Field, faults: list[ScheduleFault]) -> int:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + field.least
    if not _NUMBER.fullmatch(text):
        names = f", or one of {', '.join(field.names)}" if field.names else ""
        raise _Wrong(f"{text!r} is no number from {field.least} to {field.greatest}{names}")
    number = int(text)
    if number == 7 and field.called == "day of the week":
        message = "the day of the week 7 is in none of Render's documents: theirs go from 0, Sunday, to 6"
        faults.append(ScheduleFault(offset, message, "write 0 or SUN", is_certain=False))
        return number
    if number not in field.all:
        raise _Wrong(f"{text} is not from {field.least} to {field.greatest}")
    return number
