"""Says with every build how many segments and members there are, and how each has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import dagster as dg

SEGMENTS, MEMBERS = dg.AssetKey("dim_segments"), dg.AssetKey("fct_segment_members")
_SIZES = """
    select
        count(*),
        count(case when members = 0 then 1 end),
        coalesce(sum(members), 0),
        max(as_of)
    from dim_segments
"""
_EACH = """
    select
        segments.segment,
        segments.declared_in,
        segments.state,
        segments.members,
        coalesce(sizes.count_entered, 0),
        coalesce(sizes.count_left, 0)
    from dim_segments as segments
    left join fct_segment_sizes as sizes
        on segments.segment = sizes.segment and segments.as_of = sizes.as_of
    order by segments.segment
"""
_COLUMNS = [
    dg.TableColumn("segment", "string"), dg.TableColumn("spec", "string"),
    dg.TableColumn("state", "string"), dg.TableColumn("members", "int"),
    dg.TableColumn("entered", "int"), dg.TableColumn("left", "int"),
]  # fmt: skip


def segment_sizes(
    built: Collection[dg.AssetKey], rows: Callable[[str], Sequence[tuple[Any, ...]]]
) -> Iterator[dg.AssetObservation]:
    """Yield what there is to see of the segment assets that were built.

    `rows` answers a query. These are observations and not part of the materializations,
    because the file can be read only when dbt is through with everything.
    """
    if not {SEGMENTS, MEMBERS} & set(built):
        return
    ((segments, empty, members, as_of),) = rows(_SIZES)
    sizes = {"segments": segments, "members": int(members), "as_of": f"{as_of} UTC"}
    if SEGMENTS in built:
        metadata = {
            **sizes,
            "empty_segments": empty,
            "dagster/row_count": segments,
            "each": dg.MetadataValue.table(
                [_record(row) for row in rows(_EACH)], dg.TableSchema(_COLUMNS)
            ),
        }
        yield dg.AssetObservation(SEGMENTS, metadata=metadata)
    if MEMBERS in built:
        metadata = {**sizes, "dagster/row_count": int(members)}
        yield dg.AssetObservation(MEMBERS, metadata=metadata)


def _record(row: Sequence[Any]) -> dg.TableRecord:
    names = (column.name for column in _COLUMNS)
    return dg.TableRecord(dict(zip(names, row, strict=True)))
