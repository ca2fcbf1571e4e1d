"""Mailchimp: an audience is a static segment (a tag) of one list; nobody is subscribed.

Whoever is no contact of the list is rejected, not made one: a new contact needs a
subscription, and that is not ours to give. Members are added and removed 500 a call.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5
from typing import Any

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Refused
from activation.adapters.http import Http, NotThere, path_of

_PAGE = 1000
#: What Mailchimp's lists have a place for from the start.
_MERGE_FIELDS = {"first_name": "FNAME", "last_name": "LNAME"}
_NO_CONTACT = "no contact of the Mailchimp list"

_LIMITS = Limits(batch=500, removes_by="address")


@dataclass(frozen=True)
class MailchimpAdapter:
    """One Mailchimp account, with an API key (`key-datacenter`)."""

    key: str = field(repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "mailchimp"
    limits: Limits = _LIMITS
    #: Whom each segment holds, read once a run: Mailchimp does not say whom it held before.
    _held: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def account(self) -> str:
        """Return the account's id."""
        return self._account

    @cached_property
    def _account(self) -> str:
        return str(self._call("GET", "", params={"fields": "account_id"})["account_id"])

    def bind(self, target: Mapping[str, str]) -> str:
        """Return list and id of a static segment; it is made if there is none of this name."""
        path, name = f"lists/{path_of(target['list'])}/segments", target["segment"]
        fields = "segments.id,segments.name"
        for segment in self._pages(path, "segments", type="static", fields=fields):
            if segment["name"] == name:
                return json.dumps({"list": target["list"], "segment": str(segment["id"])})
        made = self._call("POST", path, body={"name": name, "static_segment": []})
        return json.dumps({"list": target["list"], "segment": str(made["id"])})

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return who is in the segment already."""
        if remote not in self._held:
            self._held[remote] = {address.lower() for address in self.read_back(remote)}
        held = self._held[remote]
        return {each.member_id for each in members if each.address.lower() in held}

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Put contacts of the list into the segment; their names are set on the way."""
        added = self._changed(remote, "members_to_add", "members_added", members)
        outcomes = []
        for member in members:
            # Whom the answer does not name was in already, or is no contact.
            if member.address.lower() in added or self._is_in(remote, member.address):
                outcomes.append(self._named(remote, member))
            else:
                outcomes.append(Outcome(member.member_id, "rejected", _NO_CONTACT))
        if remote in self._held:
            self._held[remote] |= added
        return outcomes

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Set the names of contacts."""
        return [self._named(remote, member) for member in members]

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Take contacts out of the segment; they stay contacts."""
        removed = self._changed(remote, "members_to_remove", "members_removed", members)
        if remote in self._held:
            self._held[remote] -= removed
        return [
            Outcome(member.member_id, "rejected", "Mailchimp does not confirm it")
            if member.address.lower() not in removed and self._is_in(remote, member.address)
            else Outcome(member.member_id, "confirmed")
            for member in members
        ]

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses of all who are in the segment, whatever their subscription."""
        path, asked = f"{_segment(remote)}/members", "members.email_address"
        for member in self._pages(path, "members", fields=asked, include_unsubscribed="true",
                                  include_cleaned="true"):  # fmt: skip
            yield str(member["email_address"])

    def _changed(
        self, remote: str, operation: str, answered: str, members: Sequence[Member]
    ) -> set[str]:
        """Return the addresses, in small letters, that a call for all members confirms."""
        body = {operation: [member.address for member in members]}
        answer = self._call("POST", _segment(remote), body=body)
        return {str(each["email_address"]).lower() for each in answer.get(answered, ())}

    def _is_in(self, remote: str, address: str) -> bool:
        """Tell whether a contact has the segment among its tags."""
        try:
            contact = self._http.call("GET", _contact(remote, address), params={"fields": "tags"})
        except NotThere:
            return False
        tags = contact.get("tags", ()) if isinstance(contact, dict) else ()
        return any(str(tag["id"]) == json.loads(remote)["segment"] for tag in tags)

    def _named(self, remote: str, member: Member) -> Outcome:
        """Set a contact's names, if any are sent; the subscription is left as it is."""
        names = {
            place: str(member.fields[name])
            for name, place in _MERGE_FIELDS.items()
            if member.fields.get(name)
        }
        try:
            if names:
                body = {"merge_fields": names}
                self._http.call("PATCH", _contact(remote, member.address), body=body)
        except NotThere:
            return Outcome(member.member_id, "rejected", _NO_CONTACT)
        except Refused as refusal:
            return Outcome(member.member_id, "rejected", str(refusal))
        return Outcome(member.member_id, "confirmed")

    def _pages(self, path: str, what: str, **asked: str) -> Iterator[dict[str, Any]]:
        """Yield all of something, page by page."""
        offset = 0
        while True:
            params: dict[str, str | int] = {**asked, "count": _PAGE, "offset": offset}
            found = self._call("GET", path, params=params).get(what, [])
            yield from found
            offset += len(found)
            if len(found) < _PAGE:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        message = "the list or segment is not there in Mailchimp; look at `to: {list: …}`"
        return self._http.mapping(method, path, params=params, body=body, missing=message)

    @property
    def _http(self) -> Http:
        center = self.key.rpartition("-")[2]
        if not (center.isascii() and center.isalnum() and center != self.key):
            raise Fatal("KOHORTE_MAILCHIMP_KEY does not end with its data center (…-us6)")
        return Http(f"https://{center}.api.mailchimp.com/3.0/", self._headers, self.transport)

    def _headers(self, content: bytes) -> dict[str, str]:
        user = base64.b64encode(f"kohorte:{self.key}".encode()).decode()
        return {"Authorization": f"Basic {user}"}


def _segment(remote: str) -> str:
    parts = json.loads(remote)
    return f"lists/{path_of(parts['list'])}/segments/{path_of(parts['segment'])}"


def _contact(remote: str, address: str) -> str:
    """Return the path of a contact: Mailchimp goes by the MD5 of the address in small letters."""
    name = md5(address.lower().encode(), usedforsecurity=False).hexdigest()
    return f"lists/{path_of(json.loads(remote)['list'])}/members/{name}"
