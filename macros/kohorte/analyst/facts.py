"""What one customer has of that which conditions ask for, and how much is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from kohorte.analyst.evaluation import Definitions
from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Column, Type
from kohorte.column_test import ColumnTest
from kohorte.conditions import Condition
from kohorte.conditions.attribute import AttributeTest
from kohorte.conditions.did import Did
from kohorte.dialects import dialect_of, render, without_jinja
from kohorte.errors import shown
from kohorte.moments import Clock, Moment
from kohorte.plan import ActivityScope, Moments, join_moments
from kohorte.predicates.comparison import AttributeTimes, Between, Comparison
from kohorte.predicates.dates import InWindow

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """One customer's values; `found` and `missing` are empty where there is none to tell."""

    warehouse: Warehouse
    definitions: Definitions
    customer: str

    @cached_property
    def _row(self) -> dict[str, Any]:
        entity = self.definitions.catalog.entities["customer"]
        query = f"select * from {entity.model} where {entity.key} = $customer"
        return self.warehouse.records(query, customer=self.customer)[0]

    def _value(self, column: Column) -> Any:
        """Return what the customer has of an attribute; of a trait, its text as it stands."""
        if not column.map:
            return self._row.get(column.name)
        text = (self._row.get(column.map) or {}).get(column.key)
        if text is None or column.type is not Type.NUMBER:
            return text
        try:
            return Decimal(text)
        except InvalidOperation:
            return text

    def found(self, condition: Condition) -> str:
        """Say what the customer has."""
        match condition:
            case AttributeTest(test=ColumnTest(column=column)) if column.type is not Type.PLACE:
                return _shown(self._value(column))
            case Did():
                times, last = self._occurrences(condition)
                when = f", last on {last:%Y-%m-%d}" if last else ""
                return f"{times:,} {'time' if times == 1 else 'times'}{when}"
        return ""

    def missing(self, condition: Condition) -> str:
        """Say how much more or less it takes, for numbers and times."""
        match condition:
            case AttributeTest(test=ColumnTest(column=column, predicates=(predicate,))):
                value = self._value(column)
                if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                    return self._distance(Decimal(str(value)), predicate, column.name)
                if isinstance(value, date) and isinstance(predicate, InWindow):
                    return self._days_away(value, predicate, column.name)
            case Did(regularly=None, is_negative=False, aggregates=()):
                times, _ = self._occurrences(condition)
                return f"1 more {condition.occurrence.words()}" if times == 0 else ""
            case Did(regularly=None, is_negative=False, aggregates=(only,)) if (
                only.column is None and len(only.tests) == 1
            ):
                times, _ = self._occurrences(condition)
                return self._distance(Decimal(times), only.tests[0], condition.occurrence.words())
        return ""

    def _distance(self, value: Decimal, predicate: object, name: str) -> str:
        match predicate:
            case Comparison(operator=operator, right=right):
                if isinstance(right, AttributeTimes):
                    other = self._value(self._attribute(right.attribute))
                    if other is None:
                        return ""
                    right = Decimal(str(other)) * right.times
                difference = Decimal(right) - value
                is_more = operator in ("gt", "gte")
                if (difference > 0) != is_more and difference != 0:
                    return ""
                over = "over " if operator in ("gt", "lt") else ""
                return f"{name} {over}{_number(abs(difference))} {'higher' if is_more else 'lower'}"
            case Between(low=low, high=high):
                if value < low:
                    return f"{name} {_number(low - value)} higher"
                if value > high:
                    return f"{name} {_number(value - high)} lower"
        return ""

    def _attribute(self, name: str) -> Column:
        return self.definitions.catalog.entities["customer"].attributes[name]

    def _days_away(self, value: date, predicate: InWindow, name: str) -> str:
        """Say how many days a value is outside of a window, or too far inside of it.

        An end of the window that moves with as_of comes nearer by itself.
        """
        is_instant = isinstance(value, datetime)
        at = value if isinstance(value, datetime) else datetime.combine(value, time.min)
        at = self._on_the_wall(at) if is_instant else at
        start, end = predicate.window.start, predicate.window.end
        first = self._instant(start, is_instant) if start else None
        last = self._instant(end, is_instant) if end else None
        if predicate.operator == "not_within":
            if first and at >= first:
                return f"{_days((at - first) // _DAY + 1)} without another"
            return ""
        if first and at < first:
            return f"{name} {_days(-((at - first) // _DAY))} later"
        if last and at >= last:
            days = _days((at - last) // _DAY + 1)
            moves = end is not None and end.anchor in ("as_of", "shift")
            return f"{days} of waiting" if moves else f"{name} {days} earlier"
        return ""

    def _instant(self, moment: Moment, is_instant: bool) -> datetime:
        """Return what the project's clock on the wall shows at a moment."""
        if (moment, is_instant) not in self._instants:
            moments = Moments(Clock(self.definitions.project.timezone, dialect_of("duckdb")))
            moments.column(moment, local=not is_instant)
            query = render(without_jinja(moments.query()), "duckdb")
            ((found,),) = self.warehouse.rows(query)
            wall = self._on_the_wall(found) if is_instant else found
            self._instants[moment, is_instant] = wall
        return self._instants[moment, is_instant]

    @cached_property
    def _instants(self) -> dict[tuple[Moment, bool], datetime]:
        return {}

    def _on_the_wall(self, instant: datetime) -> datetime:
        zone = ZoneInfo(self.definitions.project.timezone)
        return instant.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)

    def _occurrences(self, condition: Did) -> tuple[int, datetime | None]:
        """Return how often the customer did it, and when last."""
        project, activity = self.definitions.project, condition.occurrence.activity
        moments = Moments(Clock(project.timezone, dialect_of("duckdb")))
        scope = ActivityScope(activity, moments)
        rows = condition.occurrence.rows(scope)
        time = scope.column(activity.time)
        rows = rows.select(exp.Count(this=exp.Star()), exp.Max(this=time), append=False)
        join_moments(rows)
        own = exp.EQ(this=scope.column(activity.key), expression=exp.Parameter(this="customer"))
        rows = rows.where(own, copy=False)
        text = render(without_jinja(rows), "duckdb").replace("@customer", "$customer")
        if moments.columns:
            text = f"with moments as ({render(moments.query(), 'duckdb')}) {text}"
        ((times, last),) = self.warehouse.rows(text, customer=self.customer)
        return int(times), last


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(str(value)))
    if isinstance(value, list):
        return shown(", ".join(map(str, value))) or "none"
    return shown(value)


def _days(days: int) -> str:
    return f"{days:,} {'day' if days == 1 else 'days'}"


def _number(value: Decimal | int) -> str:
    plain = f"{Decimal(value):,.4f}".rstrip("0").rstrip(".")
    return plain or "0"
