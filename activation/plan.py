"""The plan of a run: what has to change so that the tool holds what the audience says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
from kohorte.errors import KohorteError

#: Whoever was refused is asked about again after this delay at the latest.
MAX_DELAY = "interval 30 day"

#: One statement finds every operation. `held` is whom the tool has of us, as far as we know:
#: an answer that never came counts as held, because it may have been. Whoever the audience
#: held before we came (`was_there`) is never removed, only forgotten. A row that was refused
#: waits until its payload changes or its delay is over; one whose delay lies beyond all
#: delays was written before the clock was set back, and waits no more. Whoever is in a job of
#: the tool's is left alone until it is done.
_PLAN = f"""
create temp table planned as
with
wanted as (
    select
        customer_id as member_id,
        sha256($salt || lower(address)) as identifier_hash,
        md5(address || chr(10) || fields) as payload_hash
    from kohorte.fct_audience_members
    where audience = $audience
),
permitted as (
    select customer_id as member_id
    from kohorte.dim_customer_channels
    where channel = $channel and is_permitted and not is_bouncing
),
known as (
    select *, state in ('present', 'unknown') as is_held
    from activation.members
    where audience = $audience and destination = $destination
),
at_work as (
    select member_id
    from activation.jobs
    where audience = $audience and destination = $destination
),
suppressed as (
    select distinct identifier_hash
    from activation.suppressions
    where destination = $destination
),
joined as (
    select
        coalesce(wanted.member_id, known.member_id) as member_id,
        wanted.member_id is not null and suppressed.identifier_hash is null as is_wanted,
        coalesce(known.is_held, false) as is_held,
        coalesce(known.was_there, false) as was_there,
        known.state,
        coalesce(known.identifier_hash = wanted.identifier_hash, true) as is_same_identifier,
        known.payload_hash is not distinct from wanted.payload_hash as is_same_payload,
        coalesce(
            known.refused_hash = wanted.payload_hash
            and known.next_attempt_at > $now
            and known.next_attempt_at <= $now + {MAX_DELAY},
            false
        ) as is_waiting,
        permitted.member_id is null as is_withdrawal,
        wanted.payload_hash
    from wanted
    full outer join known on wanted.member_id = known.member_id
    left join permitted
        on coalesce(wanted.member_id, known.member_id) = permitted.member_id
    left join suppressed on wanted.identifier_hash = suppressed.identifier_hash
    anti join at_work on coalesce(wanted.member_id, known.member_id) = at_work.member_id
),
operations as (
    select 1 as step, 'remove' as kind, member_id, is_withdrawal, null as payload_hash
    from joined
    where is_held and not was_there and (not is_wanted or not is_same_identifier)
    union all
    select 2, 'release', member_id, is_withdrawal, null
    from joined
    where
        (is_held and was_there and (not is_wanted or not is_same_identifier))
        or (not is_held and not is_wanted and state in ('rejected', 'suppressed'))
    union all
    select 3, 'add', member_id, false, payload_hash
    from joined
    where
        is_wanted and not is_waiting
        and (not is_held or not is_same_identifier or state = 'unknown')
    union all
    select 4, 'update', member_id, false, payload_hash
    from joined
    where
        is_wanted and state = 'present' and is_same_identifier and not is_same_payload
        and not is_waiting
)
select
    row_number() over (order by step, not is_withdrawal, member_id) as position,
    kind, member_id, is_withdrawal, payload_hash
from operations
"""
_COUNTS = """
select
    count(case when kind = 'add' then 1 end),
    count(case when kind = 'remove' then 1 end),
    count(case when kind = 'update' then 1 end),
    count(case when kind = 'remove' and is_withdrawal then 1 end),
    coalesce(
        bit_xor(md5_number(kind || chr(10) || member_id || chr(10) || coalesce(payload_hash, '')))
            filter (where not is_withdrawal),
        0::uhugeint
    )::varchar || ' ' || count(*) filter (where not is_withdrawal),
    (
        select count(*) from activation.members
        where audience = $audience and destination = $destination
            and state in ('present', 'unknown')
    ),
    (select count(*) from kohorte.fct_audience_members where audience = $audience),
    (
        select count(*) from kohorte.fct_audience_exclusions
        where audience = $audience and reason = 'no_valid_address'
    )
from planned
"""


@dataclass(frozen=True)
class Audience:
    """What the warehouse says of an audience; shares are from 0 to 1."""

    name: str
    channel: str
    tool: str
    target: str
    state: str
    reason: str | None
    max_removed: float | None
    max_added: float | None
    as_of: datetime


@dataclass(frozen=True)
class Plan:
    """How many operations of each kind, and what they are compared with.

    `held` counts whom the tool has of us now, `wanted` whom the audience has, `invalid` the
    customers of its segments whose address is none. `digest` is the same for the same plan,
    withdrawals aside: those are carried out while the rest waits to be approved.
    """

    audience: Audience
    digest: str
    adds: int
    removes: int
    updates: int
    withdrawals: int
    held: int
    wanted: int
    invalid: int


def audiences(connection: duckdb.DuckDBPyConnection) -> list[Audience]:
    """Return the audiences of the attached warehouse by name.

    Raises KohorteError when it was built before there were any.
    """
    try:
        rows = connection.execute(
            "select audience, channel, tool, target, state, reason, max_removed, max_added, as_of"
            " from kohorte.dim_audiences order by audience"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        raise KohorteError("the warehouse has no audiences yet; run: make run") from None
    return [Audience(*row) for row in rows]


def make_plan(
    connection: duckdb.DuckDBPyConnection, audience: Audience, destination: str, now: datetime
) -> Plan:
    """Put the operations into the temporary table `planned`, and return their numbers."""
    salt = connection.execute("select any_value(salt) from activation.settings").fetchone()
    names = {"audience": audience.name, "destination": destination}
    connection.execute("drop table if exists planned")
    connection.execute(
        _PLAN,
        {**names, "channel": audience.channel, "salt": salt[0] if salt else "", "now": now},
    )
    found = connection.execute(_COUNTS, names).fetchone()
    assert found is not None
    adds, removes, updates, withdrawals, text, held, wanted, invalid = found
    digest = connection.execute("select md5(?)", [f"{destination} {text}"]).fetchone()
    assert digest is not None
    return Plan(audience, digest[0], adds, removes, updates, withdrawals, held, wanted, invalid)
