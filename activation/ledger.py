"""What a run writes down: its plan, each call before it is made, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from activation.adapters.base import Job, Member, Outcome
from activation.lease import renew
from activation.plan import Audience, Plan, make_plan
from activation.state import State

#: So long it is known what each run did to whom; what became of a member is kept for good.
_KEPT = timedelta(days=90)
#: The salted hash of an address: two that are equal, but for capitals, are one address.
_HASH = "sha256((select any_value(salt) from activation.settings) || lower({}))"
#: The rows of `activation.members` of one audience in one account.
_MINE = "audience = $audience and destination = $destination"
_TO_SEND = f"""
select
    wanted.customer_id, wanted.address, wanted.fields, known.remote_id,
    md5(wanted.address || chr(10) || wanted.fields) as payload_hash
from kohorte.fct_audience_members as wanted
left join activation.members as known
    on wanted.customer_id = known.member_id
    and known.audience = $audience and known.destination = $destination
where wanted.audience = $audience
    and wanted.customer_id in (select unnest($ids::varchar[]))
    and not coalesce(
        known.state in ('present', 'unknown')
        and known.identifier_hash <> {_HASH.format("wanted.address")},
        false
    )
order by wanted.customer_id
"""
_TO_REMOVE = f"""
select member_id, coalesce(identifier, ''), '{{}}', remote_id, null as payload_hash
from activation.members
where {_MINE} and member_id in (select unnest($ids::varchar[]))
order by member_id
"""
_BATCH = f"""
create or replace temp table batch as
select member_id, identifier, was_there, payload_hash, {_HASH.format("address")} as identifier_hash
from (
    select
        unnest($ids::varchar[]) as member_id,
        unnest($addresses::varchar[]) as address,
        unnest($identifiers::varchar[]) as identifier,
        unnest($there::boolean[]) as was_there,
        unnest($payloads::varchar[]) as payload_hash
)
"""
_NEW_ROWS = f"""
insert into activation.members by name
select
    $audience as audience, $destination as destination, member_id, identifier_hash,
    'removed' as state, was_there, 0 as attempts, $now as changed_at
from batch
where member_id not in (select member_id from activation.members where {_MINE})
"""
#: Who was there at the first attempt stays known: an answer that was lost may have been ours.
_ADDRESSED = f"""
update activation.members set
    was_there = case
        when state = 'unknown' and members.identifier_hash = batch.identifier_hash
            then members.was_there
        else batch.was_there
    end,
    identifier = batch.identifier,
    identifier_hash = batch.identifier_hash
from batch
where batch.member_id = members.member_id and {_MINE}
"""
#: After an update without an answer nobody knows which fields the tool has.
_INTENDED = f"""
update activation.members set
    state = case when $kind = 'update' then state else 'unknown' end,
    payload_hash = case when $kind = 'remove' then members.payload_hash end,
    sent_hash = batch.payload_hash,
    attempts = attempts + 1,
    changed_at = $now
from batch
where batch.member_id = members.member_id and {_MINE}
"""
_ANSWERED = """
create or replace temp table answered as
select
    unnest($ids::varchar[]) as member_id, unnest($states::varchar[]) as outcome,
    unnest($reasons::varchar[]) as reason, unnest($remotes::varchar[]) as remote_id
"""
#: A refused row waits an hour, then two, four … at most 30 days. A refused removal or update
#: leaves the member where it was.
_RECORDED = f"""
update activation.members set
    state = case
        when answered.outcome = 'confirmed' and $kind = 'remove' then 'removed'
        when answered.outcome = 'confirmed' then 'present'
        when $kind = 'add' then answered.outcome
        else 'present'
    end,
    payload_hash = case
        when answered.outcome = 'confirmed' and $kind <> 'remove' then sent_hash
        else members.payload_hash
    end,
    refused_hash = case
        when answered.outcome = 'rejected' and $kind <> 'remove' then sent_hash
    end,
    remote_id = coalesce(answered.remote_id, members.remote_id),
    identifier = case
        when $removes_by = 'address' then identifier
        when $kind = 'add' and answered.outcome <> 'confirmed' then null
        when answered.remote_id is null and members.remote_id is null then identifier
    end,
    reason = nullif(answered.reason, ''),
    attempts = case when answered.outcome = 'confirmed' then 0 else attempts end,
    next_attempt_at = case
        when answered.outcome = 'rejected'
            then $now + to_hours(least(cast(pow(2, least(attempts, 11) - 1) as int), 30 * 24))
    end,
    changed_at = $now
