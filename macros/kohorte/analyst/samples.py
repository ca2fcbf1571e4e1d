"""What attributes look like in the warehouse: common values, usual ranges, how much is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Catalog, Column, Type

#: A value that fewer rows have may tell who it is, and is no example.
_LEAST = 5
_SHOWN = 3
_LONGEST = 40
_SUMMARIES: Mapping[Type, str] = {
    Type.NUMBER: "quantile_cont(cast({0} as double), [0.1, 0.5, 0.9])",
    Type.BOOLEAN: "avg(cast({0} as integer))",
    Type.DATE: "quantile_disc({0}, [0.1, 0.5, 0.9])",
    Type.TIMESTAMP: "quantile_disc(cast({0} as date), [0.1, 0.5, 0.9])",
}


def samples(warehouse: Warehouse, catalog: Catalog) -> dict[tuple[str, str], str]:
    """Return an example for each column that is not personal, by activity and column.

    An attribute's activity is empty. What is not in the warehouse, or is null in all rows,
    has no example.
    """
    found = {}
    for entity in catalog.entities.values():
        for name, text in _of_table(warehouse, entity.model, entity.attributes):
            found["", name] = text
    for activity in catalog.activities.values():
        for name, text in _of_table(warehouse, activity.model, activity.columns):
            found[activity.name, name] = text
    return found


def _of_table(
    warehouse: Warehouse, table: str, columns: Mapping[str, Column]
) -> Iterator[tuple[str, str]]:
    """Yield the examples of one table's columns."""
    known = set(warehouse.columns(table))
    shown = [c for c in columns.values() if c.name in known and not c.is_personal]
    summed = [column for column in shown if column.type in _SUMMARIES]
    parts = [
        part
        for column in summed
        for part in (f"count({column.name})", _SUMMARIES[column.type].format(column.name))
    ]
    if not known:
        return
    ((count, *values),) = warehouse.rows(f"select {', '.join(['count(*)', *parts])} from {table}")
    for position, column in enumerate(summed):
        filled, value = values[2 * position : 2 * position + 2]
        if filled >= _LEAST:
            yield column.name, _summary(column.type, value) + _unknown(filled, count)
    for column in shown:
        if column.type in (Type.TEXT, Type.LIST):
            text = _common(warehouse, table, column)
            if text:
                yield column.name, text


def _common(warehouse: Warehouse, table: str, column: Column) -> str:
    """Return the most common values of a text, or elements of a list."""
    value = f"unnest({column.name})" if column.type is Type.LIST else column.name
    rows = warehouse.rows(
        f"select value from (select {value} as value from {table}) where value is not null"
        f" and length(value) between 1 and {_LONGEST}"
        f" group by value having count(*) >= {_LEAST} order by count(*) desc, value"
        f" limit {_SHOWN}"
    )
    return ", ".join(str(each) for (each,) in rows)


def _summary(kind: Type, value: Any) -> str:
    if kind is Type.BOOLEAN:
        return f"{value:.0%} yes"
    low, middle, high = (_shown(each) for each in value)
    return f"{low} to {high}, median {middle}" if low != high else low


def _unknown(filled: int, count: int) -> str:
    share = 1 - filled / count
    return f"; {share:.0%} unknown" if share >= 0.005 else ""


def _shown(value: Decimal | float | date) -> str:
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")
