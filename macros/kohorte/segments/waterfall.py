"""A waterfall: everybody gets the first segment that fits, as a branch of its own."""

from __future__ import annotations

from collections.abc import Mapping

from kohorte.conditions import Condition
from kohorte.conditions.groups import Group
from kohorte.conditions.membership import InSegment
from kohorte.document import Node, Scalar
from kohorte.reader import Reader
from kohorte.segments.entry import TEXT_KEYS, need, part, read_texts
from kohorte.segments.files import Declared
from kohorte.segments.segment import Kind, Segment

KEYS = (*TEXT_KEYS, "first_match")


def read_waterfall(entry: Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read `{first_match: [a, b, c]}` as one segment a branch.

    A customer is in the branch of the first segment that fits, and in no other.
    """
    need(entry, parts, ("first_match",), reader)
    texts = read_texts(entry, parts, reader)
    segments: list[Segment] = []
    before: list[Condition] = []
    for item in reader.items(parts["first_match"]):
        used = InSegment(reader.segment(item), is_negative=False)
        if used in before:
            raise reader.fail(item, f"`{used.segment}` stands here twice")
        rule = Group("all", (used, Group("none", tuple(before)))) if before else used
        key = Scalar(item.place, used.segment)
        segments.append(part(entry, key, texts, Kind.BRANCH, rule, reader))
        before.append(used)
    return segments
