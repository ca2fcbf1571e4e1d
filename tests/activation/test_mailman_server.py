"""The sync against a real GNU Mailman 3: after every step its list is that of the table.

The server is installed from PyPI first, beside the project's own packages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import stamina

from activation.adapters.base import Member
from activation.care import approve, audit, forget
from tests.activation.mailman import MailmanAdapter
from tests.activation.shop import Shop, people
from tests.servers.mailman import Mailman, mailman_server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def mailman() -> Iterator[Mailman]:
    with mailman_server() as server:
        yield server


class Line(httpx2.HTTPTransport):
    """Carries requests, and loses a share of the answers."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.draw = random.Random(7)
        self.lost = 0.0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.count += 1
        answer = super().handle_request(request)
        if self.draw.random() < self.lost:
            answer.close()
            raise httpx2.ReadError("the line is dead")
        return answer


class Desk:
    """The list, seen by somebody who works with it."""

    def __init__(self, mailman: Mailman, folder: Path, name: str) -> None:
        self.line = Line()
        self.adapter = MailmanAdapter(mailman.url, mailman.password, self.line)
        self.shop = Shop(folder, target=f'{{"list": "{name}@example.com"}}', max_removed=0.5)
        self.shop.tool = self.adapter  # type: ignore[assignment]
        self.list_id = f"{name}.example.com"

    def on_list(self) -> set[str]:
        return set(self.adapter.read_back(self.list_id))

    def wanted(self) -> set[str]:
        return {self.shop.address(key).lower() for key in self.shop.members}


def test_the_list_in_mailman_is_that_of_the_table(mailman: Mailman, tmp_path: Path) -> None:
    desk = Desk(mailman, tmp_path, "mail")
    shop = desk.shop
    shop.members = people(120)
    report = shop.run()
    assert (report.state, report.confirmed) == ("succeeded", 120)
    assert desk.on_list() == desk.wanted()

    desk.line.count = 0
    assert shop.run().state == "succeeded"
    assert desk.line.count <= 1

    shop.members = {**people(80, 40), **people(40, 500)}
    report = shop.run()
    assert (report.state, report.confirmed) == ("succeeded", 80)
    assert desk.on_list() == desk.wanted()

    shop.addresses["c0050"] = "Pat.O'Hara+new@example.com"
    shop.withdrawn = {"c0060"}
    shop.members.pop("c0060")
    assert shop.run().state == "succeeded"
    assert desk.on_list() == desk.wanted()

    by_hand = desk.adapter._added(desk.list_id, _member("by.hand@example.com"))
    assert by_hand.state == "confirmed"
    assert shop.run().state == "succeeded"
    assert desk.on_list() == desk.wanted() | {"by.hand@example.com"}
    assert not audit(shop.sync, shop.audience()).missing

    everybody = dict(shop.members)
    shop.members = dict(list(everybody.items())[:20])
    report = shop.run()
    assert report.state == "blocked"
    assert report.plan is not None
    assert len(desk.on_list()) == len(everybody) + 1
    approve(shop.sync, shop.audience(), report.plan.digest)
    assert shop.run().state == "succeeded"
    assert desk.on_list() == desk.wanted() | {"by.hand@example.com"}

    gone = next(iter(shop.members))
    assert forget(shop.sync, gone) == 1
    shop.run()
    assert desk.on_list() == desk.wanted() - {shop.address(gone)} | {"by.hand@example.com"}


def test_a_line_that_loses_answers_ends_in_the_same_list(mailman: Mailman, tmp_path: Path) -> None:
    desk = Desk(mailman, tmp_path, "noisy")
    shop = desk.shop
    shop.max_removed = 1.0
    with stamina.set_testing(True, attempts=2):
        desk.line.lost = 0.1
        for first in (0, 10, 25):
            shop.members = people(40, first)
            shop.run()
        desk.line.lost = 0.0
        assert shop.run().state == "succeeded"
    assert desk.on_list() == desk.wanted()


def test_mailman_says_what_it_does_not_take(mailman: Mailman, tmp_path: Path) -> None:
    desk = Desk(mailman, tmp_path, "another")
    desk.shop.members = people(3)
    desk.shop.addresses["c0001"] = "no address at all"
    report = desk.shop.run()
    assert (report.confirmed, report.rejected) == (2, 1)
    desk.shop.members |= people(1, first=950)
    wrong = MailmanAdapter(mailman.url, "wrong")
    desk.shop.tool = wrong  # type: ignore[assignment]
    assert desk.shop.run().state == "failed"


def _member(address: str) -> Member:
    return Member("by hand", address)
