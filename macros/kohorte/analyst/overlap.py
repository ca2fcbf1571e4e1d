"""How far segments hold the same customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kohorte.analyst.evaluation import Definitions, evaluate
from kohorte.analyst.warehouse import Warehouse
from kohorte.errors import KohorteError
from kohorte.segments.segment import Segment

_TABLE = "overlapping"


@dataclass(frozen=True)
class Pair:
    """Two segments: members of each, of both, and Jaccard's index (shared / either)."""

    first: str
    second: str
    members_first: int
    members_second: int
    shared: int
    jaccard: float


def overlap(
    warehouse: Warehouse, definitions: Definitions, segments: Sequence[Segment]
) -> list[Pair]:
    """Compare each two of some segments on the warehouse as it is.

    Raises KohorteError when they are not about the same kind of thing.
    """
    if len({segment.entity for segment in segments}) > 1:
        raise KohorteError("segments of different entities have no members in common")
    names = [segment.name for segment in segments]
    if len(set(names)) < 2:
        raise KohorteError("name two segments or more")
    evaluate(warehouse, definitions, definitions.closure(segments), _TABLE)
    sizes = dict(warehouse.rows(f"select segment, count(*) from {_TABLE} group by segment"))
    shared = {
        (first, second): count
        for first, second, count in warehouse.rows(
            f"""
            select a.segment, b.segment, count(*)
            from {_TABLE} as a
            inner join {_TABLE} as b on a.key = b.key
            group by a.segment, b.segment
            """
        )
    }
    pairs = []
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            both = shared.get((first, second), 0)
            one, other = sizes.get(first, 0), sizes.get(second, 0)
            either = one + other - both
            pairs.append(Pair(first, second, one, other, both, both / either if either else 0.0))
    return pairs
