"""What a segment is written with: attributes, activities, their columns, and lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from kohorte.catalog import Column
from kohorte.conditions import Condition
from kohorte.conditions.did import Occurrence
from kohorte.conditions.manual_list import OnList
from kohorte.predicates import Predicate
from kohorte.predicates.ranks import Extreme, Percentile
from kohorte.segments.segment import Segment


@dataclass(frozen=True)
class Uses:
    """What one segment names itself, not through other segments.

    A column is an activity and a name; one without an activity is an attribute.
    """

    columns: frozenset[tuple[str, str]]
    activities: frozenset[str]
    lists: frozenset[str]


def uses_of(segment: Segment) -> Uses:
    """Return what a segment names."""
    parts = list(_parts(segment.condition))
    columns = {column for activity, part in parts for column in _columns(activity, part)}
    if segment.limit:
        columns |= {("", name) for name in (segment.limit.by, segment.limit.per) if name}
    return Uses(
        columns=frozenset(columns),
        activities=frozenset(activity for activity, _ in parts if activity),
        lists=frozenset(part.name for _, part in parts if isinstance(part, OnList)),
    )


def ranks(segment: Segment) -> bool:
    """Tell whether membership depends on other customers: by a ranking or a limit."""
    parts = (part for _, part in _parts(segment.condition))
    return segment.limit is not None or any(isinstance(p, Extreme | Percentile) for p in parts)


def _parts(value: Any, activity: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each dataclass in a value, with the activity that it speaks of."""
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item, activity)
    elif is_dataclass(value):
        occurrence = getattr(value, "occurrence", value)
        if isinstance(occurrence, Occurrence):
            activity = occurrence.activity.name
        yield activity, value
        for part in fields(value):
            yield from _parts(getattr(value, part.name), activity)


def _columns(activity: str, part: object) -> Iterator[tuple[str, str]]:
    """Yield the columns that a part names, not those of the parts in it."""
    match part:
        case Column():
            yield activity, part.name
        case Predicate():
            yield from ((activity, name) for name in part.columns())
        case Condition():
            yield from part.columns()
        case Occurrence() if part.type and part.activity.type:
            yield activity, part.activity.type
