"""A Ghost in memory: labels and members, as far as the Admin API shows them."""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx2

KEY = "6489ab:" + "ab" * 32
_ADDRESS = re.compile(r"'((?:[^'\\]|\\.)*)'")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@dataclass
class FakeGhost:
    """Labels by name, members by id; every call must bear a token that is valid."""

    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    page: int = 2

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    def put(self, email: str, *labels: str, newsletters: tuple[str, ...] = ()) -> None:
        """Have a member whom somebody put in by hand."""
        self._made({"email": email, "labels": [{"name": name} for name in labels],
                    "newsletters": list(newsletters)})  # fmt: skip

    def with_label(self, name: str) -> set[str]:
        return {
            member["email"]
            for member in self.members.values()
            if any(label["name"] == name for label in member["labels"])
        }

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a call."""
        if not self._is_signed(request.headers.get("Authorization", "")):
            return httpx2.Response(401, json={"errors": [{"type": "UnauthorizedError"}]})
        path = request.url.path.removeprefix("/ghost/api/admin/").strip("/")
        what, _, identifier = path.partition("/")
        self.calls.append(f"{request.method} {what}")
        if request.method == "GET":
            return self._read(what, identifier, request.url.params)
        body = json.loads(request.content)[what][0]
        if body.get("email") in self.refuses:
            return httpx2.Response(422, json={"errors": [{"context": body["email"]}]})
        if what == "labels":
            return httpx2.Response(201, json={"labels": [self._label(body["name"])]})
        if request.method == "POST":
            return httpx2.Response(201, json={"members": [self._made(body)]})
        if identifier not in self.members:
            return httpx2.Response(404, json={})
        member = self.members[identifier]
        if "labels" in body:
            member["labels"] = [self._label(label["name"]) for label in body["labels"]]
        member |= {key: value for key, value in body.items() if key != "labels"}
        return httpx2.Response(200, json={"members": [member]})

    def _read(self, what: str, identifier: str, params: httpx2.QueryParams) -> httpx2.Response:
        if identifier:
            found = self.members.get(identifier)
            return httpx2.Response(200, json={what: [found]}) if found else httpx2.Response(404)
        rows = list(self.labels.values()) if what == "labels" else list(self.members.values())
        text = params.get("filter", "")
        if text.startswith("email:"):
            wanted = {re.sub(r"\\(.)", r"\1", each) for each in _ADDRESS.findall(text)}
            rows = [row for row in rows if row["email"] in wanted]
        elif text.startswith("label:"):
            slug = text.removeprefix("label:")
            rows = [row for row in rows if any(one["slug"] == slug for one in row["labels"])]
        number = int(params.get("page", 1))
        chunk = rows[(number - 1) * self.page : number * self.page]
        following = number + 1 if number * self.page < len(rows) else None
        meta = {"pagination": {"next": following}}
        return httpx2.Response(200, json={what: chunk, "meta": meta})

    def _label(self, name: str) -> dict[str, Any]:
        return self.labels.setdefault(name, {"name": name, "slug": _slug(name)})

    def _made(self, body: dict[str, Any]) -> dict[str, Any]:
        identifier = f"m{len(self.members) + 1}"
        labels = [self._label(label["name"]) for label in body.get("labels", [])]
        self.members[identifier] = {"id": identifier, "name": None, **body, "labels": labels}
        return self.members[identifier]

    def _is_signed(self, header: str) -> bool:
        token = header.removeprefix("Ghost ")
        text, _, signature = token.rpartition(".")
        secret = bytes.fromhex(KEY.partition(":")[2])
        expected = hmac.new(secret, text.encode(), sha256).digest()
        return signature == base64.urlsafe_b64encode(expected).rstrip(b"=").decode()
