"""Instants and windows, all measured from `as_of`.

A window is half-open: its start is in, its end is out. Days, weeks, months, quarters and
years step on the project's wall clock, hours and minutes are exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlglot import exp

from kohorte.dialects import convert_zone

#: Unit of the language: the unit and the factor that SQL gets.
UNITS: dict[str, tuple[str, int]] = {
    "minute": ("MINUTE", 1),
    "hour": ("HOUR", 1),
    "day": ("DAY", 1),
    "week": ("DAY", 7),
    "month": ("MONTH", 1),
    "quarter": ("MONTH", 3),
    "year": ("YEAR", 1),
}
EXACT_UNITS = frozenset({"minute", "hour"})
CALENDAR_UNITS = ("week", "month", "quarter", "year")
#: The longest period is this many years; nothing in a shop is older.
MAX_YEARS = 200
#: The longest that each unit lasts, in seconds; a day may have 25 hours.
_AT_MOST_SECONDS = {
    "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 31 * 86_400,
    "quarter": 92 * 86_400, "year": 366 * 86_400,
}  # fmt: skip
_PER_YEAR = {"minute": 525_600, "hour": 8_760, "day": 366, "week": 53, "month": 12}
_PERIOD = re.compile(r"([0-9]{1,9}) *([a-z]+?)s?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")

Anchor: TypeAlias = Literal["as_of", "shift", "start", "date", "day"]


@dataclass(frozen=True)
class Period:
    """A length of time, such as 30 days."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"

    @property
    def is_exact(self) -> bool:
        """Whether it is a fixed number of seconds whatever the clocks do."""
        return self.unit in EXACT_UNITS

    def sql(self, *, is_negative: bool = False) -> exp.Interval:
        """Return the period as a SQL interval."""
        unit, factor = UNITS[self.unit]
        sign = "-" if is_negative else ""
        amount = exp.Literal.string(f"{sign}{self.amount * factor}")
        return exp.Interval(this=amount, unit=exp.var(unit))


