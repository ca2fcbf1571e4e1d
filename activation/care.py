"""What an operator does beside the runs: look, approve, compare, send anew, let go, forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kohorte.errors import KohorteError

from activation.adapters.base import (
    Adapter,
    Fatal,
    Job,
    Member,
    Refused,
    Settles,
    Unreachable,
)
from activation.masking import masked
from activation.plan import Audience
from activation.run import Sync, destination_of

_SHOWN = 5
_STATES = ("present", "unknown", "rejected", "suppressed")
#: What a forgotten person leaves in every table but `members`.
_FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Audit:
    """What the tool holds, against what we put there; addresses are masked.

    `missing` were put there by us and are gone; `others` are there and not by us.
    """

    audience: str
    in_tool: int
    ours: int
    missing: int
    others: int
    examples: tuple[str, ...]


def approve(sync: Sync, audience: Audience, digest: str) -> None:
    """Allow the plan with this digest, and no other, to be carried out by the next run.

    Raises KohorteError when it is not the plan of now.
    """
    plan, said = sync.planned(audience)
    if plan.digest != digest:
        raise KohorteError(
            f"{audience.name}: that is not the plan of now ({plan.digest}); look at it:"
            f" kohorte sync plan {audience.name}"
        )
    if not said:
        raise KohorteError(f"{audience.name}: nothing is in the plan's way; run: kohorte sync run")
    with sync.state.transaction() as connection:
        connection.execute(
            "insert into activation.approvals values (?, ?, ?, null)",
            [audience.name, digest, sync.clock()],
        )


def audit(sync: Sync, audience: Audience, *, repair: bool = False) -> Audit:
    """Compare the tool with what we put there; with `repair`, the next run sends the missing.

    Raises KohorteError when the tool cannot be read, or was never told of the audience.
    """
    adapter = sync.adapter_of(audience.tool)
    destination = destination_of(adapter)
    values = {"audience": audience.name, "destination": destination}
    with sync.state.transaction() as connection:
        bound = connection.execute(
            "select remote_id from activation.bindings where audience = $audience"
            " and destination = $destination order by bound_at desc limit 1",
            values,
        ).fetchone()
    if bound is None:
        raise KohorteError(f"{audience.name} was never synced; run: kohorte sync run")
    try:
        there = sorted(set(adapter.read_back(str(bound[0]))))
    except (Fatal, Refused, Unreachable) as error:
        raise KohorteError(f"{audience.name}: {error}") from None
    with sync.state.transaction(sync.warehouse) as connection:
        connection.execute(
            """
            create temp table there as
            select
                address,
                sha256(
                    (select any_value(salt) from activation.settings) || lower(address)
                ) as identifier_hash
            from (select unnest($there::varchar[]) as address)
            """,
            {"there": there},
        )
        missing = connection.execute(
            "select member_id from activation.members where audience = $audience"
            " and destination = $destination and state = 'present'"
            " and identifier_hash not in (select identifier_hash from there)",
            values,
        ).fetchall()
        others = connection.execute(
            "select address from there where identifier_hash not in ("
            " select identifier_hash from activation.members where audience = $audience"
            " and destination = $destination and state in ('present', 'unknown')"
            ") order by address",
            values,
        ).fetchall()
        (ours,) = connection.execute(
            "select count(*) from activation.members where audience = $audience"
            " and destination = $destination and state = 'present'",
            values,
        ).fetchone() or (0,)
        if repair:
            connection.execute(
                "delete from activation.members where audience = $audience"
                " and destination = $destination"
                " and member_id in (select unnest($missing::varchar[]))",
                {**values, "missing": [key for (key,) in missing]},
            )
    examples = tuple(masked(str(address)) for (address,) in others[:_SHOWN])
    return Audit(audience.name, len(there), ours, len(missing), len(others), examples)


def resync(sync: Sync, audience: Audience) -> int:
    """Have the next run send everybody anew; return how many that are."""
    destination = destination_of(sync.adapter_of(audience.tool))
    with sync.state.transaction() as connection:
        rows = connection.execute(
            "update activation.members set state = 'unknown', next_attempt_at = null"
            " where audience = ? and destination = ? and state = 'present' returning 1",
            [audience.name, destination],
        ).fetchall()
    return len(rows)


def detach(sync: Sync, name: str) -> int:
    """Let go of an audience: the tool keeps its members, and we know nothing of them.

    Returns how many were let go of.
    """
    with sync.state.transaction() as connection:
        rows = connection.execute(
            "delete from activation.members where audience = ? returning 1", [name]
        ).fetchall()
        for table in ("bindings", "jobs"):
            connection.execute(f"delete from activation.{table} where audience = ?", [name])
    return len(rows)


def forget(sync: Sync, member_id: str) -> int:
    """Take a person out of every audience that we put them into, for good.

    What is kept is a salted hash of each address, so that it is not put in again. Returns
    out of how many audiences. Raises KohorteError, with what is left to do, when a tool does
    not confirm it; all that were confirmed stay done.
    """
    with sync.state.transaction() as connection:
        places = connection.execute(
            "select members.audience, members.destination, destinations.tool,"
            " bindings.remote_id, coalesce(members.identifier, ''), members.remote_id,"
            " members.was_there or members.state not in ('present', 'unknown')"
            " from activation.members as members"
            " left join activation.bindings as bindings using (audience, destination)"
            " left join activation.destinations as destinations"
            " on members.destination = destinations.destination"
            " where members.member_id = ? order by members.audience",
            [member_id],
        ).fetchall()
    left = [trouble for place in places for trouble in _take_out(sync, member_id, *place)]
    if left:
        raise KohorteError("\n".join(["not forgotten yet; run it again later:", *left]))
    with sync.state.transaction() as connection:
        connection.execute(
            "update activation.operations set member_id = ?, reason = null where member_id = ?",
            [_FORGOTTEN, member_id],
        )
    return len(places)


def _take_out(
    sync: Sync,
    member_id: str,
    audience: str,
    destination: str,
    tool: str,
    remote: str,
    address: str,
    remote_id: str | None,
    is_not_ours: bool,
) -> Iterator[str]:
    """Take a person out of one audience; yield what went wrong."""
    adapter = sync.adapter_of(tool)
    if not is_not_ours:
        if destination_of(adapter) != destination:
            yield f"  {audience}: is in another account of {tool}"
            return
        member = Member(member_id, address, {}, remote_id)
        try:
            _settle_jobs(sync, adapter, audience, destination, remote, member)
            answer = adapter.remove(remote, [member])
            if isinstance(answer, Job):
                assert isinstance(adapter, Settles)
                answer = adapter.settle(remote, "remove", answer, [member])
            (outcome,) = answer
        except (Fatal, Refused, Unreachable) as error:
            yield f"  {audience}: {error}"
            return
        if outcome.state != "confirmed":
            yield f"  {audience}: {outcome.reason}"
            return
    with sync.state.transaction() as connection:
        values = {
            "audience": audience, "destination": destination, "member": member_id,
            "reason": _FORGOTTEN, "now": sync.clock(),
        }  # fmt: skip
        connection.execute(
            "insert into activation.suppressions"
            " select destination, identifier_hash, $reason, $now from activation.members"
            " where audience = $audience and destination = $destination"
            " and member_id = $member",
            values,
        )
        for table in ("members", "jobs"):
            connection.execute(
                f"delete from activation.{table}"
                " where audience = $audience and destination = $destination"
                " and member_id = $member",
                {name: values[name] for name in ("audience", "destination", "member")},
            )


def _settle_jobs(
    sync: Sync, adapter: Adapter, audience: str, destination: str, remote: str, member: Member
) -> None:
    """Wait for the jobs that might put a member in after it was taken out.

    Raises Unreachable when one is not done yet.
    """
    with sync.state.transaction() as connection:
        jobs = connection.execute(
            "select kind, job from activation.jobs"
            " where audience = ? and destination = ? and member_id = ?",
            [audience, destination, member.member_id],
        ).fetchall()
    for kind, key in jobs:
        assert isinstance(adapter, Settles)
        with suppress(Refused):
            adapter.settle(remote, kind, Job(key), [member])


def status(sync: Sync) -> list[dict[str, Any]]:
    """Return each audience that was ever synced: members by state, and its last run."""
    counts = "".join(
        f", (select count(*) from activation.members as members"
        f" where members.audience = runs.audience and members.destination = runs.destination"
        f" and members.state = '{state}') as {state}"
        for state in _STATES
    )
    with sync.state.transaction() as connection:
        found = connection.execute(
            f"""
            select
                audience, destination, run, state, reason, as_of, started_at, finished_at,
                confirmed, rejected, unknown as unanswered{counts}
            from activation.runs as runs
            qualify run = max(run) over (partition by audience, destination)
            order by audience, destination
            """
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
