"""What we ask Klaviyo is what its own client, made from its API description, would ask."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
import pytest
from klaviyo_api.wrapper import KlaviyoAPI

from activation.adapters.klaviyo import KlaviyoAdapter
from tests.activation.adapters.services import Klaviyo
from tests.activation.adapters.test_services import run
from tests.activation.shop import Shop, people

#: A call as it goes out: method, path, parameters, body.
Call = tuple[str, str, dict[str, str], Any]


class Sent(Exception):
    """Holds the call that the client was about to make."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


@dataclass
class Recorder(Klaviyo):
    """Klaviyo in memory, which keeps what it was asked."""

    requests: list[httpx2.Request] = field(default_factory=list)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return super().handle(request)


@pytest.fixture(scope="module")
def client() -> KlaviyoAPI:
    """Return Klaviyo's client; it sends nothing."""
    client = KlaviyoAPI("pk_1")

    def send(method: str, url: str, *rest: Any, **more: Any) -> None:
        query = dict(parse_qsl(urlsplit(url).query))
        body = next((each for each in (*rest, *more.values()) if _is_body(each)), None)
        raise Sent((method, unquote(urlsplit(url).path), query, body))

    client.api_client.call_api = send
    return client


def _is_body(value: object) -> bool:
    return isinstance(value, dict) and "data" in value


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[httpx2.Request]:
    """Return what a life of an audience asks for."""
    service = Recorder()
    shop = Shop(Path(tmp_path_factory.mktemp("shop")), target=json.dumps(service.target()))
    shop.addresses["c0003"] = "Pat.O'Hara@example.com"
    shop.members = people(5)
    shop.members["c0000"] = {
        "first_name": "Ann", "last_name": "B", "phone_number": "+15550100", "locale": "en-US",
        "title": "Dr", "pets": ["cat"], "spend": 12.5,
    }  # fmt: skip
    run(service, shop)
    shop.members = {**people(2, 1), "c0000": {"first_name": "Eve"}}
    shop.max_removed = 1.0
    run(service, shop)
    list(KlaviyoAdapter("pk_1", service.transport()).read_back(service.list_of("VIPs going quiet")))
    return service.requests


def _as_the_client_would(client: KlaviyoAPI, ours: Call) -> Call:
    """Return the call that Klaviyo's client makes of the same contents."""
    method, path, params, body = ours
    more: dict[str, Any] = {
        name: params[key] for key, name in (("filter", "filter"), ("page[cursor]", "page_cursor"))
        if key in params
    }  # fmt: skip
    if "fields[profile]" in params:
        more["fields_profile"] = [params["fields[profile]"]]
    if "page[size]" in params:
        more["page_size"] = int(params["page[size]"])
    calls: dict[tuple[str, str], Callable[..., Any]] = {
        ("GET", "/api/accounts"): client.Accounts.get_accounts,
        ("GET", "/api/lists"): client.Lists.get_lists,
        ("POST", "/api/lists"): client.Lists.create_list,
        ("GET", "/api/profiles"): client.Profiles.get_profiles,
        ("POST", "/api/profile-import"): client.Profiles.create_or_update_profile,
        ("GET", "/api/lists/ID/profiles"): client.Lists.get_profiles_for_list,
        ("POST", "/api/lists/ID/relationships/profiles"): client.Lists.add_profiles_to_list,
        ("DELETE", "/api/lists/ID/relationships/profiles"):
            client.Lists.remove_profiles_from_list,
    }  # fmt: skip
    within = re.fullmatch(r"/api/lists/([^/]+)/.*", path)
    key = re.sub(r"(?<=/lists/)[^/]+", "ID", path)
    with pytest.raises(Sent) as sent:
        calls[method, key](*within.groups() if within else (), *[body] if body else (), **more)
    return sent.value.call


def test_every_call_is_one_of_the_description(
    client: KlaviyoAPI, requests: list[httpx2.Request]
) -> None:
    seen = set()
    for request in requests:
        url = request.url
        body = json.loads(request.content) if request.content else None
        ours: Call = (request.method, url.path, dict(url.params), body)
        assert ours == _as_the_client_would(client, ours)
        assert request.headers["revision"] == KlaviyoAPI._REVISION
        seen.add((request.method, url.path.rpartition("/")[2]))
    assert seen == {
        ("GET", "accounts"), ("GET", "lists"), ("POST", "lists"), ("GET", "profiles"),
        ("POST", "profile-import"), ("POST", "profiles"), ("DELETE", "profiles"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "attributes", [{"email": "ann@example.com", "surname": "B"}, {"email": 5}, {"list": "x"}]
)
def test_a_call_that_is_not_of_the_description_is_found(
    client: KlaviyoAPI, attributes: dict[str, Any]
) -> None:
    body = {"data": {"type": "profile", "attributes": attributes}}
    ours: Call = ("POST", "/api/profile-import", {}, body)
    try:
        theirs = _as_the_client_would(client, ours)
    except ValueError:
        return
    assert theirs != ours
