"""Email tools in memory, as far as their public API descriptions tell what they do.

Each call is checked against the description first: path, parameters, and the body's schema
with the vendor's limits. What does not fit fails the test.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Protocol
from urllib.parse import unquote

import duckdb
import httpx2
import jsonschema

from activation.adapters.base import Adapter
from activation.adapters.klaviyo import KlaviyoAdapter
from activation.adapters.listmonk import ListmonkAdapter
from activation.adapters.mailchimp import MailchimpAdapter
from activation.adapters.sendgrid import SendgridAdapter

Answer = tuple[int, Any]
TEXT = {"type": "string", "minLength": 1}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "required": list(required), "properties": properties,
        "additionalProperties": False,
    }  # fmt: skip


def _list(items: Any, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


@dataclass
class Person:
    """Somebody whom a tool knows."""

    id: str
    address: str
    fields: dict[str, Any] = field(default_factory=dict)
    #: The lists, and the state of the subscription to each.
    lists: dict[str, str] = field(default_factory=dict)
    #: The subscription as a whole.
    status: str = "subscribed"


@dataclass(frozen=True)
class Route:
    """One call of a description; `answer` gets what is in the path, then params and body."""

    method: str
    path: str
    answer: Callable[..., Answer]
    params: frozenset[str] = frozenset()
    body: Mapping[str, Any] | None = None


@dataclass
class Service:
    """What the tools have in common: people, lists, and calls that fail."""

    people: dict[str, Person] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    #: Of every so many calls one is carried out, and its answer lost.
    loses_every: int = 0
    #: What is in front of every path.
    prefix: str = "/"

    def adapter(self, key: str = "") -> Adapter:
        """Return the adapter that speaks to this, with the right key or another."""
        raise NotImplementedError

    def target(self) -> dict[str, str]:
        """Return what a spec says of the audience."""
        return {"list": "VIPs going quiet"}

    def routes(self) -> list[Route]:
        """Return what the description has."""
        raise NotImplementedError

    def is_let_in(self, header: str) -> bool:
        """Tell whether a call has the right key."""
        raise NotImplementedError

    def put(self, address: str, *names: str, status: str = "subscribed") -> Person:
        """Have somebody put in by hand, and on lists."""
        person = self.person(address)
        person.status = status
        person.lists |= {self.list_of(name): "confirmed" for name in names}
        return person

    def person(self, address: str) -> Person:
        key = address.lower()
        return self.people.setdefault(key, Person(f"{len(self.people) + 101}", key))

    def by_id(self, identifier: str) -> Person | None:
        return next((one for one in self.people.values() if one.id == identifier), None)

    def list_of(self, name: str) -> str:
        known = [identifier for identifier, own in self.lists.items() if own == name]
        identifier = known[0] if known else f"{len(self.lists) + 7}"
        self.lists[identifier] = name
        return identifier

    def on_list(self, name: str = "VIPs going quiet") -> set[str]:
        """Return who is on a list and has not unsubscribed from it."""
        identifier = self.list_of(name)
        return {
            one.address for one in self.people.values()
            if one.lists.get(identifier, "unsubscribed") != "unsubscribed"
        }  # fmt: skip

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a call."""
        if not self.is_let_in(request.headers.get("Authorization", "")):
            return httpx2.Response(401, json={"detail": "no"})
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(self.prefix)
        for route in self.routes():
            found = re.fullmatch(route.path, path)
            if found and route.method == request.method:
                return self._answered(route, request, [unquote(part) for part in found.groups()])
        raise AssertionError(f"no such call in the description: {request.method} {path}")

    def _answered(self, route: Route, request: httpx2.Request, parts: list[str]) -> httpx2.Response:
        params = dict(request.url.params)
        assert set(params) <= route.params, (route.path, params)
        body = json.loads(request.content) if request.content else None
        if route.body is None:
            assert body is None, route.path
        else:
            jsonschema.validate(body, route.body)
        self.calls.append(f"{route.method} {route.path}")
        status, answer = route.answer(*parts, *([params] if route.params else []),
                                      *([body] if route.body else []))  # fmt: skip
        if self.loses_every and len(self.calls) % self.loses_every == 0:
            return httpx2.Response(502)
        return httpx2.Response(status) if answer is None else httpx2.Response(status, json=answer)