@dataclass(frozen=True)
class Moment:
    """An instant: as_of, a period before or after it, a calendar start, or a date.

    The anchor `day` is today, or a period before or after it, as a date.
    """

    anchor: Anchor
    period: Period | None = None
    is_ahead: bool = False
    unit: str = ""
    date: datetime | None = None

    @property
    def name(self) -> str:
        """Return the name of the column that holds this instant."""
        match self.anchor:
            case "as_of":
                return "as_of"
            case "shift":
                assert self.period is not None
                direction = "ahead" if self.is_ahead else "ago"
                return f"{self.period.unit}s_{self.period.amount}_{direction}"
            case "day":
                direction = "ahead" if self.is_ahead else "ago"
                period = self.period
                return f"day_{period.amount}_{period.unit}s_{direction}" if period else "today"
            case "start":
                back = f"_{self.period.amount}_back" if self.period else ""
                return f"start_of_{self.unit}{back}"
            case "date":
                assert self.date is not None
                return self.date.strftime("date_%Y_%m_%d" + self._time_format())

    def _time_format(self) -> str:
        assert self.date is not None
        return "" if self.date.time() == datetime.min.time() else "_%H_%M_%S"

    def is_surely_after(self, other: Moment) -> bool:
        """Tell whether this is the other or later, whatever as_of is."""
        if self.date and other.date:
            return self.date >= other.date
        mine, theirs = self.period, other.period
        if mine and theirs and mine.unit == theirs.unit and self.anchor == other.anchor:
            return mine.amount <= theirs.amount
        return False

    def days_ago(self) -> int | None:
        """Return how many days before as_of it is at most; None for a date, which recedes."""
        if self.anchor == "date":
            return None
        if self.is_ahead:
            return 0
        unit = self.unit or (self.period.unit if self.period else "day")
        steps = (self.period.amount if self.period else 0) + (self.anchor in ("start", "day"))
        return -(-steps * _AT_MOST_SECONDS[unit] // _AT_MOST_SECONDS["day"])

    def __str__(self) -> str:
        match self.anchor:
            case "as_of":
                return "now"
            case "shift":
                return f"{self.period} {'from now' if self.is_ahead else 'ago'}"
            case "day":
                return "today"
            case "start":
                return f"the start of the {'previous' if self.period else 'current'} {self.unit}"
            case "date":
                assert self.date is not None
                midnight = not self._time_format()
                return self.date.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")

    def sql(self, clock: Clock, *, local: bool) -> exp.Expr:
        """Return the instant in UTC or, if `local`, on the wall clock."""
        if self.anchor == "as_of":
            return clock.local_as_of() if local else clock.as_of()
        if self.anchor == "day":
            today = exp.cast(clock.local_as_of(), "date")
            return exp.cast(self._shifted(today), "date") if self.period else today
        if self.anchor == "shift" and self.period and self.period.is_exact:
            instant = self._shifted(clock.as_of())
            return clock.to_local(instant) if local else instant
        wall = self._wall_clock(clock)
        return wall if local else clock.to_utc(wall)

    def _shifted(self, instant: exp.Expr) -> exp.Expr:
        assert self.period is not None
        # DuckDB holds 30 days and 1 month to be equal, and would compute only one of the two.
        is_negative = UNITS[self.period.unit][0] in ("MONTH", "YEAR")
        make = exp.Add if self.is_ahead != is_negative else exp.Sub
        return make(this=instant, expression=self.period.sql(is_negative=is_negative))

    def _wall_clock(self, clock: Clock) -> exp.Expr:
        if self.anchor == "date":
            assert self.date is not None
            return timestamp(self.date)
        if self.anchor == "shift":
            return self._shifted(clock.local_as_of())
        unit = exp.Literal.string(self.unit)
        start: exp.Expr = exp.TimestampTrunc(this=clock.local_as_of(), unit=exp.var(unit.this))
        return self._shifted(start) if self.period else start


@dataclass(frozen=True)
class Clock:
    """Where the two readings of as_of stand in SQL, the time zone and the engine."""

    timezone: str
    dialect: str

    def as_of(self) -> exp.Expr:
        """Return the instant in UTC."""
        return exp.column("as_of")

    def local_as_of(self) -> exp.Expr:
        """Return the instant on the project's wall clock."""
        return exp.column("local_as_of")

    def to_utc(self, wall: exp.Expr) -> exp.Expr:
        """Return the instant at which the wall clock shows this."""
        return convert_zone(wall, self.timezone, "UTC", self.dialect)

    def to_local(self, instant: exp.Expr) -> exp.Expr:
        """Return what the wall clock shows at an instant."""
        return convert_zone(instant, "UTC", self.timezone, self.dialect)


AS_OF = Moment("as_of")
TODAY = Moment("day")


@dataclass(frozen=True)
class Window:
    """From one instant (in) to another (out); nothing means open."""

    start: Moment | None = None
    end: Moment | None = AS_OF

    def contains(self, subject: exp.Expr, bound: Callable[[Moment], exp.Expr]) -> exp.Expr | None:
        """Return the SQL that the subject lies inside; nothing if all time does."""
        parts: list[exp.Expr] = []
        if self.start:
            parts.append(exp.GTE(this=subject.copy(), expression=bound(self.start)))
        if self.end:
            parts.append(exp.LT(this=subject.copy(), expression=bound(self.end)))
        return exp.and_(*parts, copy=False) if parts else None

    def begins_at_most_days_ago(self) -> int | None:
        """Return how many days before as_of it begins at most; None if ever more."""
        return self.start.days_ago() if self.start else None

    def may_end_later(self) -> bool:
        """Tell whether the window can reach beyond as_of."""
        return self.end is None or self.end.anchor == "date" or self.end.is_ahead

    def __str__(self) -> str:
        if self.start is None:
            return "before " + str(self.end) if self.end != AS_OF else "at any time"
        if self.end == AS_OF:
            if self.start.anchor == "shift":
                return f"within the last {self.start.period}".replace("last 1 ", "last ")
            return f"since {self.start}"
        if self.end is None:
            return f"from {self.start} on"
        return f"from {self.start} until {self.end}"


def within(period: Period) -> Window:
    """Return the window of a period up to as_of."""
    return Window(Moment("shift", period))


def calendar(unit: str, *, previous: bool) -> Window:
    """Return the current week, month, quarter or year so far, or the whole one before."""
    current = Moment("start", unit=unit)
    if not previous:
        return Window(current)
    return Window(Moment("start", Period(1, unit), unit=unit), current)


def parse_period(text: str) -> Period | None:
    """Return the period that a text such as `30 days` means, or nothing."""
    found = _PERIOD.fullmatch(text)
    if not found or found[2] not in UNITS:
        return None
    period = Period(int(found[1]), found[2])
    per_year = _PER_YEAR.get(period.unit, 4 if period.unit == "quarter" else 1)
    return period if period.amount <= MAX_YEARS * per_year else None


def parse_date(text: str) -> datetime | None:
    """Return the wall clock instant of `2026-01-31` or `2026-01-31 18:30`, or nothing."""
    if not _DATE.fullmatch(text):
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if 1900 <= date.year <= 2200 else None


def parse_moment(text: str) -> Moment | None:
    """Return the instant of a date, or of `90 days ago`, or nothing."""
    if text.endswith(" ago") and (period := parse_period(text.removesuffix(" ago"))):
        return Moment("shift", period)
    date = parse_date(text)
    return Moment("date", date=date) if date else None


def timestamp(date: datetime) -> exp.Expr:
    """Return a timestamp literal without a time zone."""
    literal = exp.Literal.string(date.strftime("%Y-%m-%d %H:%M:%S"))
    return exp.cast(literal, "timestamp")
