"""A past for segments that a warehouse has known for a while only: the one of a replay.

Up to the run that first evaluated a segment the replay says who was in it; from then on the
warehouse does. Whoever stood in the segment at that run, in both, has one stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from kohorte.errors import KohorteError
from kohorte.project import warehouse_path
from kohorte.publishing.files import opened, require, told
from kohorte.replay import replay_path

#: A segment's own rows, and those of its tiers, branches and helpers.
_OWN = "(segment = $segment or starts_with(segment, $segment || '__'))"
_FULL = "the disk is full; nothing was changed\nmake room on the disk, and run it again"
_KNOWN = f"""
select
    min(own.evaluated_since),
    bool_or(replayed.definition_hash is distinct from own.definition_hash),
    bool_or(own.kind = 'snapshot')
from (select * from segment_state_definitions where {_OWN}) as own
left join replayed.segment_state_definitions as replayed using (segment)
"""
_IS_KNOWN = f"select 1 from segment_state_definitions where {_OWN}"
_MOMENTS = "select min(as_of), max(as_of) from replayed.segment_state_runs"
_HAS_PAST = f"select 1 from fct_segment_stays where {_OWN} and entered_at < $since limit 1"
_PAST_STAYS = f"""
create or replace temp table past_stays as
select * from replayed.fct_segment_stays
where {_OWN} and entered_at <= $since
"""
_PAST_HOLDOUTS = f"""
create or replace temp table past_holdouts as
select * from replayed.segment_state_holdouts
where {_OWN} and held_out_at < $since
"""
_JOIN_STAYS = """
update fct_segment_stays as stays set
    entered_at = past.entered_at,
    entered_because = past.entered_because,
    entered_definition_hash = past.entered_definition_hash
from past_stays as past
where
    coalesce(past.left_at >= $since, true)
    and stays.segment = past.segment
    and stays.customer_id = past.customer_id
    and stays.entered_at = $since
"""
#: Whoever was in before, and not at the warehouse's first run, left with it.
_ADD_STAYS = """
insert into fct_segment_stays by name
select past.* replace (
    least(coalesce(past.left_at, $since), $since) as left_at,
    case
        when past.left_at <= $since then past.left_because else 'definition'
    end as left_because,
    coalesce(past.left_definition_hash, past.entered_definition_hash) as left_definition_hash
)
from past_stays as past
anti join fct_segment_stays as stays using (segment, customer_id, entered_at)
where past.entered_at < $since
"""
_JOIN_HOLDOUTS = """
update segment_state_holdouts as holdouts set held_out_at = past.held_out_at
from past_holdouts as past
where
    coalesce(past.released_at >= $since, true)
    and holdouts.segment = past.segment
    and holdouts.customer_id = past.customer_id
    and holdouts.held_out_at = $since
"""
_ADD_HOLDOUTS = """
insert into segment_state_holdouts by name
select past.* replace (least(coalesce(past.released_at, $since), $since) as released_at)
from past_holdouts as past
anti join segment_state_holdouts as holdouts using (segment, customer_id, held_out_at)
"""
_ADD_SIZES = f"""
insert into fct_segment_sizes by name
select * from replayed.fct_segment_sizes as past
anti join fct_segment_sizes as sizes using (segment, as_of)
where {_OWN} and as_of < $since
"""
#: At the warehouse's first run nobody seems to have been in before.
_COUNT_AGAIN = f"""
update fct_segment_sizes as sizes set
    count_entered = counted.count_entered, count_left = counted.count_left