class Made(Protocol):
    """Makes a service."""

    def __call__(self) -> Service: ...


def _identified(kind: str) -> dict[str, Any]:
    return _object(("type", "id"), type={"const": kind}, id=TEXT)


@dataclass
class Klaviyo(Service):
    """Revision 2026-10-15; profiles, lists, and the relationship between them."""

    prefix: str = "/api/"
    page: int = 2

    def adapter(self, key: str = "pk_1") -> Adapter:
        return KlaviyoAdapter(key, self.transport())

    def is_let_in(self, header: str) -> bool:
        return header == "Klaviyo-API-Key pk_1"

    def routes(self) -> list[Route]:
        of_list = _object(
            ("data",),
            data=_object(
                ("type", "attributes"), type={"const": "list"},
                attributes=_object(("name",), name=TEXT),
            ),
        )  # fmt: skip
        profile = _object(
            ("data",),
            data=_object(
                ("type", "attributes"), type={"const": "profile"},
                attributes=_object(
                    ("email",), email=TEXT, first_name=TEXT, last_name=TEXT, phone_number=TEXT,
                    locale=TEXT, title=TEXT, properties={"type": "object"},
                ),
            ),
        )  # fmt: skip
        profiles = _object(("data",), data=_list(_identified("profile"), 1000))
        asked = frozenset({"filter", "fields[profile]", "page[size]", "page[cursor]"})
        related = r"lists/([^/]+)/relationships/profiles"
        return [
            Route("GET", "accounts", lambda: (200, {"data": [{"type": "account", "id": "A1"}]})),
            Route("GET", "lists", self._lists, frozenset({"filter", "page[cursor]"})),
            Route("POST", "lists", self._make_list, body=of_list),
            Route("GET", "profiles", self._profiles, asked),
            Route("GET", r"lists/([^/]+)/profiles", self._on_list, asked),
            Route("POST", "profile-import", self._import, body=profile),
            Route("POST", related, self._relate, body=profiles),
            Route("DELETE", related, self._unrelate, body=profiles),
        ]

    def _lists(self, params: dict[str, str]) -> Answer:
        name = json.loads(params["filter"].removeprefix("equals(name,").removesuffix(")"))
        rows = [
            {"type": "list", "id": key, "attributes": {"name": own}}
            for key, own in self.lists.items() if own.lower() == name.lower()
        ]  # fmt: skip
        return self._paged(rows, params)

    def _make_list(self, body: Any) -> Answer:
        return 201, {"data": {"id": self.list_of(body["data"]["attributes"]["name"])}}

    def _profiles(self, params: dict[str, str], within: str | None = None) -> Answer:
        assert int(params.get("page[size]", 20)) <= 100
        wanted = None
        if "filter" in params:
            wanted = json.loads(params["filter"].removeprefix("any(email,").removesuffix(")"))
            wanted = {address.lower() for address in wanted}
        rows = [
            {"type": "profile", "id": one.id, "attributes": {"email": one.address}}
            for one in self.people.values()
            if (wanted is None or one.address in wanted) and (not within or within in one.lists)
        ]
        return self._paged(rows, params)

    def _on_list(self, identifier: str, params: dict[str, str]) -> Answer:
        return self._profiles(params, identifier) if identifier in self.lists else (404, {})

    def _paged(self, rows: list[Any], params: dict[str, str]) -> Answer:
        start = int(params.get("page[cursor]", 0))
        following = start + self.page
        link = f"https://elsewhere.example.com/?page%5Bcursor%5D={following}"
        links = {"next": link if following < len(rows) else None}
        return 200, {"data": rows[start:following], "links": links}

    def _import(self, body: Any) -> Answer:
        attributes = body["data"]["attributes"]
        address = attributes["email"].lower()
        if address in self.refuses:
            return 400, {"errors": [{"detail": address}]}
        person = self.people.get(address) or self.person(address)
        person.fields |= {key: value for key, value in attributes.items() if key != "email"}
        return 200, {"data": {"type": "profile", "id": person.id}}

    def _relate(self, identifier: str, body: Any) -> Answer:
        return self._related(identifier, body, lambda one: one.lists.update({identifier: "on"}))

    def _unrelate(self, identifier: str, body: Any) -> Answer:
        return self._related(identifier, body, lambda one: one.lists.pop(identifier, None))

    def _related(self, identifier: str, body: Any, change: Callable[[Person], Any]) -> Answer:
        if identifier not in self.lists:
            return 404, {}
        for each in body["data"]:
            person = self.by_id(each["id"])
            if person is None:
                return 400, {}
            change(person)
        return 204, None


