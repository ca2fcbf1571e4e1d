"""Time for the reference evaluator: local wall clock steps, moments and half-open windows."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

UNITS = ("minute", "hour", "day", "week", "month", "year")
EXACT_UNITS = ("minute", "hour")
CALENDAR_UNITS = ("week", "month", "quarter", "year")
WINDOW_KEYS = ("within", "between", "before", "after", "this", "previous")

_SPAN = re.compile(r"(\d+) (minute|hour|day|week|month|year)s?")


class SpecError(ValueError):
    """The spec says something that the language does not know or does not allow."""


@dataclass(frozen=True)
class Span:
    """A length of time as written: `30 days`."""

    amount: int
    unit: str


@dataclass(frozen=True)
class Moment:
    """One point in time, both as an instant (aware, UTC) and as the local clock shows it."""

    instant: datetime
    wall: datetime


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time; None is open-ended."""

    start: Moment | None
    end: Moment | None

    def contains(self, value: date | datetime) -> bool:
        """Say whether the value is at or after the start and before the end."""
        if self.start is not None and is_before(value, self.start):
            return False
        return self.end is None or is_before(value, self.end)


def as_instant(value: datetime) -> datetime:
    """Return the aware UTC instant of a stored timestamp, which is naive UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def is_before(value: date | datetime, moment: Moment) -> bool:
    """Compare instants with instants, and the midnight of a date with the wall clock."""
    if isinstance(value, datetime):
        return as_instant(value) < moment.instant
    return datetime.combine(value, time()) < moment.wall


def parse_span(text: Any) -> Span:
    """Read `30 days`."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise SpecError(f"not a length of time: {text!r}")
    return Span(int(found[1]), found[2])


def add_months(wall: datetime, months: int) -> datetime:
    """Step by months; the 31st becomes the last day of a shorter month."""
    year, month0 = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return wall.replace(year=year, month=month0 + 1, day=min(wall.day, last))


def anniversary_in(year: int, day: date) -> date:
    """Return the anniversary of a day in a year; 29 February falls on the 28th if need be."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def is_date(value: Any) -> bool:
    """Say whether the value is a plain date, without a time."""
    return isinstance(value, date) and not isinstance(value, datetime)


def parse_time(value: Any) -> date | datetime:
    """Read a date or a timestamp literal: parsed by YAML already, or ISO text."""
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                return date.fromisoformat(value)
            if re.match(r"\d{4}-\d{2}-\d{2}[ T]\d", value):
                return datetime.fromisoformat(value)
        except ValueError as error:
            raise SpecError(f"no such time: {value!r}") from error
    raise SpecError(f"not a time: {value!r}")


class Clock:
    """as_of and the project's time zone; turns the words of a spec into moments and windows."""

    def __init__(self, as_of: datetime, timezone: str) -> None:
        if as_of.tzinfo is None:
            raise ValueError("as_of needs a time zone")
        self._zone = ZoneInfo(timezone)
        self.as_of = self.at_instant(as_of)

    def at_instant(self, instant: datetime) -> Moment:
        """Return the moment of an instant (naive is UTC)."""
        aware = as_instant(instant)
        return Moment(aware, aware.astimezone(self._zone).replace(tzinfo=None, fold=0))

    def at_wall(self, wall: datetime) -> Moment:
        """Return the moment at which the local clock shows this.

        Of the two offsets around a change of clocks the smaller one gives the later instant: the
        second of an hour that exists twice, and a missing hour moved forward by the gap.
        """
        offsets = [wall.replace(tzinfo=self._zone, fold=fold).utcoffset() for fold in (0, 1)]
        offset = min(offset for offset in offsets if offset is not None)
        return Moment((wall - offset).replace(tzinfo=UTC), wall)

    def at(self, value: date | datetime) -> Moment:
        """Return the moment of a stored value: a timestamp, or the local midnight of a date."""
        if isinstance(value, datetime):
            return self.at_instant(value)
        return self.at_wall(datetime.combine(value, time()))

    def local_date(self, value: date | datetime) -> date:
        """Return the local day of a stored value."""
        return self.at_instant(value).wall.date() if isinstance(value, datetime) else value

    def step(self, origin: Moment, span: Span, direction: int) -> Moment:
        """Step by a length of time: hours exactly, days and longer on the wall clock."""
        amount = span.amount * direction
        if amount == 0:
            return origin
        try:
            if span.unit in EXACT_UNITS:
                return self.at_instant(origin.instant + timedelta(**{f"{span.unit}s": amount}))
            if span.unit in ("day", "week"):
                return self.at_wall(origin.wall + timedelta(**{f"{span.unit}s": amount}))
            return self.at_wall(
                add_months(origin.wall, amount * (12 if span.unit == "year" else 1))
            )
        except (OverflowError, ValueError) as error:
            raise SpecError(f"{span.amount} {span.unit}s leave the calendar") from error

    def back(self, span: Span) -> Moment:
        """Step back from as_of."""
        return self.step(self.as_of, span, -1)

    def moment(self, literal: Any) -> Moment:
        """Read a date (local midnight), a timestamp (local unless zoned) or `3 days ago`."""
        if isinstance(literal, str) and literal.endswith(" ago"):
            return self.back(parse_span(literal.removesuffix(" ago")))
        value = parse_time(literal)
        if not isinstance(value, datetime):
            return self.at(value)
        return self.at_wall(value) if value.tzinfo is None else self.at_instant(value)

    def window(self, key: str, argument: Any) -> Window:
        """Read one window option."""
        if key == "within":
            return Window(self.back(parse_span(argument)), self.as_of)
        if key == "between":
            if not isinstance(argument, list) or len(argument) != 2:
                raise SpecError(f"between takes two ends, not {argument!r}")
            return Window(self.moment(argument[0]), self.moment(argument[1]))
        if key == "before":
            return Window(None, self.moment(argument))
        if key == "after":
            return Window(self.moment(argument), None)
        if key in ("this", "previous"):
            return self._calendar_window(key, argument)
        raise SpecError(f"not a window: {key}")

    def windows(self, options: Mapping[str, Any]) -> list[Window]:
        """Read all window options of a condition; an occurrence has to be in each of them."""
        return [self.window(key, options[key]) for key in WINDOW_KEYS if key in options]

    def _calendar_window(self, key: str, unit: Any) -> Window:
        if unit not in CALENDAR_UNITS:
            raise SpecError(f"{key} takes week, month, quarter or year, not {unit!r}")
        today = datetime.combine(self.as_of.wall.date(), time())
        if unit == "week":
            start = today - timedelta(days=today.weekday())
            earlier = start - timedelta(days=7)
        else:
            months = {"month": 1, "quarter": 3, "year": 12}[unit]
            start = today.replace(day=1, month=(today.month - 1) // months * months + 1)
            earlier = add_months(start, -months)
        if key == "this":
            return Window(self.at_wall(start), self.as_of)
        return Window(self.at_wall(earlier), self.at_wall(start))
