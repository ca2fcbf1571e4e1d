"""What every adapter offers, and what may go wrong with a tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True)
class Member:
    """One person for one call: our id, where to write to, and what travels along.

    For a removal `address` is empty when it is not needed: `remote_id` is there then, or the
    tool goes by our id. `payload_hash` tells what is sent from what was sent before.
    """

    member_id: str
    address: str = field(default="", repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    remote_id: str | None = None
    payload_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outcome:
    """What the tool said of one member; what it did not confirm is not done.

    suppressed: the person took the consent back in the tool.
    """

    member_id: str
    state: Literal["confirmed", "rejected", "suppressed"]
    reason: str = ""
    remote_id: str | None = None


@dataclass(frozen=True)
class Job:
    """A call that the tool took in and carries out later; `key` is the tool's name of it."""

    key: str


@dataclass(frozen=True)
class Limits:
    """So many members in one call, and what a removal goes by.

    Addresses are kept for it as long as it needs them: always (`address`), until the tool's id
    is known (`remote_id`), or never (`member_id`, ours).
    """

    batch: int
    removes_by: Literal["address", "remote_id", "member_id"]


class Refused(Exception):
    """The tool refused a whole call because of what is in it; the reason tells no address."""


class Unreachable(Exception):
    """No answer that says what became of a call, after all attempts."""


class Fatal(Exception):
    """Every further call would fail as well: a wrong key, a list that is not there."""


class Adapter(Protocol):
    """A tool. All calls are set operations: made twice, they do what they do once."""

    @property
    def tool(self) -> str:
        """Return the name that specs give it."""

    @property
    def limits(self) -> Limits:
        """Return how much it takes at once."""

    def account(self) -> str:
        """Return a text that tells this account from all others; no secret."""

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the tool's id of an audience, looked up or created."""

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return the ids (ours) of the members that the audience holds already."""

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome] | Job:
        """Put members into the audience; changes no subscription."""

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome] | Job:
        """Send the fields of members that are in the audience."""

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome] | Job:
        """Take members out of the audience; whoever is not there is confirmed."""

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the address of everybody in the audience, whoever put them there."""


@runtime_checkable
class Settles(Protocol):
    """An adapter whose calls may end in jobs."""

    def settle(self, remote: str, kind: str, job: Job, members: Sequence[Member]) -> list[Outcome]:
        """Return what came of a job: an `add`, `update` or `remove` of these members.

        Waits for a while. Raises Unreachable when it is not done then, Refused when the tool
        gave it up.
        """
