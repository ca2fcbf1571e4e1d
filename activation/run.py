"""One run of the sync for one audience: lease, plan, breaker, then batch after batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import duckdb
from kohorte.errors import KohorteError

from activation import lease
from activation.adapters.base import (
    Adapter,
    Fatal,
    Job,
    Member,
    Outcome,
    Refused,
    Settles,
    Unreachable,
)
from activation.adapters.http import NotThere
from activation.breaker import MAX_AGE, Source, objections
from activation.ledger import Ledger
from activation.plan import Audience, Plan, make_plan
from activation.state import State

#: After so many calls in a row without an answer, the tool is left alone until the next run.
_MAX_UNREACHABLE = 3
#: A job of the tool's that is not done after this is given up, and its members are sent anew.
_MAX_JOB = timedelta(days=1)
_RECENT = 5
_SENT = ("remove", "add", "update")
_UNNAMED = Outcome("", "rejected", "the tool's answer does not name it")


def _no_progress(audience: str, done: int, total: int) -> None:
    """Tell nobody."""


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


@dataclass(frozen=True)
class Sync:
    """Brings audiences of a warehouse, made at an instant (UTC), into their tools."""

    state: State
    warehouse: Path
    made_at: datetime
    adapter_of: Callable[[str], Adapter]
    clock: Callable[[], datetime]
    max_age: timedelta = MAX_AGE
    #: Told after each call: the audience, how many operations are done, and of how many.
    progress: Callable[[str, int, int], None] = _no_progress

    def run(self, audience: Audience) -> Report:
        """Bring one audience into its tool.

        Raises KohorteError when another run has it, or the state cannot be written. What the
        tool does wrong is in the report.
        """
        if audience.state == "stale":
            return Report(audience.name, "skipped", reasons=(f"its spec: {audience.reason}",))
        adapter = self.adapter_of(audience.tool)
        destination = destination_of(adapter)
        with self.state.transaction() as connection:
            number = lease.take(connection, audience, destination, self.clock())
            _remember(connection, adapter, destination, self.clock())
        ledger = Ledger(
            self.state, self.warehouse, self.clock, number, audience, destination,
            adapter.limits.removes_by,
        )  # fmt: skip
        return _Run(self, audience, adapter, ledger).report()

    def planned(self, audience: Audience) -> tuple[Plan, list[str]]:
        """Return what a run would do, and what the breaker would say; nothing is sent."""
        destination = destination_of(self.adapter_of(audience.tool))
        with self.state.transaction(self.warehouse) as connection:
            plan = make_plan(connection, audience, destination, self.clock())
            return plan, self.objections(destination, connection, plan)

    def objections(
        self, destination: str, connection: duckdb.DuckDBPyConnection, plan: Plan
    ) -> list[str]:
        """Return what the breaker says of a plan."""
        earlier = connection.execute(
            "select wanted, as_of from activation.runs where audience = ? and destination = ?"
            " and state = 'succeeded' order by run desc limit ?",
            [plan.audience.name, destination, _RECENT],
        ).fetchall()
        last = max((as_of for _, as_of in earlier), default=None)
        sizes = [wanted for wanted, _ in earlier]
        return objections(plan, Source(self.made_at, last), sizes, self.clock(), self.max_age)


def destination_of(adapter: Adapter) -> str:
    """Return the name of an account: another key for another account is another place.

    Raises KohorteError when the tool has to be asked for it, and does not tell.
    """
    try:
        account = adapter.account()
    except (Fatal, Refused, Unreachable, NotThere) as error:
        raise KohorteError(f"{adapter.tool}: {error or 'it knows no account'}") from None
    return f"{adapter.tool}:{sha256(account.encode()).hexdigest()[:16]}"


def _remember(
    connection: duckdb.DuckDBPyConnection, adapter: Adapter, destination: str, now: datetime
) -> None:
    """Have a row for an account."""
    connection.execute(
        "insert into activation.destinations select $destination, $tool, $now"
        " where $destination not in (select destination from activation.destinations)",
        {"destination": destination, "tool": adapter.tool, "now": now},
    )


@dataclass
class _Counts:
    """What came of the operations so far."""

    confirmed: int = 0
    rejected: int = 0
    unknown: int = 0


@dataclass
class _Run:
    """A run that has the lease."""

    sync: Sync
    audience: Audience
    adapter: Adapter
    ledger: Ledger
    remote: str = ""
    counts: _Counts = field(default_factory=_Counts)
    unreachable_in_a_row: int = 0
    #: So many members are in jobs of the tool's that are not done.
    at_work: int = 0

    def report(self) -> Report:
        """Carry out the run, and say what came of it."""
        try:
            self.remote = self._bound()
            self._settle_jobs()
            plan, said = self.ledger.plan(partial(self.sync.objections, self.ledger.destination))
            self._carry_out(plan, withdrawals_only=bool(said))
            if said:
                return self._finished("blocked", plan, *said)
            return self._ended(plan)
        except (Fatal, Unreachable) as error:
            return self._finished("failed", None, str(error))
        except KohorteError as error:
            # A second trouble must not hide the first.
            with suppress(KohorteError):
                self._finished("failed", None, str(error))
            raise

    def _bound(self) -> str:
        """Return the tool's id of the audience, and remember it."""
        ledger, target = self.ledger, self.audience.target
        values = {**ledger.mine, "target": target}
        with ledger.transaction() as connection:
            known = connection.execute(
                "select remote_id from activation.bindings where audience = $audience"
                " and destination = $destination and target = $target",
                values,
            ).fetchone()
            elsewhere = connection.execute(
                "select 1 from activation.members as members"
                " inner join activation.bindings as bindings using (audience, destination)"
                " where audience = $audience and destination = $destination"
                " and bindings.target <> $target and members.state in ('present', 'unknown')"
                " limit 1",
                values,
            ).fetchone()
        if elsewhere:
            raise KohorteError(
                f"{self.audience.name}: its target has changed, and the old one still holds"
                f" members; let go of them first: kohorte sync detach {self.audience.name}"
            )
        if known:
            return str(known[0])
        remote = self.adapter.bind(json.loads(target))
        with ledger.transaction() as connection:
            connection.execute(
                "insert into activation.bindings values (?, ?, ?, ?, ?)",
                [self.audience.name, ledger.destination, target, remote, self.sync.clock()],
            )
        return remote

    def _settle_jobs(self) -> None:
        """Ask what came of the jobs that earlier runs left with the tool."""
        for kind, job, sent_at, members in self.ledger.jobs():
            if abs(self.sync.clock() - sent_at) > _MAX_JOB:
                self.ledger.give_up(members)
            elif self.unreachable_in_a_row >= _MAX_UNREACHABLE:
                self.at_work += len(members)
            else:
                self._settle(kind, job, sent_at, members)
        self.unreachable_in_a_row = 0

    def _settle(self, kind: str, job: Job, sent_at: datetime, members: Sequence[Member]) -> None:
        """Ask what came of one job; one that failed is sent anew by this run."""
        try:
            outcomes = self._settled(kind, job, members)
        except Refused:
            return
        except Unreachable:
            self.unreachable_in_a_row += 1
            self.at_work += len(members)
            return
        self.unreachable_in_a_row = 0
        self._record(kind, outcomes, sent_at)

    def _carry_out(self, plan: Plan, *, withdrawals_only: bool) -> None:
        """Send removals, then additions, then updates; of a blocked plan only withdrawals."""
        total, done = plan.adds + plan.removes + plan.updates, 0
        size = self.adapter.limits.batch
        if not withdrawals_only:
            self.ledger.release()
        for kind in _SENT[:1] if withdrawals_only else _SENT:
            for members in self.ledger.batches(kind, size, withdrawals_only=withdrawals_only):
                self._send(kind, members)
                done += len(members)
                self.sync.progress(self.audience.name, done, total)
                if self.unreachable_in_a_row >= _MAX_UNREACHABLE:
                    raise Unreachable(f"{self.adapter.tool} does not answer; run again later")

    def _send(self, kind: str, members: Sequence[Member]) -> None:
        """Write down what is about to be sent, send it, write down what came back."""
        try:
            there, refused = self._held(members) if kind == "add" else (set(), [])
            self.ledger.intend(kind, members, there)
            sent_at = self.sync.clock()
            asked = {each.member_id for each in refused}
            sent = [member for member in members if member.member_id not in asked]
            outcomes = refused + (self._answers(kind, sent) if sent else [])
        except Unreachable as error:
            # What was written down stays unknown; the next run finds out.
            self.unreachable_in_a_row += 1
            self.counts.unknown += len(members)
            self.ledger.unanswered(kind, members, str(error))
            return
        self.unreachable_in_a_row = 0
        self._record(kind, outcomes, sent_at)

    def _record(self, kind: str, outcomes: Sequence[Outcome], sent_at: datetime) -> None:
        """Write down what came of each member, and count it."""
        self.ledger.record(kind, outcomes, sent_at)
        self.counts.confirmed += sum(each.state == "confirmed" for each in outcomes)
        self.counts.rejected += sum(each.state != "confirmed" for each in outcomes)

    def _held(self, members: Sequence[Member]) -> tuple[set[str], list[Outcome]]:
        """Return whom the audience holds, and whom the tool will not even be asked about."""
        try:
            return self.adapter.holding(self.remote, members), []
        except Refused as refusal:
            if len(members) == 1:
                return set(), [Outcome(members[0].member_id, "rejected", str(refusal))]
            half = len(members) // 2
            first, second = self._held(members[:half]), self._held(members[half:])
            return first[0] | second[0], first[1] + second[1]

    def _answers(self, kind: str, members: Sequence[Member]) -> list[Outcome]:
        """Return an outcome for each member; a refused call is halved to find the bad row."""
        calls = {
            "add": self.adapter.add, "update": self.adapter.update, "remove": self.adapter.remove,
        }  # fmt: skip
        try:
            answer = calls[kind](self.remote, members)
            if isinstance(answer, Job):
                self.ledger.started(kind, answer, members)
                return self._settled(kind, answer, members)
        except Refused as refusal:
            if len(members) == 1:
                return [Outcome(members[0].member_id, "rejected", str(refusal))]
            half = len(members) // 2
            return self._answers(kind, members[:half]) + self._answers(kind, members[half:])
        return _named(answer, members)

    def _settled(self, kind: str, job: Job, members: Sequence[Member]) -> list[Outcome]:
        """Return an outcome for each member of a job; one that failed is forgotten."""
        assert isinstance(self.adapter, Settles)
        try:
            return _named(self.adapter.settle(self.remote, kind, job, members), members)
        except Refused:
            self.ledger.give_up(members)
            raise

    def _ended(self, plan: Plan) -> Report:
        """Close a run that came to its end: is the tool as planned?"""
        left = self.ledger.left()
        self.counts.unknown += left + self.at_work
        waits = {
            "until the tool has let go of their old address": left,
            "for a job of the tool's": self.at_work,
        }
        reasons = [f"{count:,} wait {what}" for what, count in waits.items() if count]
        state = "incomplete" if self.counts.unknown else "succeeded"
        return self._finished(state, plan, *reasons)

    def _finished(self, state: str, plan: Plan | None, *reasons: str) -> Report:
        """Close the run."""
        counts = asdict(self.counts)
        self.ledger.finish(state, "; ".join(reasons), counts)
        return Report(self.audience.name, state, plan, **counts, reasons=reasons)


def _named(outcomes: Sequence[Outcome], members: Sequence[Member]) -> list[Outcome]:
    """Return an outcome for each member; whom the answer does not name is rejected."""
    found = {each.member_id: each for each in outcomes}
    return [
        found.get(member.member_id) or replace(_UNNAMED, member_id=member.member_id)
        for member in members
    ]


def utc_now() -> datetime:
    """Return the instant, UTC, without a zone, as DuckDB keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
