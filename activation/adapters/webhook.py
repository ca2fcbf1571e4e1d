"""A service of one's own: signed calls with the members of an audience.

Every call is a POST of `{"audience", "operation", "members": [{"id", "address", "fields"}]}`
with the headers `Kohorte-Timestamp` (seconds since 1970) and `Kohorte-Signature`, which is
`sha256=` and the HMAC-SHA256 of timestamp, a dot and the body, by the shared secret. It
answers `{"confirmed": [id …], "rejected": {id: reason}}`; whoever it does not name counts as
rejected. `operation` is hold (which of these are in already? all others are not confirmed),
add, update or remove.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Unreachable
from activation.adapters.http import Http, NotThere

_REASON = 100

_LIMITS = Limits(batch=500, removes_by="member_id")


@dataclass(frozen=True)
class WebhookAdapter:
    """Calls one address, signed with a secret."""

    url: str
    secret: str = field(repr=False)
    seconds: Callable[[], int]
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "webhook"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the address that is called."""
        return self.url

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the name of the audience: the service needs no more."""
        return target["name"]

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Ask the service whom it has already."""
        return {each.member_id for each in self._call("hold", remote, members)
                if each.state == "confirmed"}  # fmt: skip

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Tell the service who came."""
        return self._call("add", remote, members)

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Tell the service what has changed."""
        return self._call("update", remote, members)

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Tell the service who left."""
        return self._call("remove", remote, members)

    def read_back(self, remote: str) -> Iterator[str]:
        """Raise Fatal: a webhook is told, not asked."""
        raise Fatal("a webhook cannot be read back")

    def _call(self, operation: str, remote: str, members: Sequence[Member]) -> list[Outcome]:
        rows = [
            {"id": member.member_id, "address": member.address, "fields": member.fields}
            if operation != "remove"
            else {"id": member.member_id}
            for member in members
        ]
        body = {"audience": remote, "operation": operation, "members": rows}
        try:
            answer = Http(self.url, self._signed, self.transport).call("POST", "", body=body)
        except NotThere:
            raise Fatal("the webhook's address is not there (status 404)") from None
        confirmed = answer.get("confirmed") if isinstance(answer, dict) else None
        rejected = answer.get("rejected", {}) if isinstance(answer, dict) else None
        if not isinstance(confirmed, list) or not isinstance(rejected, dict):
            raise Unreachable("the webhook's answer says nothing of `confirmed`")
        done = [Outcome(str(key), "confirmed") for key in confirmed]
        return done + [
            Outcome(str(key), "rejected", _told(reason))
            for key, reason in rejected.items()
            if key not in confirmed
        ]

    def _signed(self, content: bytes) -> dict[str, str]:
        """Return the headers that prove who calls, and when."""
        stamp = str(self.seconds())
        digest = hmac.new(self.secret.encode(), stamp.encode() + b"." + content, sha256)
        return {"Kohorte-Timestamp": stamp, "Kohorte-Signature": f"sha256={digest.hexdigest()}"}


def _told(reason: object) -> str:
    """Return a reason that may be shown: one that could hold an address is not."""
    text = str(reason)
    is_safe = len(text) <= _REASON and "@" not in text and not re.search(r"[0-9]{5}", text)
    return text if is_safe else "the service refuses it"
