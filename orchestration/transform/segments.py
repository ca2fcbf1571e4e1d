"""Says with every build how many segments and members there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
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


def segment_sizes(
    built: Collection[dg.AssetKey], row: Callable[[str], tuple[Any, ...]]
) -> Iterator[dg.AssetObservation]:
    """Yield what there is to see of the segment assets that were built.

    `row` answers a query. These are observations and not part of the materializations,
    because the file can be read only when dbt is through with everything.
    """
    if not {SEGMENTS, MEMBERS} & set(built):
        return
    segments, empty, members, as_of = row(_SIZES)
    sizes = {"segments": segments, "members": int(members), "as_of": f"{as_of} UTC"}
    if SEGMENTS in built:
        metadata = {**sizes, "empty_segments": empty, "dagster/row_count": segments}
        yield dg.AssetObservation(SEGMENTS, metadata=metadata)
    if MEMBERS in built:
        metadata = {**sizes, "dagster/row_count": int(members)}
        yield dg.AssetObservation(MEMBERS, metadata=metadata)