@dataclass
class Mailchimp(Service):
    """API 3.0: the contacts of one list, and its static segments."""

    prefix: str = "/3.0/"

    def adapter(self, key: str = "abc-us6") -> Adapter:
        return MailchimpAdapter(key, self.transport())

    def target(self) -> dict[str, str]:
        return {"list": "a1b2c3", "segment": "VIPs going quiet"}

    def is_let_in(self, header: str) -> bool:
        return header == "Basic " + base64.b64encode(b"kohorte:abc-us6").decode()

    def routes(self) -> list[Route]:
        changes = {
            **_object((), members_to_add=_list(TEXT, 500), members_to_remove=_list(TEXT, 500)),
            "minProperties": 1,
        }
        new = _object(("name", "static_segment"), name=TEXT, static_segment={"type": "array"})
        merge = _object(("merge_fields",), merge_fields=_object((), FNAME=TEXT, LNAME=TEXT))
        paged = frozenset({"fields", "count", "offset"})
        everybody = frozenset({"include_unsubscribed", "include_cleaned"})
        segments = "lists/([^/]+)/segments"
        contact = "lists/([^/]+)/members/([0-9a-f]{32})"
        return [
            Route("GET", "", lambda params: (200, {"account_id": "m1"}), frozenset({"fields"})),
            Route("GET", segments, self._segments, paged | {"type"}),
            Route("POST", segments, self._make_segment, body=new),
            Route("POST", f"{segments}/([^/]+)", self._change, body=changes),
            Route("GET", f"{segments}/([^/]+)/members", self._members, paged | everybody),
            Route("GET", contact, self._contact, frozenset({"fields"})),
            Route("PATCH", contact, self._merge, body=merge),
        ]

    def _segments(self, of: str, params: dict[str, str]) -> Answer:
        if of != "a1b2c3":
            return 404, {}
        rows = [{"id": int(key), "name": name} for key, name in self.lists.items()]
        return 200, {"segments": _cut(rows, params)}

    def _make_segment(self, of: str, body: Any) -> Answer:
        return 200, {"id": int(self.list_of(body["name"])), "name": body["name"]}

    def _change(self, of: str, segment: str, body: Any) -> Answer:
        if segment not in self.lists:
            return 404, {}
        answer: dict[str, list[Any]] = {"members_added": [], "members_removed": []}
        for address in body.get("members_to_add", ()):
            person = self.people.get(address.lower())
            if person and segment not in person.lists:
                person.lists[segment] = "on"
                answer["members_added"].append({"email_address": person.address})
        for address in body.get("members_to_remove", ()):
            person = self.people.get(address.lower())
            if person and person.lists.pop(segment, None):
                answer["members_removed"].append({"email_address": person.address})
        return 200, answer

    def _members(self, of: str, segment: str, params: dict[str, str]) -> Answer:
        if segment not in self.lists:
            return 404, {}
        rows = [
            {"email_address": one.address} for one in self.people.values() if segment in one.lists
        ]
        return 200, {"members": _cut(rows, params)}

    def _contact(self, of: str, name: str, params: dict[str, str]) -> Answer:
        person = self._named(name)
        return (200, {"tags": [{"id": int(key)} for key in person.lists]}) if person else (404, {})

    def _merge(self, of: str, name: str, body: Any) -> Answer:
        person = self._named(name)
        if person is None:
            return 404, {}
        person.fields |= body["merge_fields"]
        return 200, {}

    def _named(self, name: str) -> Person | None:
        return next(
            (one for one in self.people.values()
             if md5(one.address.encode(), usedforsecurity=False).hexdigest() == name), None,
        )  # fmt: skip


