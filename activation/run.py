"""One run of the sync for one audience: lease, plan, breaker, then batch after batch."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from kohorte.errors import KohorteError

from activation.adapters.base import Adapter, Fatal, Member, Outcome, Refused, Unreachable
from activation.breaker import MAX_AGE, Source, objections
from activation.plan import Audience, Plan, make_plan
from activation.state import State

#: A run that has not been heard of for so long is given up.
STALE = timedelta(minutes=5)
#: After so many calls in a row without an answer, the tool is left alone until the next run.
_MAX_UNREACHABLE = 3
_RECENT = 5
_SENT = ("remove", "add", "update")
_NO_PROGRESS: Callable[[str, int, int], None] = lambda audience, done, total: None  # noqa: E731


@dataclass(frozen=True)
class Report:
    """What came of a run. Only after `succeeded` is the tool as planned, but for `rejected`."""

    audience: str
    state: str
    plan: Plan | None = None
    confirmed: int = 0
    rejected: int = 0
    unknown: int = 0
    reasons: tuple[str, ...] = ()


@dataclass
class _Counts:
    confirmed: int = 0
    rejected: int = 0
    unknown: int = 0
    unreachable_in_a_row: int = 0


@dataclass(frozen=True)
class Sync:
    """Brings audiences of a warehouse into their tools."""

    state: State
    warehouse: Path
    made_at: datetime
    adapter_of: Callable[[str], Adapter]
    clock: Callable[[], datetime]
    max_age: timedelta = MAX_AGE
    progress: Callable[[str, int, int], None] = field(default=_NO_PROGRESS)

    def run(self, audience: Audience) -> Report:
        """Bring one audience into its tool.

        Raises KohorteError when another run has it, or the state cannot be written. What the
        tool does wrong is in the report.
        """
        if audience.state == "stale":
            return Report(audience.name, "skipped", reasons=(f"its spec: {audience.reason}",))
        adapter = self.adapter_of(audience.tool)
        destination = destination_of(adapter)
        run = self._lease(audience, destination, adapter)
        return _Run(self, run, audience, destination, adapter).report()

    def planned(self, audience: Audience) -> tuple[Plan, list[str]]:
        """Return what a run would do, and what the breaker would say; nothing is sent."""
        destination = destination_of(self.adapter_of(audience.tool))
        with self.state.transaction(self.warehouse) as connection:
            plan = make_plan(connection, audience, destination, self.clock())
            said = self.objections(connection, plan, destination)
            connection.execute("rollback")
            connection.execute("begin")
        return plan, said

    def objections(
        self, connection: duckdb.DuckDBPyConnection, plan: Plan, destination: str
    ) -> list[str]:
        """Return what the breaker says of a plan."""
        earlier = connection.execute(
            "select wanted, as_of from activation.runs where audience = ? and destination = ?"
            " and state = 'succeeded' order by run desc limit ?",
            [plan.audience.name, destination, _RECENT],
        ).fetchall()
        last = max((as_of for _, as_of in earlier), default=None)
        sizes = [wanted for wanted, _ in earlier]
        source = Source(self.made_at, last)
        return objections(plan, source, sizes, self.clock(), self.max_age)

    def _lease(self, audience: Audience, destination: str, adapter: Adapter) -> int:
        """Return the number of a new run of an audience.

        Raises KohorteError when another one goes on. One whose process is gone, or that was
        not heard of for long, is marked as abandoned.
        """
        now = self.clock()
        with self.state.transaction() as connection:
            others = connection.execute(
                "select run, host, process, heartbeat_at from activation.runs"
                " where audience = ? and destination = ? and state = 'running'",
                [audience.name, destination],
            ).fetchall()
            for run, host, process, heartbeat in others:
                if _is_alive(host, process) and abs(now - heartbeat) <= STALE:
                    raise KohorteError(
                        f"{audience.name}: run {run} goes on (last sign of it {heartbeat} UTC);"
                        " wait for it to end"
                    )
                connection.execute(
                    "update activation.runs set state = 'abandoned', finished_at = ? where run = ?",
                    [now, run],
                )
            (run,) = connection.execute(
                "select coalesce(max(run), 0) + 1 from activation.runs"
            ).fetchone() or (1,)
            connection.execute(
                "insert into activation.runs"
                " (run, audience, destination, state, host, process, as_of, started_at,"
                " heartbeat_at, confirmed, rejected, unknown)"
                " values (?, ?, ?, 'running', ?, ?, ?, ?, ?, 0, 0, 0)",
                [run, audience.name, destination, socket.gethostname(), os.getpid(),
                 audience.as_of, now, now],
            )  # fmt: skip
            if not connection.execute(
                "select 1 from activation.destinations where destination = ?", [destination]
            ).fetchone():
                connection.execute(
                    "insert into activation.destinations values (?, ?, ?, ?)",
                    [destination, adapter.tool, destination.partition(":")[2], now],
                )
        return int(run)


def destination_of(adapter: Adapter) -> str:
    """Return the name of an account: another key for another account is another place."""
    return f"{adapter.tool}:{sha256(adapter.account().encode()).hexdigest()[:16]}"


def _is_alive(host: str, process: int) -> bool:
    """Tell whether a process of this machine is there; of another one, assume so."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass
