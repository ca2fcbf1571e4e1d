"""When people buy: months, weekdays, hours and the busy weeks of a shop's year."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass

import numpy as np

from kohorte.demo.draw import Floats, Ints

DAY = 86_400
YEAR = 365.25 * DAY
#: The time that the demo covers, in years.
YEARS = 3
#: How much a year outsells the one before it.
GROWTH = 1.25
MONTHS = (0.85, 0.80, 0.95, 1.00, 1.05, 0.95, 0.85, 0.85, 0.95, 1.05, 1.30, 1.40)
#: From Monday on.
WEEKDAYS = (1.00, 0.95, 0.95, 1.00, 1.05, 0.95, 1.15)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 10, 11, 13, 16, 18, 16, 10, 5)
#: The days of November around the big discounts, and how much busier they are.
BUSY_DAYS, BUSY_FACTOR = range(20, 31), 1.7


@dataclass(frozen=True)
class Calendar:
    """The instants that a demo covers, [start, end) in seconds, and their seasons."""

    start: int
    end: int
    share_before_day: Floats

    def between(
        self,
        rng: np.random.Generator,
        earliest: Ints,
        latest: Ints,
        skew: float | Floats = 1.0,
    ) -> Ints:
        """Return one instant in each [earliest, latest), more of them in busy times.

        A skew above 1 moves the instants towards the earlier end.
        """
        size = len(earliest)
        low, high = self._share(earliest), self._share(latest)
        place = low + (high - low) * rng.random(size) ** skew
        day = np.searchsorted(self.share_before_day, place, side="right") - 1
        day = np.clip(day, 0, len(self.share_before_day) - 2)
        moment = self.start + day * DAY + seconds_of_day(rng, size)
        room = np.minimum(latest - earliest, DAY // 4)
        nudge = (rng.random(size) * room).astype(np.int64)
        moment = np.where(moment < earliest, earliest + nudge, moment)
        return np.where(moment >= latest, latest - 1 - nudge, moment).astype(np.int64)

    def full(self, size: int, instant: int) -> Ints:
        """Return one instant `size` times over."""
        return np.full(size, instant, dtype=np.int64)

    def _share(self, moments: Ints) -> Floats:
        """Return the share of the whole period's trade that lies before each instant."""
        days = (moments - self.start) / DAY
        return np.interp(days, np.arange(len(self.share_before_day)), self.share_before_day)


def calendar_until(until: datetime.date) -> Calendar:
    """Return the calendar of the years up to and including the day `until`."""
    end_day = until + datetime.timedelta(days=1)
    year = end_day.year - YEARS
    last_of_month = calendar.monthrange(year, end_day.month)[1]
    start_day = end_day.replace(year=year, day=min(end_day.day, last_of_month))
    days = np.arange(np.datetime64(start_day), np.datetime64(end_day))
    weights = np.cumsum(_weights(days))
    shares = np.concatenate([np.zeros(1), weights / weights[-1]])
    return Calendar(_seconds(start_day), _seconds(end_day), shares)


def month_of(moments: Ints) -> Ints:
    """Return the month of each instant, 0 for January."""
    months = moments.view("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months % 12)


def seconds_of_day(rng: np.random.Generator, size: int) -> Ints:
    """Return times of day in seconds, more of them in the evening."""
    edges = np.cumsum(np.asarray(HOURS, dtype=np.float64))
    hours = np.searchsorted(edges / edges[-1], rng.random(size), side="right")
    return (hours * 3600 + rng.integers(0, 3600, size)).astype(np.int64)


def _weights(days: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]) -> Floats:
    """Return how busy each day is."""
    number = days.astype(np.int64)
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64) % 12
    day_of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    busy = (month == 10) & np.isin(day_of_month, list(BUSY_DAYS))
    trend = GROWTH ** ((number - number[0]) / 365.25)
    # Day 0, 1970-01-01, was a Thursday.
    weekday = np.asarray(WEEKDAYS)[(number + 3) % 7]
    return np.asarray(np.asarray(MONTHS)[month] * weekday * trend * np.where(busy, BUSY_FACTOR, 1))


def _seconds(day: datetime.date) -> int:
    """Return midnight of a day in seconds since 1970."""
    return (day - datetime.date(1970, 1, 1)).days * DAY
