"""What one customer has of that which conditions ask for, and how much is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlglot import exp

from kohorte.analyst.evaluation import Definitions
from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Type
from kohorte.column_test import ColumnTest
from kohorte.conditions import Condition
from kohorte.conditions.attribute import AttributeTest
from kohorte.conditions.did import Did
from kohorte.dialects import dialect_of, render, without_jinja
from kohorte.errors import shown
from kohorte.moments import Clock
from kohorte.plan import ActivityScope, Moments, join_moments
from kohorte.predicates.comparison import AttributeTimes, Between, Comparison


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

    def found(self, condition: Condition) -> str:
        """Say what the customer has."""
        match condition:
            case AttributeTest(test=ColumnTest(column=column)) if column.type is not Type.PLACE:
                return _shown(self._row.get(column.name))
            case Did():
                times, last = self._occurrences(condition)
                when = f", last on {last:%Y-%m-%d}" if last else ""
                return f"{times:,} {'time' if times == 1 else 'times'}{when}"
        return ""

    def missing(self, condition: Condition) -> str:
        """Say how much more or less it takes, for numbers."""
        match condition:
            case AttributeTest(test=ColumnTest(column=column, predicates=(predicate,))):
                value = self._row.get(column.name)
                if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                    return self._distance(Decimal(str(value)), predicate, column.name)
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
                    other = self._row.get(right.attribute)
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


def _number(value: Decimal | int) -> str:
    plain = f"{Decimal(value):,.4f}".rstrip("0").rstrip(".")
    return plain or "0"