from answered
where answered.member_id = members.member_id and {_MINE}
"""
_SUPPRESSED = f"""
insert into activation.suppressions
select distinct $destination, members.identifier_hash, answered.reason, $now
from answered
inner join activation.members as members on answered.member_id = members.member_id
where answered.outcome = 'suppressed' and {_MINE}
"""
_STARTED = """
insert into activation.jobs
select $audience, $destination, $job, $kind, unnest($ids::varchar[]), $now
"""
_JOBS = f"""
select job, kind, min(sent_at) as sent_at, list(member_id) as ids
from activation.jobs
where {_MINE}
group by job, kind
order by sent_at, job
"""
_DONE = (
    f"delete from activation.jobs where {_MINE} and member_id in (select unnest($ids::varchar[]))"
)
_FORGOTTEN = f"delete from activation.members where state = 'removed' and {_MINE}"
_RELEASED = f"""
delete from activation.members
where {_MINE} and member_id in (
    select member_id from activation.operations where run = $run and kind = 'release'
)
"""


@dataclass(frozen=True)
class Ledger:
    """The pages of one run; every transaction proves that it still has the lease."""

    state: State
    warehouse: Path
    clock: Callable[[], datetime]
    run: int
    audience: Audience
    destination: str
    removes_by: str

    @contextmanager
    def transaction(self, *, reads: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a transaction of the run, in which the warehouse can be read if asked for.

        Raises KohorteError when another run has taken the audience.
        """
        warehouse = self.warehouse if reads else None
        with self.state.transaction(warehouse) as connection:
            renew(connection, self.audience, self.run, self.clock())
            yield connection

    @property
    def mine(self) -> dict[str, Any]:
        """Return the values of audience and destination."""
        return {"audience": self.audience.name, "destination": self.destination}

    def plan(self, objections: Callable[[duckdb.DuckDBPyConnection, Plan], list[str]]) -> (
        tuple[Plan, list[str]]
    ):  # fmt: skip
        """Write the plan down; return it, and what is said against it unless it is approved."""
        with self.transaction(reads=True) as connection:
            plan = make_plan(connection, self.audience, self.destination, self.clock())
            said = objections(connection, plan)
            if said and self._is_approved(connection, plan):
                said = []
            connection.execute(
                "insert into activation.operations"
                " select ?, position, kind, member_id, is_withdrawal, 'planned', null"
                " from planned",
                [self.run],
            )
            connection.execute(
                "update activation.runs set plan_hash = ?, wanted = ?, held = ?,"
                " planned_adds = ?, planned_removes = ?, planned_updates = ? where run = ?",
                [plan.digest, plan.wanted, plan.held, plan.adds, plan.removes, plan.updates,
                 self.run],
            )  # fmt: skip
        return plan, said

    def _is_approved(self, connection: duckdb.DuckDBPyConnection, plan: Plan) -> bool:
        """Tell whether this very plan was approved, and use the approval up."""
        used = connection.execute(
            "update activation.approvals set used_by_run = ?"
            " where audience = ? and plan_hash = ? and used_by_run is null returning 1",
            [self.run, self.audience.name, plan.digest],
        ).fetchall()
        return bool(used)

    def release(self) -> None:
        """Forget whom we never put there: nothing is sent."""
        with self.transaction() as connection:
            connection.execute(_RELEASED, {**self.mine, "run": self.run})
            connection.execute(
                "update activation.operations set state = 'confirmed'"
                " where run = ? and kind = 'release'",
                [self.run],
            )

    def batches(self, kind: str, size: int, *, withdrawals_only: bool) -> Iterator[list[Member]]:
        """Yield the members of one kind of operation, at most `size` at once.

        Whoever is to be added under a new address is left out while the tool may still hold
        the old one.
        """
        position = 0
        only = "and is_withdrawal" if withdrawals_only else ""
        query = _TO_REMOVE if kind == "remove" else _TO_SEND
        while True:
            with self.transaction(reads=True) as connection:
                operations = connection.execute(
                    "select position, member_id from activation.operations"
                    f" where run = ? and kind = ? and position > ? {only}"
                    " order by position limit ?",
                    [self.run, kind, position, size],
                ).fetchall()
                ids = [member for _, member in operations]
                members = self._members(connection, query, ids)
            if not operations:
                return
            position = operations[-1][0]
            if members:
                yield members

    def _members(
        self, connection: duckdb.DuckDBPyConnection, query: str, ids: Sequence[str]
    ) -> list[Member]:
        """Return the members with these ids, for a call."""
        rows = connection.execute(query, {**self.mine, "ids": ids}).fetchall()
        return [
            Member(key, address, json.loads(text), remote, payload)
            for key, address, text, remote, payload in rows
        ]

    def intend(self, kind: str, members: Sequence[Member], there: set[str]) -> None:
        """Write down a call before it is made; `there` are those whom the tool held before."""
        values = {**self.mine, "now": self.clock()}
        with self.transaction() as connection:
            connection.execute(
                _BATCH,
                {
                    "ids": [member.member_id for member in members],
                    "addresses": [member.address for member in members],
                    "identifiers": [
                        None if self.removes_by == "member_id" else member.address
                        for member in members
                    ],
                    "there": [member.member_id in there for member in members],
                    "payloads": [member.payload_hash for member in members],
                },
            )
            if kind == "add":
                connection.execute(_NEW_ROWS, values)
                connection.execute(_ADDRESSED, self.mine)
            connection.execute(_INTENDED, {**values, "kind": kind})
            connection.execute(
                "update activation.operations set state = 'sent' from batch"
                " where run = ? and kind = ? and operations.member_id = batch.member_id",
                [self.run, kind],
            )

    def record(self, kind: str, outcomes: Sequence[Outcome], sent_at: datetime) -> None:
        """Write down what came of each member of a call."""
        now = self.clock()
        columns = _columns(outcomes)
        with self.transaction() as connection:
            connection.execute(_ANSWERED, columns)
            connection.execute(_DONE, {**self.mine, "ids": columns["ids"]})
            connection.execute(
                _RECORDED,
                {**self.mine, "kind": kind, "now": now, "removes_by": self.removes_by},
            )
            connection.execute(_SUPPRESSED, {**self.mine, "now": now})
            connection.execute(_FORGOTTEN, self.mine)
            connection.execute(
                "update activation.operations set state = answered.outcome,"
                " reason = nullif(answered.reason, '') from answered"
                " where run = ? and kind = ? and operations.member_id = answered.member_id",
                [self.run, kind],
            )
            connection.execute(
                "insert into activation.batches values (?, ?, ?, ?, ?)",
                [self.run, kind, len(outcomes), sent_at, now],
            )

    def started(self, kind: str, job: Job, members: Sequence[Member]) -> None:
        """Write down that the tool took a call in, and what it calls it."""
        ids = [member.member_id for member in members]
        values = {**self.mine, "job": job.key, "kind": kind, "ids": ids, "now": self.clock()}
        with self.transaction() as connection:
            connection.execute(_STARTED, values)

    def jobs(self) -> list[tuple[str, Job, datetime, list[Member]]]:
        """Return what the tool has taken in and not done yet, as far as we know."""
        with self.transaction() as connection:
            return [
                (kind, Job(key), sent_at, self._members(connection, _TO_REMOVE, ids))
                for key, kind, sent_at, ids in connection.execute(_JOBS, self.mine).fetchall()
            ]

    def give_up(self, members: Sequence[Member]) -> None:
        """Forget a job: its members are unknown, and sent again."""
        ids = [member.member_id for member in members]
        with self.transaction() as connection:
            connection.execute(_DONE, {**self.mine, "ids": ids})

    def unanswered(self, kind: str, members: Sequence[Member], reason: str) -> None:
        """Write down that nobody knows what became of a call."""
        ids = [member.member_id for member in members]
        with self.transaction() as connection:
            connection.execute(
                "update activation.operations set state = 'unknown', reason = ?"
                " where run = ? and kind = ? and member_id in (select unnest(?::varchar[]))",
                [reason, self.run, kind, ids],
            )

    def left(self) -> int:
        """Return how many planned operations were never sent."""
        with self.transaction() as connection:
            ((count,),) = connection.execute(
                "select count(*) from activation.operations where run = ? and state = 'planned'",
                [self.run],
            ).fetchall()
        return int(count)

    def finish(self, state: str, reason: str, counts: Mapping[str, int]) -> None:
        """Close the run; what was not sent is aborted, what is long past is forgotten."""
        with self.state.transaction() as connection:
            connection.execute(
                "update activation.runs set state = ?, reason = nullif(?, ''), confirmed = ?,"
                " rejected = ?, unknown = ?, finished_at = ? where run = ? and state = 'running'",
                [state, reason, counts["confirmed"], counts["rejected"], counts["unknown"],
                 self.clock(), self.run],
            )  # fmt: skip
            connection.execute(
                "update activation.operations set state = 'aborted'"
                " where run = ? and state = 'planned'",
                [self.run],
            )
            for table in ("operations", "batches"):
                connection.execute(
                    f"delete from activation.{table} where run in (select run from activation.runs"
                    " where coalesce(finished_at, heartbeat_at) < ?)",
                    [self.clock() - _KEPT],
                )


def _columns(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    """Return outcomes as columns."""
    return {
        "ids": [each.member_id for each in outcomes],
        "states": [each.state for each in outcomes],
        "reasons": [each.reason for each in outcomes],
        "remotes": [each.remote_id for each in outcomes],
    }
