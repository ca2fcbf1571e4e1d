"""SendGrid (Marketing Campaigns): an audience is a list of contacts.

Contacts are taken in and taken off by jobs of SendGrid's own; a change counts as done when
the contact, asked for afterwards, is on the list or off it. Unsubscribe groups and global
unsubscribes are never touched, and SendGrid heeds them when it sends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Refused, Unreachable
from activation.adapters.http import Http, NotThere, chunks, path_of

_URL = "https://api.sendgrid.com/v3/"
#: So many contacts in one question.
_ASKED = 100
#: What SendGrid has a place for. Other fields need a custom field there, and are not sent.
_OWN = ("first_name", "last_name", "city", "country", "postal_code", "phone_number")
#: A job is asked for so often, with so many seconds between, before it is left to the next run.
_LOOKS, _SECONDS = 30, 2.0

_LIMITS = Limits(batch=1000, removes_by="remote_id")


@dataclass(frozen=True)
class SendgridAdapter:
    """One SendGrid account, with an API key that may read and write marketing data."""

    key: str = field(repr=False)
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "sendgrid"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the account's user id."""
        return self._account

    @cached_property
    def _account(self) -> str:
        return str(self._call("GET", "user/username")["user_id"])

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the id of a list; it is made if there is none of this name."""
        asked: dict[str, str | int] = {"page_size": 1000}
        while True:
            answer = self._call("GET", "marketing/lists", params=asked)
            for known in answer["result"]:
                if known["name"] == target["list"]:
                    return str(known["id"])
            following = str((answer.get("_metadata") or {}).get("next") or "")
            token = httpx2.URL(following).params.get("page_token") if following else None
            if not token:
                break
            asked = {"page_size": 1000, "page_token": token}
        return str(self._call("POST", "marketing/lists", body={"name": target["list"]})["id"])

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return who is on the list already."""
        found = self._found(members)
        return {
            member.member_id
            for member in members
            if _is_on(found.get(member.address.lower()), remote)
        }

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Put contacts on the list, made where there are none; fields are set on the way."""
        contacts = [
            {
                "email": member.address,
                **{name: str(member.fields[name]) for name in _OWN if member.fields.get(name)},
            }
            for member in members
        ]
        body = {"list_ids": [remote], "contacts": contacts}
        job = self._call("PUT", "marketing/contacts", body=body)["job_id"]
        self._wait_for(str(job))
        found = self._found(members)
        return [_told(member, found.get(member.address.lower()), remote) for member in members]

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Set the fields of contacts."""
        return self.add(remote, members)

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Take contacts off the list; they stay contacts."""
        found = self._found([member for member in members if not member.remote_id])
        ids = {}
        for member in members:
            there = found.get(member.address.lower())
            identifier = member.remote_id or (str(there["id"]) if there else "")
            if identifier:
                ids[member.member_id] = identifier
        for some in chunks(list(ids.values()), _ASKED):
            path = f"marketing/lists/{path_of(remote)}/contacts"
            self._call("DELETE", path, params={"contact_ids": ",".join(some)})
        left = self._left_on(remote, list(ids.values()))
        return [
            Outcome(member.member_id, "confirmed")
            for member in members
            if ids.get(member.member_id) not in left
        ]

    def read_back(self, remote: str) -> Iterator[str]:
        """Raise Fatal: SendGrid shows a list's members in an export alone."""
        raise Fatal("SendGrid shows no list's members; export the list there to compare")

    def _wait_for(self, job: str) -> None:
        """Wait until contacts are taken in; what becomes of each is asked for afterwards."""
        for _ in range(_LOOKS):
            state = self._call("GET", f"marketing/contacts/imports/{path_of(job)}")["status"]
            if state in ("completed", "errored"):
                return
            if state == "failed":
                raise Refused("SendGrid's job failed")
            self.pause(_SECONDS)
        raise Unreachable("SendGrid's job is not done yet; the next run asks what came of it")

    def _left_on(self, remote: str, ids: Sequence[str]) -> set[str]:
        """Return the contacts that are on the list when its job had time to take them off."""
        left = set(ids)
        for _ in range(_LOOKS):
            for some in chunks(sorted(left), _ASKED):
                answer = self._asked("marketing/contacts/batch", {"ids": list(some)})
                on_it = {str(each["id"]) for each in answer or () if _is_on(each, remote)}
                left -= set(some) - on_it
            if not left:
                break
            self.pause(_SECONDS)
        if left:
            raise Unreachable("SendGrid's job is not done yet; the next run asks what came of it")
        return left

    def _found(self, members: Sequence[Member]) -> dict[str, dict[str, Any]]:
        """Return what SendGrid knows of members, by address in small letters."""
        found = {}
        for some in chunks(members, _ASKED):
            asked = {"emails": [member.address for member in some]}
            answer = self._asked("marketing/contacts/search/emails", asked)
            for address, each in (answer or {}).items():
                if "contact" in each:
                    found[str(address).lower()] = each["contact"]
        return found

    def _asked(self, path: str, body: object) -> Any:
        """Return the result of a search; none when nobody is found."""
        try:
            answer = self._http.call("POST", path, body=body)
        except NotThere:
            return None
        if not isinstance(answer, dict) or "result" not in answer:
            raise Unreachable("SendGrid's answer is of another shape")
        return answer["result"]

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        message = "the list is not there in SendGrid; let go of it: kohorte sync detach"
        return self._http.mapping(method, path, params=params, body=body, missing=message)

    @property
    def _http(self) -> Http:
        return Http(_URL, self._headers, self.transport)

    def _headers(self, content: bytes) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def _is_on(contact: Mapping[str, Any] | None, remote: str) -> bool:
    return contact is not None and remote in (contact.get("list_ids") or ())


def _told(member: Member, contact: Mapping[str, Any] | None, remote: str) -> Outcome:
    """Return what came of an addition: SendGrid counts mistakes, and does not name them."""
    if contact is None or not _is_on(contact, remote):
        return Outcome(member.member_id, "rejected", "SendGrid did not take it in")
    return Outcome(member.member_id, "confirmed", remote_id=str(contact["id"]))
