"""An adapter for GNU Mailman 3, to have the sync meet a second real server.

A list server of another shape than the tools: members one by one, no labels, no fields but a
name. It is no tool of the language, because a mailing list is nobody's audience.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Refused
from activation.adapters.http import Http, NotThere, path_of

_PAGE = 50


@dataclass(frozen=True)
class MailmanAdapter:
    """One Mailman, with the password of its administrator."""

    url: str
    password: str = field(repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "mailman"
    limits: Limits = field(default=Limits(batch=20, removes_by="address"))

    def account(self) -> str:
        return self.url

    def bind(self, target: Mapping[str, str]) -> str:
        name = target["list"]
        try:
            return str(self._call("GET", f"lists/{path_of(name)}")["list_id"])
        except NotThere:
            self._call("POST", "lists", {"fqdn_listname": name})
        return str(self._call("GET", f"lists/{path_of(name)}")["list_id"])

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        return {each.member_id for each in members if self._there(remote, each.address)}

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        return [self._added(remote, member) for member in members]

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        return [self._named(member) for member in members]

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        outcomes = []
        for member in members:
            there = self._there(remote, member.address)
            if there:
                path = str(there["self_link"]).removeprefix(self.url)
                with suppress(NotThere):
                    self._call("DELETE", path)
            outcomes.append(Outcome(member.member_id, "confirmed"))
        return outcomes

    def read_back(self, remote: str) -> Iterator[str]:
        page = 1
        while True:
            params: dict[str, str | int] = {"count": _PAGE, "page": page}
            found = self._call("GET", f"lists/{remote}/roster/member", params=params)
            entries = found.get("entries", [])
            yield from (str(each["email"]) for each in entries)
            if len(entries) < _PAGE:
                return
            page += 1

    def _added(self, remote: str, member: Member) -> Outcome:
        new = {
            "list_id": remote, "subscriber": member.address, "pre_verified": True,
            "pre_confirmed": True, "pre_approved": True, "send_welcome_message": False,
        }  # fmt: skip
        try:
            self._call("POST", "members", new)
        except Refused as refusal:
            # A member already, perhaps by an attempt whose answer was lost.
            if not self._there(remote, member.address):
                return Outcome(member.member_id, "rejected", str(refusal))
        return self._named(member)

    def _named(self, member: Member) -> Outcome:
        name = member.fields.get("first_name")
        if name:
            self._call("PATCH", f"addresses/{path_of(member.address)}", {"display_name": name})
        return Outcome(member.member_id, "confirmed")

    def _there(self, remote: str, address: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._call("GET", f"lists/{remote}/member/{path_of(address)}")
        except NotThere:
            return None
        return found

    def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Any:
        http = Http(self.url, self._headers, self.transport)
        return http.call(method, path, params=params, body=body)

    def _headers(self, content: bytes) -> dict[str, str]:
        if not self.password:
            raise Fatal("no password")
        user = base64.b64encode(f"admin:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {user}"}