class _Run:
    """A run that has the lease."""

    sync: Sync
    number: int
    audience: Audience
    destination: str
    adapter: Adapter
    remote: str = ""
    counts: _Counts = field(default_factory=_Counts)

    def report(self) -> Report:
        """Carry out the run, and say what came of it."""
        try:
            self.remote = self._bound()
            plan, said = self._planned()
            blocked = bool(said)
            self._carry_out(plan, withdrawals_only=blocked)
        except (Fatal, Unreachable) as error:
            return self._finished("failed", None, (str(error),))
        except KohorteError as error:
            with _ignored():
                self._finished("failed", None, (str(error),))
            raise
        if blocked:
            return self._finished("blocked", plan, tuple(said))
        state = "incomplete" if self.counts.unknown else "succeeded"
        return self._finished(state, plan, ())

    def _bound(self) -> str:
        """Return the tool's id of the audience, and remember it."""
        target = self.audience.target
        with self.sync.state.transaction() as connection:
            known = connection.execute(
                "select remote_id from activation.bindings"
                " where audience = ? and destination = ? and target = ?",
                [self.audience.name, self.destination, target],
            ).fetchone()
            elsewhere = connection.execute(
                "select count(*) from activation.members as members"
                " inner join activation.bindings as bindings using (audience, destination)"
                " where members.audience = ? and members.destination = ?"
                " and bindings.target <> ? and members.state in ('present', 'unknown')",
                [self.audience.name, self.destination, target],
            ).fetchone()
        if elsewhere != (0,):
            raise KohorteError(
                f"{self.audience.name}: its target has changed, and the old one still holds"
                f" members; let go of them first: kohorte sync detach {self.audience.name}"
            )
        if known:
            return str(known[0])
        remote = self.adapter.bind(json.loads(target))
        with self._transaction() as connection:
            connection.execute(
                "insert into activation.bindings values (?, ?, ?, ?, ?)",
                [self.audience.name, self.destination, target, remote, self.sync.clock()],
            )
        return remote

    def _planned(self) -> tuple[Plan, list[str]]:
        """Write the plan down, and return it with what the breaker says, if not approved."""
        sync, now = self.sync, self.sync.clock()
        with self._transaction(sync.warehouse) as connection:
            plan = make_plan(connection, self.audience, self.destination, now)
            said = sync.objections(connection, plan, self.destination)
            if (
                said
                and connection.execute(
                    "update activation.approvals set used_by_run = ?"
                    " where audience = ? and plan_hash = ? and used_by_run is null returning 1",
                    [self.number, self.audience.name, plan.digest],
                ).fetchall()
            ):
                said = []
            connection.execute(
                "insert into activation.operations"
                " select ?, position, kind, member_id, is_withdrawal, 'planned', null"
                " from planned",
                [self.number],
            )
            connection.execute(
                "update activation.runs set plan_hash = ?, wanted = ?, held = ?,"
                " planned_adds = ?, planned_removes = ?, planned_updates = ? where run = ?",
                [plan.digest, plan.wanted, plan.held, plan.adds, plan.removes, plan.updates,
                 self.number],
            )  # fmt: skip
        return plan, said

    def _carry_out(self, plan: Plan, *, withdrawals_only: bool) -> None:
        """Send removals, then additions, then updates; of a blocked plan only withdrawals."""
        total, done = plan.adds + plan.removes + plan.updates, 0
        if not withdrawals_only:
            self._release()
        for kind in _SENT[:1] if withdrawals_only else _SENT:
            for members in self._batches(kind, withdrawals_only=withdrawals_only):
                self._send_batch(kind, members)
                done += len(members)
                self.sync.progress(self.audience.name, done, total)
                if self.counts.unreachable_in_a_row >= _MAX_UNREACHABLE:
                    raise Unreachable(f"{self.adapter.tool} does not answer; run again later")

    def _release(self) -> None:
        """Forget whom we never put there: nothing is sent."""
        with self._transaction() as connection:
            connection.execute(
                """
                delete from activation.members
                where audience = $audience and destination = $destination and member_id in (
                    select member_id from activation.operations
                    where run = $run and kind = 'release'
                )
                """,
                {**self._names, "run": self.number},
            )
            connection.execute(
                "update activation.operations set state = 'confirmed'"
                " where run = ? and kind = 'release'",
                [self.number],
            )

    def _batches(self, kind: str, *, withdrawals_only: bool) -> Iterator[list[Member]]:
        """Yield the members of one kind of operation, so many as the tool takes at once."""
        size, position = self.adapter.limits.batch, 0
        only = "and is_withdrawal" if withdrawals_only else ""
        while True:
            with self._transaction(self.sync.warehouse) as connection:
                operations = connection.execute(
                    f"""
                    select position, member_id from activation.operations
                    where run = ? and kind = ? and position > ? {only}
                    order by position limit ?
                    """,
                    [self.number, kind, position, size],
                ).fetchall()
                ids = [member for _, member in operations]
                members = self._removed(connection, ids) if kind == "remove" else (
                    self._sent(connection, ids)
                )  # fmt: skip
            if not operations:
                return
            position = operations[-1][0]
            if members:
                yield members

    def _sent(self, connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Member]:
        """Return members with address and fields; not one whose old address is still there."""
        rows = connection.execute(
            """
            select wanted.customer_id, wanted.address, wanted.fields, known.remote_id
            from kohorte.fct_audience_members as wanted
            left join activation.members as known
                on wanted.customer_id = known.member_id
                and known.audience = $audience and known.destination = $destination
            where wanted.audience = $audience
                and wanted.customer_id in (select unnest($ids::varchar[]))
                and not coalesce(
                    known.state in ('present', 'unknown')
                    and known.identifier_hash <> sha256(
                        (select any_value(salt) from activation.settings) || wanted.address
                    ),
                    false
                )
            order by wanted.customer_id
            """,
            {**self._names, "ids": list(ids)},
        ).fetchall()
        return [
            Member(key, address, json.loads(text), remote) for key, address, text, remote in rows
        ]

    def _removed(self, connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Member]:
        """Return members by what the tool knows them by."""
        rows = connection.execute(
            """
            select member_id, coalesce(identifier, ''), remote_id from activation.members
            where audience = $audience and destination = $destination
                and member_id in (select unnest($ids::varchar[]))
            order by member_id
            """,
            {**self._names, "ids": list(ids)},
        ).fetchall()
        return [Member(key, address, {}, remote) for key, address, remote in rows]

    def _send_batch(self, kind: str, members: Sequence[Member]) -> None:
        """Write down what is about to be sent, send it, write down what came back."""
        there: set[str] = set()
        try:
            if kind == "add":
                there = self.adapter.holding(self.remote, members)
            self._intend(kind, members, there)
            sent_at = self.sync.clock()
            outcomes = self._answers(kind, members)
            self.counts.unreachable_in_a_row = 0
        except Unreachable as error:
            # What was written down stays unknown; the next run finds out.
            self.counts.unreachable_in_a_row += 1
            self._count_unknown(kind, [member.member_id for member in members], str(error))
            return
        self._record(kind, members, outcomes, sent_at)

    def _answers(self, kind: str, members: Sequence[Member]) -> list[Outcome]:
        """Return an outcome for each member; a refused call is halved to find the bad row."""
        send: Callable[[str, Sequence[Member]], list[Outcome]] = getattr(self.adapter, kind)
        try:
            found = {outcome.member_id: outcome for outcome in send(self.remote, members)}
        except Refused as refusal:
            if len(members) == 1:
                return [Outcome(members[0].member_id, "rejected", str(refusal))]
            half = len(members) // 2
            return self._answers(kind, members[:half]) + self._answers(kind, members[half:])
        unnamed = Outcome("", "rejected", "the tool's answer does not name it")
        return [
            found.get(member.member_id) or replace(unnamed, member_id=member.member_id)
            for member in members
        ]

    def _intend(self, kind: str, members: Sequence[Member], there: set[str]) -> None:
        """Mark members as unknown before the call, with what it will make of them."""
        rows = [self._row(member, there) for member in members]
        with self._transaction() as connection:
            self._load(connection, rows)
            if kind == "add":
                self._intend_additions(connection)
            connection.execute(
                """
                update activation.members set
                    state = case when $kind = 'update' then state else 'unknown' end,
                    payload_hash = case when $kind = 'remove' then payload_hash end,
                    attempts = attempts + 1, changed_at = $now
                from batch
                where batch.member_id = members.member_id
                    and audience = $audience and destination = $destination
                """,
                {**self._names, "kind": kind, "now": self.sync.clock()},
            )
            connection.execute(
                "update activation.operations set state = 'sent' from batch"
                " where run = ? and kind = ? and operations.member_id = batch.member_id",
                [self.number, kind],
            )

    def _intend_additions(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Have a row for every addition; who was there at the first attempt stays known."""
        connection.execute(
            """
            insert into activation.members
            select
                $audience, $destination, member_id, null, identifier_hash, null, null, null,
                'removed', was_there, 0, null, null, $now
            from batch
            where member_id not in (
                select member_id from activation.members
                where audience = $audience and destination = $destination
            )
            """,
            {**self._names, "now": self.sync.clock()},
        )
        connection.execute(
            """
            update activation.members set
                was_there = case
                    when state = 'unknown'
                        and members.identifier_hash = batch.identifier_hash
                        then members.was_there
                    else batch.was_there
                end,
                identifier = batch.identifier,
                identifier_hash = batch.identifier_hash
            from batch
            where batch.member_id = members.member_id
                and audience = $audience and destination = $destination
            """,
            self._names,
        )

    def _row(self, member: Member, there: set[str]) -> tuple[Any, ...]:
        """Return a row of the table `batch`."""
        keeps = self.adapter.limits.removes_by_address
        return (
            member.member_id, member.address, member.address if keeps else None,
            member.member_id in there,
        )  # fmt: skip

    def _load(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Make the temporary table `batch` of what is sent."""
        columns = list(zip(*rows, strict=True))
        connection.execute(
            """
            create or replace temp table batch as
            select
                member_id, identifier, was_there,
                sha256((select any_value(salt) from activation.settings) || address)
                    as identifier_hash
            from (
                select
                    unnest($ids::varchar[]) as member_id,
                    unnest($addresses::varchar[]) as address,
                    unnest($identifiers::varchar[]) as identifier,
                    unnest($there::boolean[]) as was_there
            )
            """,
            dict(
                zip(("ids", "addresses", "identifiers", "there"), map(list, columns), strict=True)
            ),
        )

    def _record(
        self, kind: str, members: Sequence[Member], outcomes: Sequence[Outcome], sent_at: datetime
    ) -> None:
        """Write down what came of each member of a call."""
        now = self.sync.clock()
        answered = [
            [each.member_id for each in outcomes], [each.state for each in outcomes],
            [each.reason for each in outcomes], [each.remote_id for each in outcomes],
        ]  # fmt: skip
        with self._transaction(self.sync.warehouse) as connection:
            connection.execute(
                """
                create or replace temp table answered as
                select
                    unnest($ids::varchar[]) as member_id, unnest($states::varchar[]) as outcome,
                    unnest($reasons::varchar[]) as reason,
                    unnest($remotes::varchar[]) as remote_id
                """,
                dict(zip(("ids", "states", "reasons", "remotes"), answered, strict=True)),
            )
            values = {**self._names, "kind": kind, "now": now}
            connection.execute(_RECORDED, values)
            connection.execute(_SUPPRESSED, values)
            if kind == "remove":
                connection.execute(
                    "delete from activation.members where state = 'removed'"
                    " and audience = $audience and destination = $destination",
                    self._names,
                )
            connection.execute(
                "update activation.operations set state = answered.outcome,"
                " reason = nullif(answered.reason, '') from answered"
                " where run = ? and kind = ? and operations.member_id = answered.member_id",
                [self.number, kind],
            )
            connection.execute(
                "insert into activation.batches values (?, ?, ?, ?, ?, 'answered')",
                [self.number, kind, len(members), sent_at, now],
            )
        self.counts.confirmed += sum(each.state == "confirmed" for each in outcomes)
        self.counts.rejected += sum(each.state != "confirmed" for each in outcomes)

    def _count_unknown(self, kind: str, ids: Sequence[str], reason: str) -> None:
        """Write down that nobody knows what became of a call."""
        self.counts.unknown += len(ids)
        with self._transaction() as connection:
            connection.execute(
                "update activation.operations set state = 'unknown', reason = ?"
                " where run = ? and kind = ? and member_id in (select unnest(?::varchar[]))",
                [reason, self.number, kind, list(ids)],
            )

    @property
    def _names(self) -> dict[str, Any]:
        return {"audience": self.audience.name, "destination": self.destination}

    @contextmanager
    def _transaction(self, warehouse: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a transaction in which the run still has the lease, and says so.

        Raises KohorteError when another run has taken it.
        """
        with self.sync.state.transaction(warehouse) as connection:
            still = connection.execute(
                "update activation.runs set heartbeat_at = ?"
                " where run = ? and state = 'running' returning 1",
                [self.sync.clock(), self.number],
            ).fetchall()
            if not still:
                raise KohorteError(
                    f"{self.audience.name}: run {self.number} was given up by another; it stops"
                )
            yield connection

    def _finished(self, state: str, plan: Plan | None, reasons: tuple[str, ...]) -> Report:
        """Close the run."""
        counts = self.counts
        with self.sync.state.transaction() as connection:
            connection.execute(
                "update activation.runs set state = ?, reason = ?, confirmed = ?, rejected = ?,"
                " unknown = ?, finished_at = ? where run = ? and state = 'running'",
                [state, "; ".join(reasons) or None, counts.confirmed, counts.rejected,
                 counts.unknown, self.sync.clock(), self.number],
            )  # fmt: skip
            connection.execute(
                "update activation.operations set state = 'aborted'"
                " where run = ? and state = 'planned'",
                [self.number],
            )
        return Report(
            self.audience.name, state, plan, counts.confirmed, counts.rejected, counts.unknown,
            reasons,
        )  # fmt: skip


@contextmanager
def _ignored() -> Iterator[None]:
    """Do not let a second trouble hide the first."""
    try:
        yield
    except KohorteError:
        return


#: A refused row waits an hour, then two, four … at most 30 days. A refused removal or update
#: leaves the member where it was.
_RECORDED = """
update activation.members set
    state = case
        when answered.outcome = 'confirmed' and $kind = 'remove' then 'removed'
        when answered.outcome = 'confirmed' then 'present'
        when $kind = 'add' then answered.outcome
        else 'present'
    end,
    payload_hash = case
        when answered.outcome = 'confirmed' and $kind <> 'remove' then sent.payload_hash
        else members.payload_hash
    end,
    refused_hash = case when answered.outcome = 'rejected' then sent.payload_hash end,
    remote_id = coalesce(answered.remote_id, members.remote_id),
    reason = nullif(answered.reason, ''),
    attempts = case when answered.outcome = 'confirmed' then 0 else attempts end,
    next_attempt_at = case
        when answered.outcome = 'rejected'
            then $now + least(to_hours(cast(pow(2, least(attempts, 10) - 1) as int)), to_days(30))
    end,
    changed_at = $now
from answered
left join (
    select customer_id, md5(address || chr(10) || fields) as payload_hash
    from kohorte.fct_audience_members
    where audience = $audience and customer_id in (select member_id from answered)
) as sent on answered.member_id = sent.customer_id
where answered.member_id = members.member_id
    and audience = $audience and destination = $destination
"""
_SUPPRESSED = """
insert into activation.suppressions
select distinct $destination, members.identifier_hash, answered.reason, $now
from answered
inner join activation.members as members on answered.member_id = members.member_id
where answered.outcome = 'suppressed'
    and members.audience = $audience and members.destination = $destination
    and $kind is not null
"""


def utc_now() -> datetime:
    """Return the instant, UTC, without a zone, as DuckDB keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
