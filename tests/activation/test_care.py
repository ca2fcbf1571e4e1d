"""What an operator does beside the runs."""

from __future__ import annotations

import pytest
from kohorte.errors import KohorteError

from activation.adapters.base import Unreachable
from activation.care import audit, detach, forget, resync, status
from activation.masking import masked
from activation.words import audit_lines, status_lines
from tests.activation.shop import Shop, people


def test_capitals_make_no_other_address(shop: Shop) -> None:
    shop.members = people(2)
    shop.addresses["c0001"] = "C0001@Example.com"
    shop.run()
    shop.tool.audiences["mail"] = {
        address.lower(): sent for address, sent in shop.in_tool().items()
    }
    found = audit(shop.sync, shop.audience())
    assert (found.missing, found.others) == (0, 0)
    del shop.addresses["c0001"]
    shop.tool.calls.clear()
    shop.run()
    assert [kind for kind, _ in shop.tool.calls] == ["update"]


def test_an_audit_tells_who_is_missing_and_who_came_by_hand(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()
    del shop.in_tool()["c0001@example.com"]
    shop.in_tool()["somebody@example.com"] = {}
    found = audit(shop.sync, shop.audience())
    assert (found.in_tool, found.ours, found.missing, found.others) == (5, 5, 1, 1)
    text = "\n".join(audit_lines([found], repaired=False))
    assert "somebody@example.com" not in text
    assert "s…@e….com" in text
    shop.run()
    assert "c0001@example.com" not in shop.in_tool()


def test_a_repair_brings_back_the_missing_and_leaves_the_others(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()
    del shop.in_tool()["c0001@example.com"]
    shop.in_tool()["somebody@example.com"] = {}
    audit(shop.sync, shop.audience(), repair=True)
    assert shop.run().confirmed == 1
    assert set(shop.in_tool()) == {*shop.wanted(), "somebody@example.com"}


def test_a_resync_sends_everybody_anew_and_keeps_who_was_there(shop: Shop) -> None:
    shop.tool.audiences["mail"] = {"c0001@example.com": {}}
    shop.members = people(5)
    shop.run()
    shop.in_tool().clear()
    assert resync(shop.sync, shop.audience()) == 5
    assert shop.run().confirmed == 5
    assert shop.in_tool() == shop.wanted()
    shop.members = people(1)
    shop.run()
    assert set(shop.in_tool()) == {"c0000@example.com", "c0001@example.com"}


def test_detaching_leaves_the_tool_as_it_is(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()
    assert detach(shop.sync, "mail") == 5
    assert len(shop.in_tool()) == 5
    assert shop.states() == {}
    shop.members = people(2)
    shop.run()
    assert len(shop.in_tool()) == 5


def test_a_forgotten_person_leaves_nothing_and_does_not_come_back(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()
    assert forget(shop.sync, "c0001") == 1
    assert "c0001@example.com" not in shop.in_tool()
    shop.run()
    assert "c0001@example.com" not in shop.in_tool()
    for (table,) in shop.query(
        "select table_name from duckdb_tables() where schema_name = 'activation'"
    ):
        assert "c0001" not in str(shop.query(f"select * from activation.{table}"))


def test_forgetting_says_what_is_left_to_do(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()

    def no_answer(moment: str) -> None:
        raise Unreachable("it does not answer")

    shop.tool.trouble = no_answer
    with pytest.raises(KohorteError, match="mail: it does not answer"):
        forget(shop.sync, "c0001")
    shop.tool.trouble = lambda moment: None
    assert forget(shop.sync, "c0001") == 1


def test_somebody_who_was_there_by_hand_is_forgotten_by_us_alone(shop: Shop) -> None:
    shop.tool.audiences["mail"] = {"c0001@example.com": {}}
    shop.members = people(2)
    shop.run()
    forget(shop.sync, "c0001")
    assert "c0001@example.com" in shop.in_tool()


def test_the_status_counts_by_state(shop: Shop) -> None:
    shop.members = people(5)
    shop.tool.bad = {"c0003@example.com"}
    shop.run()
    (row,) = status(shop.sync)
    assert (row["present"], row["rejected"], row["state"]) == (4, 1, "succeeded")
    assert "4 present, 0 unknown, 1 rejected" in "\n".join(status_lines([row]))


@pytest.mark.parametrize("address", ["anna.berg@example.com", "+436641234567", "a@b", "c1", ""])
def test_a_masked_address_cannot_be_written_to(address: str) -> None:
    shown = masked(address)
    assert shown != address or not address
    assert len(shown) <= 11


def test_what_runs_did_long_ago_is_not_kept(shop: Shop) -> None:
    shop.members = people(5)
    shop.run()
    shop.clock.turn(days=89)
    shop.as_of = shop.clock.now
    shop.members = people(6)
    shop.run()
    runs = "select distinct run from activation.operations order by run"
    assert shop.query(runs) == [(1,), (2,)]
    shop.clock.turn(days=2)
    shop.as_of = shop.clock.now
    shop.members = people(7)
    shop.run()
    assert shop.query(runs) == [(2,), (3,)]
    assert shop.query("select count(*) from activation.runs") == [(3,)]
    assert set(shop.states().values()) == {"present"}
