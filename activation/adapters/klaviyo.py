"""Klaviyo: an audience is a list of profiles; nobody is subscribed, consent is never touched.

Spoken to through the JSON:API of one revision. Profiles are put on the list by their ids
(the relationship endpoint, 1,000 a call), never by the endpoint that subscribes. Whoever
leaves the audience stays a profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Refused, Unreachable
from activation.adapters.http import Http, NotThere, chunks, path_of

_URL = "https://a.klaviyo.com/api/"
_REVISION = "2026-10-15"
_MEDIA = "application/vnd.api+json"
#: So many addresses in one question: they travel in the address of the call.
_ASKED = 50
#: What Klaviyo has a place for; all else becomes a property of the profile's own.
_OWN = ("first_name", "last_name", "phone_number", "locale", "title")

_GONE = "the list is not there in Klaviyo; let go of it: kohorte sync detach"
_LIMITS = Limits(batch=1000, removes_by="remote_id")


@dataclass(frozen=True)
class KlaviyoAdapter:
    """One Klaviyo account, with a private key that may read and write profiles and lists."""

    key: str = field(repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "klaviyo"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the account's public id."""
        return self._account

    @cached_property
    def _account(self) -> str:
        data = self._call("GET", "accounts")["data"]
        if not data:
            raise Fatal("Klaviyo names no account for this key")
        return str(data[0]["id"])

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the id of a list; it is made if there is none of this name."""
        name = target["list"]
        asked = {"filter": f"equals(name,{_quoted(name)})"}
        found = [each for each in self._pages("lists", asked) if each["attributes"]["name"] == name]
        if found:
            return str(found[0]["id"])
        new = {"data": {"type": "list", "attributes": {"name": name}}}
        return str(self._call("POST", "lists", body=new)["data"]["id"])

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return who is on the list already."""
        there = self._known(members, f"lists/{path_of(remote)}/profiles")
        return {each.member_id for each in members if each.address.lower() in there}

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Put profiles on the list, made where there is none; fields are set on the way."""
        known = self._known(members, "profiles")
        outcomes, ids = [], {}
        for member in members:
            there = known.get(member.address.lower())
            try:
                ids[member.member_id] = self._imported(member) if member.fields else (
                    there or self._imported(member)
                )  # fmt: skip
            except Refused as refusal:
                outcomes.append(Outcome(member.member_id, "rejected", str(refusal)))
        self._relate("POST", remote, ids.values())
        return [*outcomes, *(Outcome(key, "confirmed", remote_id=of) for key, of in ids.items())]

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Set the fields of profiles."""
        outcomes = []
        for member in members:
            try:
                found = self._imported(member)
                outcomes.append(Outcome(member.member_id, "confirmed", remote_id=found))
            except Refused as refusal:
                outcomes.append(Outcome(member.member_id, "rejected", str(refusal)))
        return outcomes

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Take profiles off the list."""
        known = self._known([each for each in members if not each.remote_id], "profiles")
        ids = [each.remote_id or known.get(each.address.lower()) for each in members]
        self._relate("DELETE", remote, [each for each in ids if each])
        return [Outcome(each.member_id, "confirmed") for each in members]

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses of all profiles on the list; some profiles have none."""
        path = f"lists/{path_of(remote)}/profiles"
        for profile in self._pages(path, {"fields[profile]": "email", "page[size]": 100}):
            if profile["attributes"].get("email"):
                yield str(profile["attributes"]["email"])

    def _known(self, members: Sequence[Member], path: str) -> dict[str, str]:
        """Return the ids of profiles below a path, by address in small letters."""
        found = {}
        for some in chunks(members, _ASKED):
            addresses = ",".join(_quoted(member.address) for member in some)
            asked: dict[str, str | int] = {
                "filter": f"any(email,[{addresses}])",
                "fields[profile]": "email", "page[size]": 100,
            }  # fmt: skip
            for profile in self._pages(path, asked):
                found[str(profile["attributes"]["email"]).lower()] = str(profile["id"])
        return found

    def _imported(self, member: Member) -> str:
        """Return the id of the profile with this address, made or changed to have the fields."""
        known = {name: value for name, value in member.fields.items() if value is not None}
        own = {name: value for name, value in known.items() if name in _OWN}
        rest = {name: value for name, value in known.items() if name not in _OWN}
        attributes = {"email": member.address, **own, **({"properties": rest} if rest else {})}
        body = {"data": {"type": "profile", "attributes": attributes}}
        return str(self._call("POST", "profile-import", body=body)["data"]["id"])

    def _relate(self, method: str, remote: str, ids: Any) -> None:
        """Put profiles on the list, or take them off; nothing is said of each."""
        data = [{"type": "profile", "id": one} for one in dict.fromkeys(ids)]
        path = f"lists/{path_of(remote)}/relationships/profiles"
        for some in chunks(data, _LIMITS.batch):
            try:
                self._http.call(method, path, body={"data": list(some)})
            except NotThere:
                raise Fatal(_GONE) from None

    def _pages(self, path: str, asked: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
        """Yield everything below a path, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            params = {**asked, **({"page[cursor]": cursor} if cursor else {})}
            answer = self._call("GET", path, params=params)
            yield from answer["data"]
            following = (answer.get("links") or {}).get("next")
            # Only the cursor is taken over: an answer does not say where to send the key.
            cursor = parse_qs(urlsplit(following).query)["page[cursor]"][0] if following else None

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        answer = self._http.mapping(method, path, params=params, body=body, missing=_GONE)
        if "data" not in answer:
            raise Unreachable("its answer is of another shape")
        return answer

    @property
    def _http(self) -> Http:
        return Http(_URL, self._headers, self.transport)

    def _headers(self, content: bytes) -> dict[str, str]:
        return {
            "Authorization": f"Klaviyo-API-Key {self.key}",
            "revision": _REVISION,
            "Accept": _MEDIA,
            **({"Content-Type": _MEDIA} if content else {}),
        }


def _quoted(text: str) -> str:
    """Return a text that Klaviyo's filter language takes for one."""
    return json.dumps(text, ensure_ascii=False)
