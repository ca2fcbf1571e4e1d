from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from activation.adapters.base import Fatal, Member, Unreachable
from activation.adapters.webhook import WebhookAdapter

ANN, BOB = Member("c1", "ann@example.com", {"tier": "gold"}), Member("c2", "bob@example.com")


def webhook(answer: object, status: int = 200) -> tuple[WebhookAdapter, list[dict[str, Any]]]:
    """Return a webhook that answers so, and what it was told; it checks each signature."""
    told: list[dict[str, Any]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        stamp = request.headers["Kohorte-Timestamp"]
        expected = hmac.new(b"s3cret", stamp.encode() + b"." + request.content, sha256).hexdigest()
        assert request.headers["Kohorte-Signature"] == f"sha256={expected}"
        told.append(json.loads(request.content))
        return httpx2.Response(status, json=answer)

    transport = httpx2.MockTransport(handle)
    return WebhookAdapter("https://hook.example.com/in", "s3cret", lambda: 1000, transport), told


def test_every_call_is_signed_and_says_who() -> None:
    adapter, told = webhook({"confirmed": ["c1"], "rejected": {"c2": "no such person"}})
    outcomes = adapter.add(adapter.bind({"name": "mail"}), [ANN, BOB])
    assert [(each.member_id, each.state, each.reason) for each in outcomes] == [
        ("c1", "confirmed", ""), ("c2", "rejected", "no such person"),
    ]  # fmt: skip
    assert told == [
        {
            "audience": "mail", "operation": "add",
            "members": [
                {"id": "c1", "address": "ann@example.com", "fields": {"tier": "gold"}},
                {"id": "c2", "address": "bob@example.com", "fields": {}},
            ],
        }
    ]  # fmt: skip


def test_a_removal_tells_no_address() -> None:
    adapter, told = webhook({"confirmed": ["c1"]})
    adapter.remove("mail", [ANN])
    assert told[0]["members"] == [{"id": "c1"}]


def test_it_says_whom_it_has() -> None:
    adapter, _ = webhook({"confirmed": ["c2"], "rejected": {"c1": "not here"}})
    assert adapter.holding("mail", [ANN, BOB]) == {"c2"}


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"confirmed": "all"}, {"confirmed": [], "rejected": 1}]
)
def test_an_answer_that_says_nothing_confirms_nothing(answer: object) -> None:
    adapter, _ = webhook(answer)
    with pytest.raises(Unreachable, match="confirmed"):
        adapter.add("mail", [ANN])


@pytest.mark.parametrize(
    "reason", ["ann@example.com is bad", "no +43664123456", "x" * 200, 7, None]
)
def test_a_reason_that_could_hold_an_address_is_not_told(reason: object) -> None:
    adapter, _ = webhook({"confirmed": [], "rejected": {"c1": reason}})
    (outcome,) = adapter.add("mail", [ANN])
    assert outcome.reason in ("the service refuses it", "7", "None")


def test_an_address_that_is_not_there_stops_everything() -> None:
    adapter, _ = webhook({}, status=404)
    with pytest.raises(Fatal, match="404"):
        adapter.add("mail", [ANN])


def test_the_secret_is_not_printed() -> None:
    adapter, _ = webhook({})
    assert "s3cret" not in repr(adapter)