def _cut(rows: list[Any], params: dict[str, str]) -> list[Any]:
    count, offset = int(params["count"]), int(params["offset"])
    assert count <= 1000
    return rows[offset : offset + count]


@dataclass
class Listmonk(Service):
    """Subscribers, lists, and a subscription for each pair; queries are SQL."""

    prefix: str = "/api/"

    def adapter(self, key: str = "api:t0ken") -> Adapter:
        return ListmonkAdapter("https://mail.example.com", key, self.transport())

    def is_let_in(self, header: str) -> bool:
        return header == "token api:t0ken"

    def routes(self) -> list[Route]:
        new_list = _object(
            ("name", "type", "optin"), name=TEXT, type={"enum": ["private", "public"]},
            optin={"enum": ["single", "double"]},
        )  # fmt: skip
        new = _object(
            ("email", "name", "status"), email=TEXT, name={"type": "string"},
            status={"enum": ["enabled", "blocklisted"]}, lists={"type": "array"},
            attribs={"type": "object"}, preconfirm_subscriptions={"type": "boolean"},
        )  # fmt: skip
        on_lists = _object(
            ("ids", "action", "target_list_ids"), ids=_list({"type": "integer"}, 10_000),
            action={"enum": ["add", "remove", "unsubscribe"]},
            target_list_ids=_list({"type": "integer"}, 100),
        )  # fmt: skip
        patch = _object((), attribs={"type": "object"})
        paged = frozenset({"page", "per_page"})
        return [
            Route("GET", "lists", self._lists, paged),
            Route("POST", "lists", self._make_list, body=new_list),
            Route("GET", "subscribers", self._subscribers, paged | {"query", "list_id"}),
            Route("POST", "subscribers", self._make, body=new),
            Route("PATCH", "subscribers/([0-9]+)", self._patch, body=patch),
            Route("PUT", "subscribers/lists", self._change, body=on_lists),
        ]

    def _lists(self, params: dict[str, str]) -> Answer:
        return _results([{"id": int(key), "name": name} for key, name in self.lists.items()])

    def _make_list(self, body: Any) -> Answer:
        return 200, {"data": {"id": int(self.list_of(body["name"]))}}

    def _subscribers(self, params: dict[str, str]) -> Answer:
        people = list(self.people.values())
        if "query" in params:
            with duckdb.connect() as connection:
                connection.execute("create table subscribers (id bigint, email varchar)")
                connection.executemany(
                    "insert into subscribers values (?, ?)",
                    [[int(one.id), one.address] for one in people] or [[0, ""]],
                )
                rows = connection.execute(f"select id from subscribers where {params['query']}")
                ids = {str(identifier) for (identifier,) in rows.fetchall()}
            people = [one for one in people if one.id in ids]
        if "list_id" in params:
            if params["list_id"] not in self.lists:
                return 400, {"message": "invalid list"}
            people = [one for one in people if params["list_id"] in one.lists]
        return _results([self._shown(one) for one in people])

    def _make(self, body: Any) -> Answer:
        if body["email"].lower() in self.refuses:
            return 400, {"message": body["email"]}
        if body["email"].lower() in self.people:
            return 409, {"message": "there is one"}
        person = self.person(body["email"])
        person.fields, person.status = body["attribs"], "enabled"
        assert body["lists"] == [], "a list with double opt-in would ask for a confirmation"
        return 200, {"data": self._shown(person)}

    def _patch(self, identifier: str, body: Any) -> Answer:
        person = self.by_id(identifier)
        if person is None:
            return 404, {}
        person.fields = body["attribs"]
        return 200, {"data": self._shown(person)}

    def _change(self, body: Any) -> Answer:
        for target in map(str, body["target_list_ids"]):
            if target not in self.lists:
                return 404, {}
            for identifier in map(str, body["ids"]):
                person = self.by_id(identifier)
                if person and body["action"] == "add":
                    person.lists.setdefault(target, "unconfirmed")
                elif person and body["action"] == "remove":
                    person.lists.pop(target, None)
        return 200, {"data": True}

    def _shown(self, person: Person) -> dict[str, Any]:
        lists = [
            {"id": int(key), "subscription_status": state} for key, state in person.lists.items()
        ]
        return {
            "id": int(person.id), "email": person.address, "status": person.status,
            "attribs": person.fields, "lists": lists,
        }  # fmt: skip


