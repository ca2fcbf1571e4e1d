"""Read the parts of a spec: each method takes a node and returns what it means.

Every mistake is recorded with its place. A method that cannot go on raises Invalid, so
that its caller can leave out the part and read the rest: all mistakes in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from kohorte.catalog import Activity, Catalog, Column, Entity, Type
from kohorte.document import Mapping as MappingNode
from kohorte.document import Node, Scalar, Sequence
from kohorte.errors import Invalid, Problem, nearest, shown
from kohorte.moments import (
    CALENDAR_UNITS,
    UNITS,
    Moment,
    Period,
    Window,
    calendar,
    parse_date,
    parse_moment,
    parse_period,
    within,
)
from kohorte.predicates.comparison import Between, Comparison

PERIOD_EXPECTED = f"a number and a unit ({', '.join(UNITS)}), such as 30 days"
MOMENT_EXPECTED = "a date such as 2026-01-31, or such as 90 days ago"
WINDOW_KEYS = ("within", "between", "before", "after", "this", "previous")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) *%")
#: After so many mistakes, the nearest name is not looked for any more: it takes time.
MAX_HINTS = 1000
#: Lists of values longer than this belong into a manual list.
MAX_ITEMS = 10_000


@dataclass(frozen=True)
class Reader:
    """The catalog to resolve against, the table in view, and the mistakes so far."""

    catalog: Catalog
    entity: Entity
    columns: Mapping[str, Column]
    segments: Collection[str]
    problems: list[Problem]
    #: The activity whose columns are in view; nothing for the entity's attributes.
    activity: str = ""
    #: How many mistakes were told of other entries.
    told: int = 0

    # --- mistakes -------------------------------------------------------------------

    def fail(
        self,
        node: Node,
        message: str,
        expected: str = "",
        candidates: Iterable[str] = (),
        name: str = "",
    ) -> Invalid:
        """Record a mistake; the caller raises what this returns."""
        has_hint = bool(name) and self.told + len(self.problems) < MAX_HINTS
        hint = nearest(name, candidates) if has_hint else ""
        self.problems.append(Problem(node.place, message, expected, hint))
        return Invalid()

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """Go on behind a part that was given up; its mistakes are recorded."""
        try:
            yield
        except Invalid:
            return

    def every(self, *parts: Callable[[], Any]) -> list[Any]:
        """Read all parts, so that the mistakes of each are recorded; then give up on any."""
        found = []
        for part in parts:
            with self.tolerant():
                found.append(part())
        if len(found) < len(parts):
            raise Invalid
        return found

    # --- plain values ---------------------------------------------------------------

    def text(self, node: Node) -> str:
        """Read a text that is not empty."""
        value = self._scalar(node, "a text")
        if not isinstance(value, str):
            message = f"`{shown(value)}` is not a text"
            raise self.fail(node, message, "a text; put it into quotes if it is one")
        if not value or "\x00" in value:
            message = "a text with a NUL character" if value else "an empty text"
            raise self.fail(node, message, "at least one character, and no NUL")
        return value

    def number(self, node: Node) -> int | Decimal:
        """Read a number."""
        value = self._scalar(node, "a number")
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.fail(node, f"`{shown(value)}` is not a number", "a number")
        return value

    def whole(self, node: Node, low: int, high: int) -> int:
        """Read a whole number within bounds, both in."""
        value = self.number(node)
        if not isinstance(value, int) or not low <= value <= high:
            expected = f"a whole number from {low:,} to {high:,}"
            raise self.fail(node, f"`{value}` does not fit here", expected)
        return value

    def boolean(self, node: Node) -> bool:
        """Read true or false."""
        value = self._scalar(node, "true or false")
        if not isinstance(value, bool):
            raise self.fail(node, f"`{shown(value)}` is not true or false", "true or false")
        return value

    def period(self, node: Node) -> Period:
        """Read a period such as `30 days`."""
        value = self._scalar(node, PERIOD_EXPECTED)
        period = parse_period(value) if isinstance(value, str) else None
        if period is None:
            unit = str(value).split()[-1:] or [""]
            raise self.fail(
                node,
                f"`{shown(value)}` is not a period",
                PERIOD_EXPECTED,
                [f"{name}s" for name in UNITS],
                unit[0],
            )
        if period.amount == 0:
            raise self.fail(node, f"`{period}` is no time at all", PERIOD_EXPECTED)
        return period

    def date(self, node: Node) -> datetime:
        """Read a date, or a date with a time of day, on the project's wall clock."""
        value = self._scalar(node, "a date")
        date = parse_date(value) if isinstance(value, str) else None
        if date is None:
            expected = "a date such as 2026-01-31 or 2026-01-31 18:30"
            raise self.fail(node, f"`{shown(value)}` is not a date", expected)
        return date

    def moment(self, node: Node) -> Moment:
        """Read a date, or a distance such as `90 days ago`."""
        value = self._scalar(node, MOMENT_EXPECTED)
        moment = parse_moment(value) if isinstance(value, str) else None
        if moment is None:
            raise self.fail(node, f"`{shown(value)}` is not a date", MOMENT_EXPECTED)
        return moment

    def amount_or_share(self, node: Node) -> tuple[int | Decimal, bool]:
        """Read `100`, or `10%`; return the amount and whether it is a share."""
        value = self._scalar(node, "a whole number or a percentage")
        found = _SHARE.fullmatch(value) if isinstance(value, str) else None
        if found and 0 < Decimal(found[1]) <= 100:
            return Decimal(found[1]).normalize() + 0, True
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value, False
        expected = "a whole number above 0, or a percentage such as 10%"
        raise self.fail(node, f"`{shown(value)}` does not fit here", expected)

    def share(self, node: Node) -> Decimal:
        """Read a share such as `20%`, as a number from 0 to 1."""
        amount, is_share = self.amount_or_share(node)
        if not is_share:
            raise self.fail(node, "a change is a share", "such as 20%")
        return Decimal(amount) / 100

    def _scalar(self, node: Node, expected: str) -> object:
        if not isinstance(node, Scalar):
            raise self.fail(node, f"{_kind(node)} where a single value belongs", expected)
        if node.value is None:
            raise self.fail(node, "nothing stands here", expected)
        return node.value

    # --- structure ------------------------------------------------------------------

    def items(self, node: Node) -> tuple[Node, ...]:
        """Read a list of at least one item."""
        if not isinstance(node, Sequence) or not node.items:
            expected = "a list of at least one item"
            raise self.fail(node, f"{_kind(node)} does not fit here", expected)
        if len(node.items) > MAX_ITEMS:
            message = f"a list of {len(node.items):,} items"
            raise self.fail(node, message, f"at most {MAX_ITEMS:,}; use a manual list for more")
        return node.items

    def one_or_more(self, node: Node) -> tuple[Node, ...]:
        """Read a list; a single value is a list of one."""
        return self.items(node) if isinstance(node, Sequence) else (node,)

    def pair(self, node: Node) -> tuple[Node, Node]:
        """Read a list of two items."""
        items = self.items(node)
        if len(items) != 2:
            raise self.fail(node, f"{len(items)} values", "two values: [from, to]")
        return items[0], items[1]

    def mapping(self, node: Node, expected: str) -> MappingNode:
        """Read a mapping of at least one key."""
        if not isinstance(node, MappingNode) or not node.entries:
            raise self.fail(node, f"{_kind(node)} where keys and values belong", expected)
        return node

    def fields(
        self, node: Node, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> dict[str, Node]:
        """Read a mapping with known keys; every unknown one is a mistake."""
        known = list(dict.fromkeys((*required, *optional)))
        mapping = self.mapping(node, ", ".join(known))
        for key, _ in mapping.entries:
            if key.value not in known:
                name = str(key.value)
                self.fail(key, f"unknown key `{shown(name)}`", ", ".join(known), known, name)
        missing = [name for name in required if name not in mapping.names()]
        if missing:
            raise self.fail(node, f"`{missing[0]}` is missing", ", ".join(known))
        return {str(k.value): value for k, value in mapping.entries if k.value in known}

    # --- windows --------------------------------------------------------------------

    def window(self, key: str, node: Node) -> Window:
        """Read the value of one of the window keys."""
        if key == "within":
            return within(self.period(node))
        if key == "between":
            start, end = (self.moment(item) for item in self.pair(node))
            if start.is_surely_after(end):
                raise self.fail(node, "the window is empty", "the earlier date first")
            return Window(start, end)
        if key == "before":
            return Window(None, self.moment(node))
        if key == "after":
            return Window(self.moment(node))
        unit = self._scalar(node, "a calendar unit")
        if unit not in CALENDAR_UNITS:
            raise self.fail(
                node,
                f"`{shown(unit)}` is not a calendar unit",
                ", ".join(CALENDAR_UNITS),
                CALENDAR_UNITS,
                str(unit),
            )
        return calendar(str(unit), previous=key == "previous")

    def one_window(self, fields: Mapping[str, Node]) -> Window:
        """Read the one window among some fields, or `after` and `before` together."""
        keys = [key for key in WINDOW_KEYS if key in fields]
        if keys == ["before", "after"]:
            start = self.window("after", fields["after"]).start
            end = self.window("before", fields["before"]).end
            if start and end and start.is_surely_after(end):
                raise self.fail(fields["after"], "the window is empty", "the earlier date first")
            return Window(start, end)
        if len(keys) > 1:
            message = f"`{keys[0]}` and `{keys[1]}` together"
            raise self.fail(fields[keys[1]], message, "one window")
        return self.window(keys[0], fields[keys[0]]) if keys else Window()

    # --- values by type -------------------------------------------------------------

    def value(self, node: Node, column: Column) -> object:
        """Read a value of the column's type; an enumerated one must be allowed."""
        match column.type:
            case Type.NUMBER:
                return self.number(node)
            case Type.BOOLEAN:
                return self.boolean(node)
            case Type.DATE:
                date = self.date(node)
                if date.time() != date.min.time():
                    raise self.fail(node, "a day has no time of day", "such as 2026-01-31")
                return date.strftime("%Y-%m-%d")
        text = self.text(node)
        if column.values and text not in column.values:
            raise self.fail(
                node,
                f"`{shown(text)}` is not a value of {column.name}",
                "one of " + ", ".join(column.values),
                column.values,
                text,
            )
        return text

    def number_tests(self, node: Node) -> tuple[Comparison | Between, ...]:
        """Read tests of a computed number: a number for equal, or a mapping of tests."""
        column = Column("number", Type.NUMBER)
        if isinstance(node, Scalar):
            number = self.number(node)
            return (Between(number, number),)
        tests: list[Comparison | Between] = []
        known = ("eq", *Comparison.operators, *Between.operators)
        mapping = self.mapping(node, ", ".join(known))
        for key, value in mapping.entries:
            name = str(key.value)
            if name == "eq":
                number = self.number(value)
                tests.append(Between(number, number))
            elif name in Comparison.operators:
                tests.append(Comparison(name, self.number(value)))
            elif name in Between.operators:
                tests.append(Between.read(name, value, column, {}, self))
            else:
                raise self.fail(key, f"unknown test `{shown(name)}`", ", ".join(known), known, name)
        return tuple(tests)

    # --- names ----------------------------------------------------------------------

    def column(self, key: Scalar) -> Column:
        """Resolve the name of an attribute, or of the activity's column."""
        name = str(key.value)
        if name in self.columns:
            return self.columns[name]
        table = f"activity {self.activity}" if self.activity else f"entity {self.entity.name}"
        kind = "column" if self.activity else "attribute"
        raise self.fail(
            key,
            f"{table} has no {kind} `{shown(name)}`",
            f"one of the {kind}s in the catalog (kohorte docs lists them)",
            self.columns,
            name,
        )

    def column_named(self, node: Node) -> Column:
        """Resolve a column that is named as a value; a place has no column of its own."""
        column = self.column(Scalar(node.place, self.text(node)))
        if column.parts:
            message = f"{column.name} is a place"
            raise self.fail(node, message, f"one column, such as {column.parts[0]}")
        return column

    def other_attribute(self, node: Node, column: Column) -> Column:
        """Resolve the attribute on the right of a comparison; its type must fit."""
        other = self.column_named(node)
        if other.type is not column.type:
            message = f"{other.name} is a {other.type}, {column.name} is a {column.type}"
            raise self.fail(node, message, f"a {column.type}")
        return other

    def activity_of(self, node: Node) -> Activity:
        """Resolve the activity in `activity` or `activity.type`."""
        name = self.text(node).partition(".")[0]
        known = self.catalog.activities_of(self.entity.name)
        if name not in known:
            message = f"there is no activity `{shown(name)}`"
            raise self.fail(node, message, ", ".join(sorted(known)), known, name)
        return known[name]

    def segment(self, node: Node) -> str:
        """Resolve the name of a segment, tier or branch."""
        name = self.text(node)
        if name not in self.segments:
            raise self.fail(
                node,
                f"there is no segment `{shown(name)}` of entity {self.entity.name}",
                "a segment, or a tier (ladder__tier) or branch (waterfall__branch)",
                self.segments,
                name,
            )
        return name

    def list_name(self, node: Node) -> str:
        """Resolve the name of a manual list."""
        name = self.text(node)
        if name not in self.catalog.lists:
            raise self.fail(
                node,
                f"there is no list `{shown(name)}`",
                "a name in the column `list` of seeds/manual_lists.csv",
                self.catalog.lists,
                name,
            )
        return name

    # --- options --------------------------------------------------------------------

    def option_ignore_case(self, options: Mapping[str, Node], column: Column) -> bool:
        """Read `ignore_case`, which only text has."""
        if "ignore_case" not in options:
            return False
        if column.type is not Type.TEXT:
            raise self.fail(options["ignore_case"], f"{column.name} is not a text")
        return self.boolean(options["ignore_case"])

    def option_per(self, options: Mapping[str, Node]) -> str | None:
        """Read `per`, the attribute whose values form the groups of a ranking."""
        return self.column_named(options["per"]).name if "per" in options else None

    def need_ranking(self, node: Node) -> None:
        """Refuse a ranking of an activity's rows; only entities are ranked."""
        if self.activity:
            raise self.fail(node, "a ranking fits attributes, not an activity's columns")

    def within_activity(self, name: str) -> Reader:
        """Return a reader that has the columns of an activity in view."""
        activity = self.catalog.activities[name]
        return replace(self, columns=activity.columns, activity=name)


def _kind(node: Node) -> str:
    """Name what stands there."""
    if isinstance(node, Scalar):
        return "nothing" if node.value is None else f"`{shown(node.value)}`"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    return "keys and values" if node.entries else "nothing between the braces"
