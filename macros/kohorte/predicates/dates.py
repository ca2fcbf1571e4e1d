"""Tests of dates and timestamps: windows, calendar periods, anniversaries.

A date stands for its midnight on the project's wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from sqlglot import exp

from kohorte import document, shapes
from kohorte.catalog import Column, Type
from kohorte.moments import AS_OF, TODAY, Moment, Period, Window
from kohorte.predicates.base import (
    MOMENT_TYPES,
    Predicate,
    Scope,
    Subject,
    complement,
    literal,
)

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_WINDOW_OPERATORS = ("within", "between", "before", "after", "this", "previous")


_MEANINGS = {
    "not_within": "Not in so long a time up to now; a missing value is not.",
    "older_than": "Before so long a time up to now.",
    "next": "In so long a time from now on.",
    "on": "On a day, by the project's wall clock.",
}


@dataclass(frozen=True)
class InWindow(Predicate):
    """The tests that are a window: the value lies inside, or for a negative one not."""

    operators = (*_WINDOW_OPERATORS, *_MEANINGS)
    types = MOMENT_TYPES

    operator: str
    window: Window

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read a period, a date or two, or a calendar unit."""
        return cls(operator, cls._window(operator, node, reader))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a period, a date or two, or a calendar unit."""
        if operator in _WINDOW_OPERATORS:
            return vocabulary.window(operator)
        shape = shapes.day() if operator == "on" else shapes.period()
        return shapes.described(shape, _MEANINGS[operator])

    @staticmethod
    def _window(operator: str, node: Node, reader: Reader) -> Window:
        if operator in _WINDOW_OPERATORS:
            window = reader.window(operator, node)
            if operator == "before":
                return Window(None, window.end)
            return Window(window.start, None) if operator == "after" else window
        if operator == "on":
            date = reader.date(node)
            if date.time() != date.min.time():
                raise reader.fail(node, "a day has no time of day", "a date such as 2026-01-31")
            next_day = Moment("date", date=date + timedelta(days=1))
            return Window(Moment("date", date=date), next_day)
        period = reader.period(node)
        match operator:
            case "not_within":
                return Window(Moment("shift", period))
            case "older_than":
                return Window(None, Moment("shift", period))
            case _:
                return Window(AS_OF, Moment("shift", period, is_ahead=True))

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return comparisons with the window's ends."""
        is_date = subject.column.type is Type.DATE
        value = exp.cast(subject.copy(), "timestamp") if is_date else subject.copy()
        positive = self.window.contains(value, lambda moment: scope.moment(moment, local=is_date))
        assert positive is not None
        return complement(positive) if self.operator == "not_within" else positive

    def words(self) -> str:
        """Say `is within the last 30 days`."""
        match self.operator:
            case "not_within":
                return f"is not {self.window}"
            case "older_than":
                return f"is longer than {self.window.end} ago".replace(" ago ago", " ago")
            case "on":
                return f"is on {self.window.start}"
            case "next":
                assert self.window.end is not None
                return f"is within the next {self.window.end.period}"
            case "before":
                return f"is before {self.window.end}"
            case "after":
                return f"is on or after {self.window.start}"
            case _:
                return f"is {self.window}"


@dataclass(frozen=True)
class Anniversary(Predicate):
    """`anniversary`: the day and month come round, whatever the year.

    29 February's anniversary is 28 February in other years. The day itself is not yet
    an anniversary: the first is a year later. `next: 7 days` begins with today, `last: 7
    days` ends with yesterday.
    """

    operators = ("anniversary",)
    types = MOMENT_TYPES

    kind: Literal["next", "last", "month"]
    period: Period | None = None
    month: int = 0

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read `today`, `{next: …}`, `{last: …}` or `{month: 1 to 12}`."""
        expected = "today, {next: 7 days}, {last: 7 days} or {month: 5}"
        if isinstance(node, document.Scalar) and node.value == "today":
            return cls("next", Period(1, "day"))
        if not isinstance(node, document.Mapping) or len(node.entries) != 1:
            raise reader.fail(node, "not an anniversary", expected)
        kind, value = node.names()[0], node.entries[0][1]
        if kind == "month":
            month = reader.number(value)
            if month not in range(1, 13):
                raise reader.fail(value, f"{month} is no month", "1 to 12")
            return cls("month", month=int(month))
        if kind not in ("next", "last"):
            raise reader.fail(node, f"`{kind}` is not a kind of anniversary", expected)
        period = reader.period(value)
        days = period.amount * {"day": 1, "week": 7, "month": 30, "year": 365}.get(period.unit, 999)
        if days > 366:
            message = f"{period} is not a period of whole days of up to a year"
            raise reader.fail(value, message, "such as 7 days, 2 weeks or 1 month")
        return cls("next" if kind == "next" else "last", period)

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of today, a period of days, or a month."""
        period = shapes.period(("day", "week", "month", "year"))
        kinds = shapes.fields({"next": period, "last": period, "month": shapes.whole(1, 12)})
        shape = shapes.either({"const": "today"}, {**kinds, "maxProperties": 1})
        return shapes.described(shape, "Day and month come round, whatever the year.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return whether this, the previous or the next year's anniversary fits."""
        day = self._day(subject, scope)
        if self.month:
            number = exp.Extract(this=exp.var("month"), expression=day)
            return exp.EQ(this=number, expression=literal(self.month))
        today = scope.moment(TODAY, local=True)
        edge = Moment("day", self.period, is_ahead=self.kind == "next")
        other = scope.moment(edge, local=True)
        start, end = (today, other) if self.kind == "next" else (other, today)
        offsets = (0, 1) if self.kind == "next" else (0, -1)
        tests = [self._falls(day, today, offset, start, end) for offset in offsets]
        return exp.or_(*tests, copy=False)

    @staticmethod
    def _day(subject: Subject, scope: Scope) -> exp.Expr:
        if subject.column.type is Type.DATE:
            return subject.copy()
        return exp.cast(scope.local(subject.copy()), "date")

    @staticmethod
    def _falls(
        day: exp.Expr, today: exp.Expr, offset: int, start: exp.Expr, end: exp.Expr
    ) -> exp.Expr:
        """Return whether the anniversary of one year lies in the window."""
        years: exp.Expr = exp.Sub(this=_year(today), expression=_year(day))
        if offset:
            make = exp.Add if offset > 0 else exp.Sub
            years = make(this=years, expression=literal(1))
        months = exp.Mul(this=exp.paren(years), expression=literal(12))
        date = exp.cast(exp.AddMonths(this=day.copy(), expression=months), "date")
        return exp.paren(
            exp.and_(
                exp.GT(this=years.copy(), expression=literal(0)),
                exp.GTE(this=date, expression=start.copy()),
                exp.LT(this=date.copy(), expression=end.copy()),
                copy=False,
            ),
            copy=False,
        )

    def words(self) -> str:
        """Say `has its anniversary within the next 7 days`."""
        if self.kind == "month":
            return f"has its anniversary in month {self.month}"
        if self.kind == "next" and self.period == Period(1, "day"):
            return "has its anniversary today"
        return f"has its anniversary within the {self.kind} {self.period}"


def _year(date: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.var("year"), expression=date.copy())


PREDICATES = (InWindow, Anniversary)
