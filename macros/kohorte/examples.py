"""Unit tests of segments: a customer in a few literals, and where they should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from kohorte.catalog import Column, Type
from kohorte.document import Mapping as MappingNode
from kohorte.document import Node
from kohorte.errors import Place
from kohorte.moments import Moment
from kohorte.reader import Reader

KEYS = ("name", "as_of", "customer", "did", "lists", "is_in", "is_not_in")
#: What a test is seen from unless it says otherwise (UTC).
DEFAULT_AS_OF = datetime(2026, 7, 1, 12)

#: What a column holds: text, number, boolean, list of texts, or an instant.
Value = object
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Example:
    """One customer, and the segments that they must be in, and must not be in."""

    name: str
    place: Place
    as_of: datetime
    customer: Row
    #: What they did: rows by activity.
    did: Mapping[str, tuple[Row, ...]]
    lists: tuple[str, ...]
    is_in: tuple[str, ...]
    is_not_in: tuple[str, ...]


def read_example(node: Node, reader: Reader) -> Example:
    """Read one test; raise Invalid after recording what is wrong."""
    fields = reader.fields(node, optional=KEYS)
    if not {"is_in", "is_not_in"} & fields.keys():
        raise reader.fail(node, "nothing is expected", "`is_in`, `is_not_in` or both")

    def names(key: str) -> tuple[str, ...]:
        nodes = reader.one_or_more(fields[key]) if key in fields else ()
        return tuple(map(reader.segment, nodes))

    def lists() -> tuple[str, ...]:
        nodes = reader.one_or_more(fields["lists"]) if "lists" in fields else ()
        return tuple(map(reader.list_name, nodes))

    customer, did, on_lists, is_in, is_not_in = reader.every(
        lambda: _row(fields["customer"], reader) if "customer" in fields else {},
        lambda: _did(fields["did"], reader) if "did" in fields else {},
        lists,
        partial(names, "is_in"),
        partial(names, "is_not_in"),
    )
    name = reader.text(fields["name"]) if "name" in fields else f"line {node.place.line}"
    as_of = reader.date(fields["as_of"]) if "as_of" in fields else DEFAULT_AS_OF
    return Example(name, node.place, as_of, customer, did, on_lists, is_in, is_not_in)


def _did(node: Node, reader: Reader) -> dict[str, tuple[Row, ...]]:
    """Read rows by activity; with a type as in `did: events.searched`."""
    rows: dict[str, tuple[Row, ...]] = {}
    for key, value in reader.mapping(node, "activities").entries:
        activity = reader.activity_of(key)
        _, _, type_ = str(key.value).partition(".")
        scoped = reader.within_activity(activity.name)
        extra = {activity.type: type_} if type_ and activity.type else {}
        read = tuple({**extra, **_row(item, scoped)} for item in reader.one_or_more(value))
        for row, item in zip(read, reader.one_or_more(value), strict=True):
            if activity.time not in row:
                raise reader.fail(item, f"`{activity.time}` is missing", "when it was")
        rows[activity.name] = (*rows.get(activity.name, ()), *read)
    return rows


def _row(node: Node, reader: Reader) -> dict[str, Value]:
    """Read columns and their values."""
    if isinstance(node, MappingNode) and not node.entries:
        return {}
    entries = reader.mapping(node, "columns and their values").entries
    row: dict[str, Value] = {}
    for key, value in entries:
        column = reader.column(key)
        if column.parts:
            expected = " and ".join(column.parts)
            raise reader.fail(key, f"{column.name} is a place", expected)
        row[column.name] = _value(value, column, reader)
    return row


def _value(node: Node, column: Column, reader: Reader) -> Value:
    if getattr(node, "value", "") is None:
        return None
    if column.type is Type.LIST:
        return [reader.text(item) for item in reader.one_or_more(node)]
    if column.type is Type.TIMESTAMP:
        moment: Moment = reader.moment(node)
        return moment
    return reader.value(node, column)
