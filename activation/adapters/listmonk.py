"""listmonk: an audience is a list; a subscription that was given back is never given again.

A person whom listmonk does not know becomes a subscriber of no list first, so that no mail
asks for a confirmation, and is put on the list then, unconfirmed: a list with single opt-in
(those made here are) writes to them, one with double opt-in does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from activation.adapters.base import Limits, Member, Outcome, Refused, Unreachable
from activation.adapters.http import Http, path_of

_PAGE = 1000

#: The addresses of a batch travel in the address of a call.
_LIMITS = Limits(batch=100, removes_by="remote_id")


@dataclass(frozen=True)
class ListmonkAdapter:
    """One listmonk, with an API user's name and token (`user:token`)."""

    url: str
    token: str = field(repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "listmonk"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the address of the installation."""
        return self.url.rstrip("/")

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the id of a list; a private one is made if there is none of this name."""
        for known in self._pages("lists", {}):
            if known["name"] == target["list"]:
                return str(known["id"])
        new = {"name": target["list"], "type": "private", "optin": "single"}
        return str(self._call("POST", "lists", body=new)["id"])

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return who is on the list already, also unsubscribed."""
        found = self._found(members)
        return {
            member.member_id
            for member in members
            if _subscription(found.get(member.address.lower()), remote) is not None
        }

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Put subscribers on the list, made where there are none."""
        found = self._found(members)
        outcomes = [
            self._one(remote, member, found.get(member.address.lower())) for member in members
        ]
        ids = [int(each.remote_id) for each in outcomes if each.remote_id]
        if ids:
            self._put_on(remote, "add", ids)
        return outcomes

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Set the attributes of subscribers."""
        found = self._found(members)
        return [self._one(remote, member, found.get(member.address.lower())) for member in members]

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Take subscribers off the list; whoever unsubscribed from it stays so.

        The entry of an unsubscribed one is what remembers it.
        """
        named = [int(member.remote_id) for member in members if member.remote_id]
        found = {
            **self._found([member for member in members if not member.remote_id]),
            **self._asked(f"subscribers.id in ({','.join(map(str, named))})", bool(named)),
        }
        ids = [
            int(there["id"])
            for there in found.values()
            if _subscription(there, remote) not in (None, "unsubscribed")
        ]
        if ids:
            self._put_on(remote, "remove", ids)
        return [Outcome(member.member_id, "confirmed") for member in members]

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses of all who are on the list and did not unsubscribe."""
        for subscriber in self._pages("subscribers", {"list_id": remote}):
            if _subscription(subscriber, remote) not in (None, "unsubscribed"):
                yield str(subscriber["email"])

    def _one(self, remote: str, member: Member, there: dict[str, Any] | None) -> Outcome:
        """Return the id of a member's subscriber, who has the fields now, or why there is none."""
        try:
            there = there or self._made(member)
            if there["status"] == "blocklisted":
                return Outcome(member.member_id, "suppressed", "blocklisted in listmonk")
            if _subscription(there, remote) == "unsubscribed":
                return Outcome(member.member_id, "suppressed", "unsubscribed in listmonk")
            known = there.get("attribs") or {}
            if not member.fields.items() <= known.items():
                path = f"subscribers/{path_of(str(there['id']))}"
                self._call("PATCH", path, body={"attribs": {**known, **member.fields}})
        except Refused as refusal:
            return Outcome(member.member_id, "rejected", str(refusal))
        return Outcome(member.member_id, "confirmed", remote_id=str(there["id"]))

    def _made(self, member: Member) -> dict[str, Any]:
        """Return a new subscriber of no list, or the one that an attempt before has made."""
        name = " ".join(
            str(member.fields[part]) for part in ("first_name", "last_name")
            if member.fields.get(part)
        )  # fmt: skip
        new = {
            "email": member.address, "name": name, "status": "enabled", "lists": [],
            "attribs": dict(member.fields),
        }  # fmt: skip
        try:
            made: dict[str, Any] = self._call("POST", "subscribers", body=new)
        except Refused:
            found = self._found([member]).get(member.address.lower())
            if found is None:
                raise
            return found
        return made

    def _put_on(self, remote: str, action: str, ids: list[int]) -> None:
        """Put subscribers on the list, or take them off; their subscriptions stay as they are."""
        body = {"ids": ids, "action": action, "target_list_ids": [int(remote)]}
        if self._call("PUT", "subscribers/lists", body=body) is not True:
            raise Unreachable("listmonk does not confirm it")

    def _found(self, members: Sequence[Member]) -> dict[str, dict[str, Any]]:
        """Return what listmonk knows of members, by address in small letters."""
        known = [_quoted(member.address.lower()) for member in members if member.address]
        return self._asked(f"lower(subscribers.email) in ({','.join(known)})", bool(known))

    def _asked(self, query: str, is_any: bool) -> dict[str, dict[str, Any]]:
        """Return the subscribers that a query finds, by address in small letters."""
        found = self._pages("subscribers", {"query": query}) if is_any else iter(())
        return {str(each["email"]).lower(): each for each in found}

    def _pages(self, what: str, asked: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
        """Yield all of something, page by page."""
        page, seen = 1, 0
        while True:
            params: dict[str, str | int] = {**asked, "page": page, "per_page": _PAGE}
            answer = self._call("GET", what, params=params)
            if not isinstance(answer, dict) or "results" not in answer:
                raise Unreachable("listmonk's answer is of another shape")
            found = answer["results"] or []
            yield from found
            page, seen = page + 1, seen + len(found)
            if not found or seen >= int(answer.get("total", 0)):
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        """Return the `data` of an answer."""
        message = "listmonk knows no such list or address; look at KOHORTE_LISTMONK_URL"
        answer = self._http.mapping(
            method, f"api/{path}", params=params, body=body, missing=message
        )
        if "data" not in answer:
            raise Unreachable("its answer is of another shape")
        return answer["data"]

    @property
    def _http(self) -> Http:
        return Http(f"{self.account()}/", self._headers, self.transport)

    def _headers(self, content: bytes) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}


def _subscription(subscriber: Mapping[str, Any] | None, remote: str) -> str | None:
    """Return the state of a subscriber on the list; none if it is not on it."""
    for each in (subscriber or {}).get("lists") or ():
        if str(each["id"]) == remote:
            return str(each.get("subscription_status") or "unconfirmed")
    return None


def _quoted(address: str) -> str:
    """Return an address as a text of listmonk's query language, which is PostgreSQL's."""
    if not address.isprintable() or "\\" in address:
        raise Refused("an address that no query may hold")
    return "'" + address.replace("'", "''") + "'"