from (
    select
        segment,
        count(*) filter (where entered_at = $since and through <> 'reached') as count_entered,
        count(*) filter (where left_at = $since and through <> 'reached') as count_left
    from fct_segment_stays
    where {_OWN}
    group by segment
) as counted
where sizes.segment = counted.segment and sizes.as_of = $since
"""
_REMEMBER = f"""
update segment_state_definitions set evaluated_since = $begun where {_OWN}
"""
#: What a test said of the tables was said of others: nothing is published until it is run anew.
_CHECK_AGAIN = """
update check_results set run = (select max(run) + 1 from check_results)
where kind = 'model' and (starts_with(name, 'fct_segment_') or name = 'dim_segments')
"""


@dataclass(frozen=True)
class Past:
    """What a segment was given: how many stays begin before it was known, and since when.

    `since` is an instant, UTC.
    """

    segment: str
    stays: int
    since: datetime


def require_known(root: Path, names: Sequence[str]) -> None:
    """Raise KohorteError unless the build warehouse knows these segments.

    So that nobody waits for a replay that nothing can be taken from.
    """
    with opened(warehouse_path(root)) as connection:
        for name in names:
            try:
                found = connection.execute(_IS_KNOWN, {"segment": name}).fetchone()
            except duckdb.CatalogException:
                found = None
            if found is None:
                raise _unknown(name)


def give_past(root: Path, names: Sequence[str]) -> list[Past]:
    """Give segments of the build warehouse the past that the replay wrote; all or none.

    A ladder or waterfall brings its tiers or branches along. Raises KohorteError when the
    replay has no past for one of them: it was made of another definition, begins too late,
    or ends before the warehouse's own history begins.
    """
    own, replayed = warehouse_path(root), replay_path(root)
    require(own)
    if not replayed.exists():
        raise KohorteError(f"there is no replay at {replayed}; run: kohorte replay --from … --to …")
    path = str(replayed).replace("'", "''")
    with told(own, _FULL), duckdb.connect(str(own)) as connection:
        try:
            connection.execute(f"attach '{path}' as replayed (read_only)")
            connection.execute("begin")
            given = [_given(connection, name) for name in dict.fromkeys(names)]
            connection.execute(_CHECK_AGAIN)
            connection.execute("commit")
        except duckdb.CatalogException:
            raise KohorteError(
                f"{own} or {replayed} was not built to its end; build it, and run it again"
            ) from None
    return given


def _given(connection: duckdb.DuckDBPyConnection, name: str) -> Past:
    """Give one segment its past, in the transaction that is open."""
    own = {"segment": name}
    since, differs, is_snapshot = connection.execute(_KNOWN, own).fetchall()[0]
    begun, ended = connection.execute(_MOMENTS).fetchall()[0]
    if since is None:
        raise _unknown(name)
    if is_snapshot:
        raise KohorteError(f"{name}: a snapshot is of one moment, and has no past")
    if differs:
        raise KohorteError(
            f"{name}: the replay was made of another definition of it; replay it again with --anew"
        )
    if ended < since:
        raise KohorteError(
            f"{name}: the replay ends at {ended}, and the warehouse knows the segment since"
            f" {since} UTC; write on, with a later --to"
        )
    dated = {**own, "since": since}
    if begun >= since or connection.execute(_HAS_PAST, dated).fetchone():
        raise KohorteError(
            f"{name}: the warehouse knows it since {since} UTC or earlier, and the replay begins"
            f" at {begun}"
        )
    at = {"since": since}
    connection.execute(_PAST_STAYS, dated)
    connection.execute(_PAST_HOLDOUTS, dated)
    for text in (_JOIN_STAYS, _ADD_STAYS, _JOIN_HOLDOUTS, _ADD_HOLDOUTS):
        connection.execute(text, at)
    connection.execute(_ADD_SIZES, dated)
    connection.execute(_COUNT_AGAIN, dated)
    connection.execute(_REMEMBER, {**own, "begun": begun})
    ((count,),) = connection.execute(
        "select count(*) from past_stays where entered_at < $since", at
    ).fetchall()
    return Past(name, int(count), begun)


def _unknown(name: str) -> KohorteError:
    return KohorteError(f"{name}: the warehouse knows no such segment; is it spelled right?")