def _results(rows: list[Any]) -> Answer:
    return 200, {"data": {"results": rows, "total": len(rows)}}


@dataclass
class Sendgrid(Service):
    """Marketing Campaigns: what changes contacts is a job, and is seen two looks later."""

    prefix: str = "/v3/"
    jobs: list[Callable[[], None]] = field(default_factory=list)
    looks: int = 0
    #: Whether jobs are taken and never done.
    is_stuck: bool = False
    loses_jobs: bool = False
    #: Whether our process is ended while it waits for a job.
    dies_waiting: bool = False
    files: list[bytes] = field(default_factory=list)
    keeps_files: bool = False

    def adapter(self, key: str = "SG.1") -> Adapter:
        return SendgridAdapter(key, self._pause, self.transport())

    def _pause(self, seconds: float) -> None:
        if self.dies_waiting:
            raise KeyboardInterrupt

    def is_let_in(self, header: str) -> bool:
        return header == "Bearer SG.1"

    def routes(self) -> list[Route]:
        contact = _object(
            ("email",), email=TEXT, first_name=TEXT, last_name=TEXT, city=TEXT, country=TEXT,
            postal_code=TEXT, phone_number=TEXT,
        )  # fmt: skip
        upsert = _object(("contacts",), list_ids=_list(TEXT, 100), contacts=_list(contact, 30_000))
        listed = "marketing/lists/([^/]+)/contacts"
        return [
            Route("GET", "user/username", lambda: (200, {"username": "k", "user_id": 5})),
            Route("GET", "marketing/lists", self._lists, frozenset({"page_size", "page_token"})),
            Route("POST", "marketing/lists", self._make_list,
                  body=_object(("name",), name={**TEXT, "maxLength": 100})),
            Route("PUT", "marketing/contacts", self._upsert, body=upsert),
            Route("GET", "marketing/contacts/imports/([^/]+)", self._job),
            Route("POST", "marketing/contacts/search/emails", self._search,
                  body=_object(("emails",), emails=_list(TEXT, 100))),
            Route("POST", "marketing/contacts/batch", self._batch,
                  body=_object(("ids",), ids=_list(TEXT, 100))),
            Route("DELETE", listed, self._take_off, frozenset({"contact_ids"})),
            Route("POST", "marketing/contacts/exports", self._export,
                  body=_object((), list_ids=_list(TEXT, 100), file_type={"enum": ["csv", "json"]})),
            Route("GET", "marketing/contacts/exports/([^/]+)", self._exported),
        ]  # fmt: skip

    def _lists(self, params: dict[str, str]) -> Answer:
        rows = [{"id": key, "name": name} for key, name in self.lists.items()]
        start = int(params.get("page_token", 0))
        link = f"https://api.sendgrid.com/v3/marketing/lists?page_size=2&page_token={start + 2}"
        metadata = {"next": link} if start + 2 < len(rows) else {}
        return 200, {"result": rows[start : start + 2], "_metadata": metadata}

    def _make_list(self, body: Any) -> Answer:
        return 201, {"id": self.list_of(body["name"]), "name": body["name"]}

    def _upsert(self, body: Any) -> Answer:
        if self.refuses & {each["email"].lower() for each in body["contacts"]}:
            return 400, {"errors": [{"message": "invalid email"}]}
        if not set(body["list_ids"]) <= set(self.lists):
            return 404, {"errors": []}

        def work() -> None:
            for each in body["contacts"]:
                person = self.person(each["email"])
                person.fields |= {key: value for key, value in each.items() if key != "email"}
                person.lists |= dict.fromkeys(body["list_ids"], "on")

        self.jobs.append(work)
        return 202, {"job_id": f"job {len(self.jobs)}"}

    def _job(self, job: str) -> Answer:
        self.looks += 1
        if self.loses_jobs:
            return 404, {"errors": []}
        if self.looks % 2 or self.is_stuck:
            return 200, {"id": job, "status": "pending"}
        self.work()
        return 200, {"id": job, "status": "completed"}

    def _search(self, body: Any) -> Answer:
        self.work()
        found = {
            address: {"contact": self._shown(self.people[address.lower()])}
            if address.lower() in self.people else {"error": "contact not found"}
            for address in body["emails"]
        }  # fmt: skip
        is_any = any("contact" in each for each in found.values())
        return (200, {"result": found}) if is_any else (404, {"errors": []})

    def _batch(self, body: Any) -> Answer:
        found = [self._shown(one) for one in self.people.values() if one.id in body["ids"]]
        self.work()
        return 200, {"result": found}

    def _take_off(self, identifier: str, params: dict[str, str]) -> Answer:
        if identifier not in self.lists:
            return 404, {"errors": []}
        ids = params["contact_ids"].split(",")

        def work() -> None:
            for one in self.people.values():
                if one.id in ids:
                    one.lists.pop(identifier, None)

        self.jobs.append(work)
        return 202, {"job_id": f"job {len(self.jobs)}"}

    def work(self) -> None:
        if self.is_stuck:
            return
        for work in self.jobs:
            work()
        self.jobs.clear()

    def _shown(self, person: Person) -> dict[str, Any]:
        return {"id": person.id, "email": person.address, "list_ids": list(person.lists)}

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a call; the files of an export lie elsewhere."""
        if request.url.host == "api.sendgrid.com":
            return super().handle(request)
        assert "Authorization" not in request.headers
        number = int(request.url.params["number"])
        return httpx2.Response(200, content=self.files[number])

    def _export(self, body: Any) -> Answer:
        rows = [
            one.address for one in self.people.values() if set(body["list_ids"]) & set(one.lists)
        ]
        texts = ["\n".join(["EMAIL,FIRST_NAME", *(f"{row}," for row in some)])
                 for some in (rows[:2], rows[2:])]  # fmt: skip
        if not self.keeps_files:
            self.files = [gzip.compress(texts[0].encode()), texts[1].encode()]
        return 202, {"id": "e1", "_metadata": {}}

    def _exported(self, export: str) -> Answer:
        self.looks += 1
        if self.looks % 2 or self.is_stuck:
            return 200, {"id": export, "status": "pending"}
        urls = [f"https://files.example.com/?number={number}" for number in range(len(self.files))]
        return 200, {"id": export, "status": "ready", "urls": urls}


SERVICES: tuple[type[Service], ...] = (Klaviyo, Mailchimp, Listmonk, Sendgrid)
