"""The sync against a real Ghost: after every step its members are those of the table.

Run with `make test-activation`: the server is installed from npm first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activation.adapters.ghost import GhostAdapter
from activation.care import approve, audit, forget
from tests.activation.shop import Shop, people
from tests.servers.ghost import Ghost, ghost_server

pytestmark = pytest.mark.skipif(
    not os.environ.get("KOHORTE_GHOST"), reason="takes minutes; run: make test-activation"
)
LABEL = "mail"


class Counting(httpx2.HTTPTransport):
    """Sends requests, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.count += 1
        return super().handle_request(request)


@pytest.fixture(scope="module")
def ghost() -> Iterator[Ghost]:
    with ghost_server() as server:
        yield server


class Blog:
    """The Ghost, seen by somebody who works in it."""

    def __init__(self, ghost: Ghost) -> None:
        self.transport = Counting()
        self.adapter = GhostAdapter(ghost.url, ghost.key, lambda: int(time.time()), self.transport)

    def members(self) -> dict[str, dict[str, Any]]:
        """Return all members by address."""
        return {each["email"]: each for each in self.adapter._pages("members")}

    def labelled(self) -> set[str]:
        """Return the addresses of who has the label."""
        return {
            address
            for address, member in self.members().items()
            if any(label["name"] == LABEL for label in member["labels"])
        }

    def put(self, address: str, *labels: str) -> None:
        """Add a member by hand."""
        member = {"email": address, "labels": [{"name": label} for label in labels]}
        self.adapter._call("POST", "members", body={"members": [member]})


def test_the_members_in_ghost_are_those_of_the_table(ghost: Ghost, tmp_path: Path) -> None:
    blog = Blog(ghost)
    blog.put("reader@example.com", "friends")
    blog.put("c0003@example.com", "friends")
    before = blog.members()["reader@example.com"]
    shop = Shop(tmp_path, target=f'{{"label": "{LABEL}"}}', max_removed=0.5)
    shop.tool = blog.adapter  # type: ignore[assignment]

    def wanted() -> set[str]:
        return {shop.address(key) for key in shop.members}

    # The first sync; a reader of the blog who is a customer keeps what they have.
    shop.members = {**people(119), "reader": {"first_name": "O'Hara", "last_name": "\u00c5berg"}}
    report = shop.run()
    assert (report.state, report.confirmed) == ("succeeded", 120)
    assert blog.labelled() == wanted()
    members = blog.members()
    assert {label["name"] for label in members["reader@example.com"]["labels"]} == {
        "friends", LABEL,
    }  # fmt: skip
    assert members["reader@example.com"]["name"] == "O'Hara \u00c5berg"
    assert members["reader@example.com"]["newsletters"] == before["newsletters"]
    new = {shop.address(key) for key in people(119)} - {"c0003@example.com"}
    assert not any(members[address]["newsletters"] for address in new)

    # Nothing changed.
    blog.transport.count = 0
    assert shop.run().state == "succeeded"
    assert blog.transport.count <= 1

    # Forty leave and forty join.
    shop.members = {key: value for key, value in shop.members.items() if key not in people(40)}
    shop.members |= people(40, first=500)
    report = shop.run()
    assert (report.state, report.confirmed) == ("succeeded", 80)
    assert blog.labelled() == wanted()
    members = blog.members()
    assert set(members) >= {shop.address(key) for key in people(40)}
    assert [label["name"] for label in members["c0003@example.com"]["labels"]] == ["friends"]

    # An address changed.
    shop.addresses["c0050"] = "c0050+new@example.com"
    assert shop.run().state == "succeeded"
    assert blog.labelled() == wanted()

    # Consent was withdrawn.
    shop.withdrawn = {"c0060"}
    shop.members.pop("c0060")
    assert shop.run().state == "succeeded"
    assert blog.labelled() == wanted()

    # Somebody who was added by hand stays, and audit sees it.
    blog.put("by.hand@example.com", LABEL)
    assert shop.run().state == "succeeded"
    assert blog.labelled() == wanted() | {"by.hand@example.com"}
    found = audit(shop.sync, shop.audience(), repair=False)
    assert not found.missing

    # A mass removal is stopped, and then approved.
    everybody = dict(shop.members)
    shop.members = dict(list(everybody.items())[:20])
    report = shop.run()
    assert report.state == "blocked"
    assert len(blog.labelled()) == len(everybody) + 1
    assert report.plan is not None
    approve(shop.sync, shop.audience(), report.plan.digest)
    assert shop.run().state == "succeeded"
    assert blog.labelled() == wanted() | {"by.hand@example.com"}

    # Somebody is forgotten, and does not come back.
    gone = next(iter(shop.members))
    assert forget(shop.sync, gone) == 1
    shop.run()
    assert blog.labelled() == wanted() - {shop.address(gone)} | {"by.hand@example.com"}


def test_ghost_says_what_it_does_not_take(ghost: Ghost, tmp_path: Path) -> None:
    blog = Blog(ghost)
    shop = Shop(tmp_path, target='{"label": "another"}', members=people(3, first=900))
    shop.tool = blog.adapter  # type: ignore[assignment]
    shop.addresses["c0901"] = "no address at all"
    report = shop.run()
    assert (report.confirmed, report.rejected) == (2, 1)
    shop.members |= people(1, first=950)
    wrong = GhostAdapter(ghost.url, f"{'0' * 24}:{'0' * 64}", lambda: int(time.time()))
    shop.tool = wrong  # type: ignore[assignment]
    report = shop.run()
    assert report.state == "failed"
    assert "0000" not in str(report.reasons)
