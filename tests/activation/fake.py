"""A tool with a memory that does as it is told to: refuse, lose answers, hang up, die."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from activation.adapters.base import (
    Fatal,
    Limits,
    Member,
    Outcome,
    Refused,
    Unreachable,
)

NO_TROUBLE: Callable[[str], None] = lambda moment: None  # noqa: E731


@dataclass
class FakeTool:
    """Audiences by name; each maps an address to what was sent with it.

    `trouble` is called before and after each call, and may raise. Whoever is in `bad` is
    refused for good, and a whole call with it when `refuses_whole_calls`.
    """

    trouble: Callable[[str], None] = NO_TROUBLE
    audiences: dict[str, dict[str, object]] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    unsubscribed: set[str] = field(default_factory=set)
    refuses_whole_calls: bool = False
    says_nothing_of: set[str] = field(default_factory=set)
    calls: list[tuple[str, int]] = field(default_factory=list)
    #: How often each address was put in that was not there.
    times_added: dict[str, int] = field(default_factory=dict)
    key: str = "production"
    tool: str = "file"
    limits: Limits = Limits(batch=20, removes_by="address")  # noqa: RUF009

    def account(self) -> str:
        return self.key

    def bind(self, target: Mapping[str, str]) -> str:
        self._called("bind", 1)
        self.audiences.setdefault(target["name"], {})
        return target["name"]

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        self._called("holding", len(members))
        found = {m.member_id for m in members if m.address in self.audiences[remote]}
        self.trouble("after holding")
        return found

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        return self._changed("add", remote, members)

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        return self._changed("update", remote, members)

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        self._called("remove", len(members))
        for member in members:
            self.audiences[remote].pop(self._place(member), None)
        self.trouble("after remove")
        return self._answer(members)

    def read_back(self, remote: str) -> Iterator[str]:
        yield from self.audiences[remote]

    def _changed(self, kind: str, remote: str, members: Sequence[Member]) -> list[Outcome]:
        self._called(kind, len(members))
        refused = {m.member_id for m in members if m.address in self.bad}
        if refused and self.refuses_whole_calls:
            raise Refused("status 400")
        left = {m.member_id for m in members if m.address in self.unsubscribed}
        held = self.audiences[remote]
        for member in members:
            if member.member_id not in refused | left:
                if member.address not in held:
                    times = self.times_added.get(member.address, 0)
                    self.times_added[member.address] = times + 1
                held[member.address] = dict(member.fields)
        self.trouble(f"after {kind}")
        return [
            Outcome(o.member_id, "rejected", "bad address") if o.member_id in refused
            else Outcome(o.member_id, "suppressed", "unsubscribed") if o.member_id in left
            else o
            for o in self._answer(members)
        ]  # fmt: skip

    def _answer(self, members: Sequence[Member]) -> list[Outcome]:
        has_ids = self.limits.removes_by == "remote_id"
        return [
            Outcome(
                member.member_id, "confirmed",
                remote_id=f"id of {self._place(member)}" if has_ids else None,
            )
            for member in members
            if self._place(member) not in self.says_nothing_of
        ]  # fmt: skip

    @staticmethod
    def _place(member: Member) -> str:
        """Return where a member stands here: by our address, else by the id given once."""
        return member.address or (member.remote_id or "").removeprefix("id of ")

    def _called(self, kind: str, size: int) -> None:
        self.calls.append((kind, size))
        self.trouble(f"before {kind}")


@dataclass
class Moods:
    """Trouble by chance: before (nothing done), after (answer lost), for so many calls."""

    draw: random.Random
    share_before: float = 0.1
    share_after: float = 0.1

    def __call__(self, moment: str) -> None:
        share = self.share_before if moment.startswith("before") else self.share_after
        if self.draw.random() < share:
            raise Unreachable("no answer")


def wrong_key(moment: str) -> None:
    """Refuse every call."""
    raise Fatal("the tool does not accept the key")


def die(moment: str) -> None:
    """End this process as the kernel would."""
    os.kill(os.getpid(), signal.SIGKILL)
