"""A ladder: exclusive tiers by a number, each a segment of its own."""

from __future__ import annotations

from collections.abc import Mapping

from kohorte.catalog import Type
from kohorte.column_test import ColumnTest
from kohorte.conditions.attribute import AttributeTest
from kohorte.document import Node
from kohorte.predicates import Predicate
from kohorte.predicates.comparison import Comparison
from kohorte.reader import Reader
from kohorte.segments.entry import TEXT_KEYS, part, read_texts
from kohorte.segments.files import Declared
from kohorte.segments.segment import Kind, Segment

KEYS = (*TEXT_KEYS, "by", "tiers")


def read_ladder(entry: Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read `{by: spend, tiers: {bronze: 500, gold: 1000}}` as one segment a tier.

    A customer is in the highest tier whose threshold the number reaches.
    """
    reader.fields(entry.node, required=("by", "tiers"), optional=KEYS)
    texts = read_texts(entry, parts, reader)
    column = reader.column_named(parts["by"])
    if column.type is not Type.NUMBER:
        raise reader.fail(parts["by"], f"{column.name} is a {column.type}", "a number")
    tiers = [
        (key, reader.number(value))
        for key, value in reader.mapping(parts["tiers"], "tiers").entries
    ]
    tiers.sort(key=lambda tier: tier[1])
    segments = []
    for position, (key, threshold) in enumerate(tiers):
        tests: list[Predicate] = [Comparison("gte", threshold)]
        if position + 1 < len(tiers):
            above = tiers[position + 1]
            if above[1] == threshold:
                raise reader.fail(above[0], f"two tiers begin at {threshold}")
            tests.append(Comparison("lt", above[1]))
        rule = AttributeTest(ColumnTest(column, tuple(tests)))
        segments.append(part(entry, key, texts, Kind.TIER, rule, reader))
    return segments
