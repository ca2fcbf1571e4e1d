"""SendGrid (Marketing Campaigns): an audience is a list of contacts.

Contacts are taken in and taken off by jobs of SendGrid's own; a change counts as done when
the contact, asked for afterwards, is on the list or off it. Unsubscribe groups and global
unsubscribes are never touched, and SendGrid heeds them when it sends.
"""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from typing import Any

import httpx2

from activation.adapters.base import (
    Job,
    Limits,
    Member,
    Outcome,
    Refused,
    Unreachable,
)
from activation.adapters.http import Http, NotThere, chunks, path_of

_URL = "https://api.sendgrid.com/v3/"
#: So many contacts in one question.
_ASKED = 100
#: What SendGrid has a place for. Other fields need a custom field there, and are not sent.
_OWN = ("first_name", "last_name", "city", "country", "postal_code", "phone_number")
#: A job is asked for so often, with so many seconds between, before it is left to the next run.
_LOOKS, _SECONDS = 30, 2.0
#: SendGrid answers nothing about a removal by its name.
_REMOVAL = "removal"
_SECONDS_A_FILE = 300.0
_LATER = "SendGrid's job is not done yet; the next run asks what came of it"

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
            member.member_id for member in members if _is_on(found.get(member.member_id), remote)
        }

    def add(self, remote: str, members: Sequence[Member]) -> Job:
        """Put contacts on the list, made where there are none; fields are set on the way."""
        contacts = [
            {
                "email": member.address,
                **{name: str(member.fields[name]) for name in _OWN if member.fields.get(name)},
            }
            for member in members
        ]
        body = {"list_ids": [remote], "contacts": contacts}
        return Job(str(self._call("PUT", "marketing/contacts", body=body)["job_id"]))

    def update(self, remote: str, members: Sequence[Member]) -> Job:
        """Set the fields of contacts."""
        return self.add(remote, members)

    def remove(self, remote: str, members: Sequence[Member]) -> Job | list[Outcome]:
        """Take contacts off the list; they stay contacts."""
        found = self._found(members)
        ids = [str(each["id"]) for each in found.values() if _is_on(each, remote)]
        for some in chunks(ids, _ASKED):
            path = f"marketing/lists/{path_of(remote)}/contacts"
            self._call("DELETE", path, params={"contact_ids": ",".join(some)})
        if ids:
            return Job(_REMOVAL)
        return [Outcome(member.member_id, "confirmed") for member in members]

    def settle(self, remote: str, kind: str, job: Job, members: Sequence[Member]) -> list[Outcome]:
        """Return who is on the list after the job, or off it."""
        if kind == "remove":
            return self._taken_off(remote, members)
        self._wait_for(job.key)
        found = self._found(members)
        return [_told(member, found.get(member.member_id), remote) for member in members]

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses of all contacts on the list: SendGrid exports it for that."""
        body = {"list_ids": [remote], "file_type": "csv"}
        export = self._call("POST", "marketing/contacts/exports", body=body)["id"]
        for url in self._exported(str(export)):
            yield from _addresses(self._fetched(url))

    def _exported(self, export: str) -> list[str]:
        """Return where the files of an export are, when it is made."""
        for _ in range(_LOOKS):
            answer = self._call("GET", f"marketing/contacts/exports/{path_of(export)}")
            if answer.get("status") == "ready":
                return [str(url) for url in answer.get("urls") or ()]
            if answer.get("status") == "failure":
                raise Unreachable("SendGrid could not export the list")
            self.pause(_SECONDS)
        raise Unreachable("SendGrid's export takes long; try again later")

    def _fetched(self, url: str) -> bytes:
        """Return a file of an export; it lies elsewhere, and the key is not sent there."""
        if not url.startswith("https://"):
            raise Unreachable("SendGrid's export is not at a safe address")
        try:
            with httpx2.Client(transport=self.transport, timeout=_SECONDS_A_FILE) as client:
                answer = client.get(url)
        except httpx2.TransportError as error:
            # Whoever has the address has the file: it is not told.
            reason = type(error).__name__
            raise Unreachable(f"SendGrid's export cannot be fetched ({reason})") from None
        if answer.status_code != httpx2.codes.OK:
            raise Unreachable(f"SendGrid's export cannot be fetched (status {answer.status_code})")
        return answer.content

    def _wait_for(self, job: str) -> None:
        """Wait until contacts are taken in; what becomes of each is asked for afterwards."""
        state = None
        for _ in range(_LOOKS):
            # A job may be too new to be known.
            with suppress(NotThere):
                answer = self._http.call("GET", f"marketing/contacts/imports/{path_of(job)}")
                state = answer.get("status") if isinstance(answer, dict) else None
            if state in ("completed", "errored"):
                return
            if state == "failed":
                raise Refused("SendGrid's job failed")
            self.pause(_SECONDS)
        raise Unreachable(_LATER)

    def _taken_off(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Wait until contacts are off the list: no job of SendGrid's tells of that."""
        left = list(members)
        for _ in range(_LOOKS):
            found = self._found(left)
            left = [member for member in left if _is_on(found.get(member.member_id), remote)]
            if not left:
                return [Outcome(member.member_id, "confirmed") for member in members]
            self.pause(_SECONDS)
        raise Unreachable(_LATER)

    def _found(self, members: Sequence[Member]) -> dict[str, dict[str, Any]]:
        """Return what SendGrid knows of members, by our id; asked by its id where we have it."""
        found = {}
        ours = {member.remote_id: member.member_id for member in members if member.remote_id}
        for some in chunks([key for key in ours if key], _ASKED):
            for contact in self._asked("marketing/contacts/batch", {"ids": list(some)}) or ():
                if str(contact["id"]) in ours:
                    found[ours[str(contact["id"])]] = contact
        unnamed = {
            member.address.lower(): member.member_id
            for member in members
            if not member.remote_id and member.address
        }
        for addresses in chunks(list(unnamed), _ASKED):
            asked = {"emails": list(addresses)}
            answer = self._asked("marketing/contacts/search/emails", asked) or {}
            for address, each in answer.items():
                if "contact" in each and str(address).lower() in unnamed:
                    found[unnamed[str(address).lower()]] = each["contact"]
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


def _addresses(content: bytes) -> Iterator[str]:
    """Yield the addresses of an export: CSV, compressed or not, with names of columns."""
    try:
        plain = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        rows = csv.reader(StringIO(plain.decode("utf-8-sig"), newline=""))
        names = [name.strip().lower() for name in next(rows, [])]
        if not names:
            return
        place = names.index("email")
        yield from (row[place] for row in rows if len(row) > place and row[place])
    except (OSError, EOFError, ValueError, csv.Error):
        raise Unreachable("SendGrid's export is of another shape") from None


def _told(member: Member, contact: Mapping[str, Any] | None, remote: str) -> Outcome:
    """Return what came of an addition: SendGrid counts mistakes, and does not name them."""
    if contact is None or not _is_on(contact, remote):
        return Outcome(member.member_id, "rejected", "SendGrid did not take it in")
    return Outcome(member.member_id, "confirmed", remote_id=str(contact["id"]))
