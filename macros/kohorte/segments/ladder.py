"""A ladder: exclusive tiers by a number, each a segment of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from kohorte.catalog import Column, Type
from kohorte.column_test import ColumnTest
from kohorte.conditions import Condition
from kohorte.conditions.attribute import AttributeTest
from kohorte.conditions.groups import Group
from kohorte.conditions.membership import WasInSegment, need_history, need_kept
from kohorte.document import Node, Scalar
from kohorte.moments import Window, within
from kohorte.predicates import Predicate
from kohorte.predicates.comparison import Comparison
from kohorte.reader import Reader
from kohorte.segments.entry import TEXT_KEYS, need, part, read_texts
from kohorte.segments.files import Declared
from kohorte.segments.segment import REACHED_SUFFIX, Kind, Segment

KEYS = (*TEXT_KEYS, "by", "tiers", "grace")
_Tier = tuple[Scalar, int | Decimal]


def read_ladder(entry: Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read `{by: spend, tiers: {bronze: 500, gold: 1000}, grace: 60 days}`.

    A customer is in the highest tier whose threshold the number reaches or, with grace,
    reached so short a time ago. Each tier is a segment; with grace, a second one, which
    nobody else sees, remembers who reached it by the number alone.
    """
    need(entry, parts, ("by", "tiers"), reader)
    texts = read_texts(entry, parts, reader)
    column = reader.column_named(parts["by"])
    if column.type is not Type.NUMBER:
        raise reader.fail(parts["by"], f"{column.name} is a {column.type}", "a number")
    tiers = _tiers(parts["tiers"], reader)
    if "grace" not in parts:
        return [
            part(entry, key, texts, Kind.TIER, AttributeTest(ColumnTest(column, tests)), reader)
            for (key, _), tests in zip(tiers, _between(tiers), strict=True)
        ]
    need_history(parts["grace"], reader)
    window = within(reader.period(parts["grace"]))
    need_kept(window, parts["grace"], reader)
    reached = [_reached(entry, tier, texts, column, reader) for tier in tiers]
    held = [_held(segment, window) for segment in reached]
    segments = []
    for position, (key, _) in enumerate(tiers):
        above = tuple(held[position + 1 :])
        rule = Group("all", (held[position], Group("none", above))) if above else held[-1]
        segments.append(part(entry, key, texts, Kind.TIER, rule, reader))
    return [*reached, *segments]


def _tiers(node: Node, reader: Reader) -> list[_Tier]:
    """Read the thresholds, and return them from the lowest to the highest."""
    tiers = [(key, reader.number(value)) for key, value in reader.mapping(node, "tiers").entries]
    tiers.sort(key=lambda tier: tier[1])
    for (_, threshold), (key, next_threshold) in pairwise(tiers):
        if threshold == next_threshold:
            raise reader.fail(key, f"two tiers begin at {threshold}")
    return tiers


def _between(tiers: Sequence[_Tier]) -> Iterator[tuple[Predicate, ...]]:
    """Yield the tests of each tier: its threshold is reached, the next one is not."""
    for position, (_, threshold) in enumerate(tiers):
        above = tuple(Comparison("lt", end) for _, end in tiers[position + 1 : position + 2])
        yield (Comparison("gte", threshold), *above)


def _reached(
    entry: Declared, tier: _Tier, texts: Mapping[str, Any], column: Column, reader: Reader
) -> Segment:
    """Return the segment of those whose number reaches a tier now."""
    key, threshold = tier
    rule = AttributeTest(ColumnTest(column, (Comparison("gte", threshold),)))
    visible = part(entry, key, texts, Kind.REACHED, rule, reader)
    was = visible.was and f"{visible.was}{REACHED_SUFFIX}"
    return replace(visible, name=visible.name + REACHED_SUFFIX, was=was)


def _held(reached: Segment, grace: Window) -> Condition:
    """Return the condition that a tier is reached now, or was within the grace."""
    assert reached.rule is not None
    return Group("any", (reached.rule, WasInSegment(reached.name, grace)))
