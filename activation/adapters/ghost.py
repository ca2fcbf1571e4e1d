"""Ghost: an audience is a label on members; newsletters are never touched.

Spoken to through the Admin API, version 5. A person whom Ghost does not know becomes a
member without any newsletter; taking the label off leaves the member there.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx2

from activation.adapters.base import Fatal, Limits, Member, Outcome, Refused, Unreachable
from activation.adapters.http import Http, NotThere

_API = "ghost/api/admin"
_PAGE = 100
_VALID_SECONDS = 300

_LIMITS = Limits(batch=50, removes_by="remote_id")


@dataclass(frozen=True)
class GhostAdapter:
    """One Ghost, with an Admin API key (`id:secret`)."""

    url: str
    key: str = field(repr=False)
    seconds: Callable[[], int]
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    tool: str = "ghost"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the address of the site."""
        return self.url.rstrip("/")

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the slug of a label; the label is made if there is none of this name."""
        name = target["label"]
        for label in self._pages("labels"):
            if label["name"] == name:
                return json.dumps({"name": name, "slug": label["slug"]})
        made = self._call("POST", "labels", body={"labels": [{"name": name}]})
        return json.dumps({"name": name, "slug": made["labels"][0]["slug"]})

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return who has the label already."""
        found = self._found(members)
        return {
            member.member_id
            for member in members
            if _has(found.get(member.address.lower()), _slug(remote))
        }

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Give members the label; a new one is subscribed to nothing."""
        found = self._found(members)
        return [
            self._one(self._labelled, remote, member, found.get(member.address.lower()))
            for member in members
        ]

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Set the names of members."""
        return self.add(remote, members)

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Take the label off members."""
        unnamed = [member for member in members if not member.remote_id]
        found = self._found(unnamed)
        return [
            self._one(self._bared, remote, member, found.get(member.address.lower()))
            for member in members
        ]

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses of all who have the label."""
        for member in self._pages("members", filter=f"label:{_slug(remote)}"):
            yield str(member["email"])

    def _one(
        self,
        act: Callable[[str, Member, dict[str, Any] | None], str],
        remote: str,
        member: Member,
        there: dict[str, Any] | None,
    ) -> Outcome:
        """Do one member; Ghost takes them one by one, and so one's refusal is its own."""
        try:
            return Outcome(member.member_id, "confirmed", remote_id=act(remote, member, there))
        except Refused as refusal:
            return Outcome(member.member_id, "rejected", str(refusal))

    def _labelled(self, remote: str, member: Member, there: dict[str, Any] | None) -> str:
        """Return Ghost's id of a member who has the label now, and keeps all others."""
        name = json.loads(remote)["name"]
        shown = " ".join(
            str(member.fields[part]) for part in ("first_name", "last_name")
            if member.fields.get(part)
        )  # fmt: skip
        known = {"name": shown} if shown else {}
        if there is None:
            new = {"email": member.address, "labels": [{"name": name}], "newsletters": [], **known}
            made = self._call("POST", "members", body={"members": [new]})
            return str(made["members"][0]["id"])
        labels = [{"name": label["name"]} for label in there["labels"]]
        if _has(there, _slug(remote)) and known.items() <= there.items():
            return str(there["id"])
        if not _has(there, _slug(remote)):
            labels.append({"name": name})
        self._put(there["id"], {"labels": labels, **known})
        return str(there["id"])

    def _bared(self, remote: str, member: Member, there: dict[str, Any] | None) -> str:
        """Return Ghost's id of a member who has the label no more."""
        identifier = member.remote_id or (str(there["id"]) if there else "")
        try:
            there = self._call("GET", f"members/{identifier}")["members"][0] if identifier else None
        except NotThere:
            return identifier
        if there is not None and _has(there, _slug(remote)):
            kept = [
                {"name": label["name"]}
                for label in there["labels"]
                if label["slug"] != _slug(remote)
            ]
            self._put(identifier, {"labels": kept})
        return identifier

    def _put(self, identifier: str, changes: Mapping[str, Any]) -> None:
        try:
            self._call("PUT", f"members/{identifier}", body={"members": [changes]})
        except NotThere:
            raise Refused("the member went away meanwhile") from None

    def _found(self, members: Sequence[Member]) -> dict[str, dict[str, Any]]:
        """Return what Ghost knows of members, by address in small letters."""
        quoted = ",".join("'" + _escaped(member.address) + "'" for member in members)
        found = self._pages("members", filter=f"email:[{quoted}]") if members else iter(())
        return {str(member["email"]).lower(): member for member in found}

    def _pages(self, what: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield all of something, page by page."""
        page: int | None = 1
        while page:
            asked: dict[str, str | int] = {"limit": _PAGE, "page": page, **params}
            answer = self._call("GET", what, params=asked)
            yield from answer[what]
            page = answer.get("meta", {}).get("pagination", {}).get("next")

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        http = Http(f"{self.account()}/", self._token, self.transport)
        answer = http.call(method, f"{_API}/{path}/", params=params, body=body)
        if not isinstance(answer, dict) or path.partition("/")[0] not in answer:
            raise Unreachable("Ghost's answer is of another shape")
        return answer

    def _token(self, content: bytes) -> dict[str, str]:
        """Return the header with a token of five minutes (JWT, HS256)."""
        name, _, secret = self.key.partition(":")
        now = self.seconds()
        head = {"alg": "HS256", "typ": "JWT", "kid": name}
        claims = {"iat": now, "exp": now + _VALID_SECONDS, "aud": "/admin/"}
        text = ".".join(_url_safe(json.dumps(part).encode()) for part in (head, claims))
        try:
            signed = hmac.new(bytes.fromhex(secret), text.encode(), sha256).digest()
        except ValueError:
            raise Fatal("KOHORTE_GHOST_KEY is no Admin API key (id:secret)") from None
        return {"Authorization": f"Ghost {text}.{_url_safe(signed)}", "Accept-Version": "v5.0"}


def _slug(remote: str) -> str:
    return str(json.loads(remote)["slug"])


def _has(member: Mapping[str, Any] | None, slug: str) -> bool:
    return member is not None and any(label["slug"] == slug for label in member["labels"])


def _escaped(address: str) -> str:
    """Return an address that Ghost's filter language takes for a text."""
    return address.replace("\\", "\\\\").replace("'", "\\'")


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
