"""What is promised of a run, with a tool that works and one that does not."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from kohorte.errors import KohorteError

from activation.adapters.base import Unreachable
from tests.activation.fake import NO_TROUBLE, FakeTool, Moods, wrong_key
from tests.activation.shop import Shop, people


def test_the_tool_holds_whom_the_audience_says(shop: Shop) -> None:
    shop.members = people(25)
    report = shop.run()
    assert (report.state, report.confirmed, report.rejected) == ("succeeded", 25, 0)
    assert shop.in_tool() == shop.wanted()


def test_nothing_is_sent_when_nothing_has_changed(shop: Shop) -> None:
    shop.members = people(25)
    shop.run()
    shop.tool.calls.clear()
    assert shop.run().state == "succeeded"
    assert shop.tool.calls == []


def test_who_comes_leaves_and_changes_is_sent_and_nobody_else(shop: Shop) -> None:
    shop.members = people(200)
    shop.run()
    shop.tool.calls.clear()
    shop.members = {**people(170, 10), **people(5, 500)}
    shop.members["c0050"] = {"tier": "silver"}
    assert shop.run().confirmed == 30 - 10 + 10 + 5 + 1
    assert shop.in_tool() == shop.wanted()
    assert [kind for kind, _ in shop.tool.calls] == [
        "remove", "remove", "holding", "add", "update",
    ]  # fmt: skip


def test_whoever_was_there_before_is_never_removed(shop: Shop) -> None:
    shop.tool.audiences["mail"] = {"c0001@example.com": {"by": "hand"}, "x@example.com": {}}
    shop.members = people(5)
    shop.run()
    shop.members = people(1)
    assert shop.run().state == "succeeded"
    assert set(shop.in_tool()) == {"c0000@example.com", "c0001@example.com", "x@example.com"}
    assert set(shop.states()) == {"c0000"}


def test_an_addition_whose_answer_was_lost_is_ours(shop: Shop) -> None:
    shop.members = people(5)

    def lost(moment: str) -> None:
        if moment == "after add":
            raise Unreachable("no answer")

    shop.tool.trouble = lost
    assert shop.run().state == "incomplete"
    assert set(shop.states().values()) == {"unknown"}
    shop.tool = replace(shop.tool, trouble=lambda moment: None)
    assert shop.run().state == "succeeded"
    shop.members = people(1)
    shop.run()
    assert shop.in_tool() == shop.wanted()
    assert set(shop.tool.times_added.values()) == {1}


def test_a_changed_address_moves(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.addresses["c0001"] = "new@example.com"
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_an_address_does_not_move_before_the_old_one_is_gone(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.addresses["c0001"] = "new@example.com"

    def no_removal(moment: str) -> None:
        if "remove" in moment:
            raise Unreachable("no answer")

    shop.tool.trouble = no_removal
    assert shop.run().state == "incomplete"
    assert "new@example.com" not in shop.in_tool()
    shop.tool.trouble = lambda moment: None
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_an_address_that_the_tool_does_not_let_go_of_is_no_success(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.addresses["c0001"] = "new@example.com"
    shop.tool.says_nothing_of = {"c0001@example.com"}
    report = shop.run()
    assert (report.state, report.rejected, report.unknown) == ("incomplete", 1, 1)
    assert "old address" in report.reasons[0]
    shop.tool.says_nothing_of = set()
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_delays_grow_to_thirty_days(shop: Shop) -> None:
    shop.members = people(1)
    shop.tool.bad = {"c0000@example.com"}
    for hours in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720):
        shop.run()
        ((due,),) = shop.query("select next_attempt_at from activation.members")
        assert due - shop.clock.now == timedelta(hours=hours)
        shop.clock.now = due


@pytest.mark.parametrize("whole", [False, True])
def test_a_bad_row_is_rejected_alone_and_waits(shop: Shop, whole: bool) -> None:
    shop.members = people(25)
    shop.tool.bad, shop.tool.refuses_whole_calls = {"c0007@example.com"}, whole
    report = shop.run()
    assert (report.state, report.confirmed, report.rejected) == ("succeeded", 24, 1)
    assert shop.states()["c0007"] == "rejected"
    shop.tool.calls.clear()
    shop.run()
    assert shop.tool.calls == []
    shop.clock.turn(hours=1)
    assert shop.run().rejected == 1
    shop.clock.turn(hours=1)
    assert shop.run().rejected == 0
    shop.clock.turn(hours=1)
    shop.tool.bad = set()
    assert shop.run().confirmed == 1
    assert shop.in_tool() == shop.wanted()


def test_a_rejected_row_is_tried_when_its_payload_changes(shop: Shop) -> None:
    shop.members = people(2)
    shop.tool.bad = {"c0001@example.com"}
    shop.run()
    shop.tool.bad, shop.members["c0001"] = set(), {"tier": "silver"}
    assert shop.run().confirmed == 1
    assert shop.in_tool() == shop.wanted()


def test_a_delay_ends_although_the_clock_was_set_back(shop: Shop) -> None:
    shop.members = people(2)
    shop.tool.bad = {"c0001@example.com"}
    shop.run()
    shop.clock.turn(days=-400)
    shop.tool.bad = set()
    assert shop.run().confirmed == 1


def test_whom_the_answer_does_not_name_is_not_done(shop: Shop) -> None:
    shop.members = people(3)
    shop.tool.says_nothing_of = {"c0002@example.com"}
    report = shop.run()
    assert (report.confirmed, report.rejected) == (2, 1)
    assert shop.states()["c0002"] == "rejected"


def test_who_unsubscribed_in_the_tool_is_never_put_in_again(shop: Shop) -> None:
    shop.members = people(3)
    shop.tool.unsubscribed = {"c0002@example.com"}
    shop.run()
    shop.tool.unsubscribed, shop.members["c0002"] = set(), {"tier": "silver"}
    shop.clock.turn(days=60)
    shop.run()
    assert set(shop.in_tool()) == {"c0000@example.com", "c0001@example.com"}


def test_a_wrong_key_stops_the_run_at_once(shop: Shop) -> None:
    shop.members = people(50)
    shop.run()
    shop.members = people(55)
    shop.tool.calls.clear()
    shop.tool.trouble = wrong_key
    report = shop.run()
    assert report.state == "failed"
    assert "key" in report.reasons[0]
    assert len(shop.tool.calls) == 1
    shop.tool.trouble = lambda moment: None
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_a_tool_that_does_not_answer_is_left_alone(shop: Shop) -> None:
    shop.members = people(500)
    shop.tool.trouble = Moods(random.Random(1), share_before=1.0)
    shop.tool.audiences["mail"] = {}
    assert shop.run().state == "failed"
    assert len(shop.tool.calls) <= 4


def test_the_account_is_part_of_what_is_known(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    other = FakeTool(key="test")
    production, shop.tool = shop.tool, other
    shop.members = {}
    shop.run()
    assert other.audiences == {"mail": {}}
    assert len(production.audiences["mail"]) == 3


def test_a_changed_target_is_refused_while_the_old_one_holds_members(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.target = '{"name": "other"}'
    with pytest.raises(KohorteError, match="detach"):
        shop.run()


def test_a_stale_audience_is_not_touched(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.members, shop.state = {}, "stale"
    assert shop.run().state == "skipped"
    assert len(shop.in_tool()) == 3


def test_a_second_run_waits_for_the_first(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    _pretend_run(shop, os.getpid())
    with pytest.raises(KohorteError, match="goes on"):
        shop.run()


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_run_that_is_not_heard_of_is_given_up(shop: Shop, sign: int) -> None:
    shop.members = people(3)
    shop.run()
    _pretend_run(shop, os.getpid())
    shop.clock.turn(hours=sign)
    assert shop.run().state == "succeeded"
    assert ("abandoned",) in shop.query("select state from activation.runs")


def test_a_run_whose_process_is_gone_is_given_up_at_once(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    _pretend_run(shop, 2**22 + 1)
    assert shop.run().state == "succeeded"


def test_a_run_that_was_given_up_stops(shop: Shop) -> None:
    shop.members = people(30)

    def given_up(moment: str) -> None:
        if moment == "after add":
            shop.query(
                "update activation.runs set state = 'abandoned' where state = 'running' returning 1"
            )

    shop.tool.trouble = given_up
    with pytest.raises(KohorteError, match="given up"):
        shop.run()
    assert len(shop.in_tool()) == 20
    shop.tool.trouble = lambda moment: None
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()
    assert set(shop.tool.times_added.values()) == {1}


def test_addresses_are_kept_only_where_a_removal_needs_them(shop: Shop) -> None:
    shop.tool.limits = replace(shop.tool.limits, removes_by="member_id")
    shop.members = people(3)
    shop.run()
    assert "@" not in str(shop.query("select * from activation.members"))


def test_an_address_is_kept_until_the_id_that_a_removal_goes_by_is_known(shop: Shop) -> None:
    shop.tool.limits = replace(shop.tool.limits, removes_by="remote_id")
    shop.members = people(3)

    def lost(moment: str) -> None:
        if moment == "after add":
            raise Unreachable("no answer")

    shop.tool.trouble = lost
    shop.run()
    shop.tool.trouble = lambda moment: None
    addresses = "select identifier from activation.members where identifier is not null"
    assert len(shop.query(addresses)) == 3
    shop.members = people(2)
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()
    assert shop.query(addresses) == []


def _pretend_run(shop: Shop, process: int) -> None:
    """Have a run of another process that goes on."""
    with shop.sync.state.transaction() as connection:
        connection.execute(
            "insert into activation.runs by name"
            " select * replace (run + 1 as run, 'running' as state, ? as process,"
            " ? as heartbeat_at) from activation.runs order by run desc limit 1",
            [process, shop.clock.now],
        )


@pytest.mark.parametrize("removes_by", ["address", "remote_id"])
@pytest.mark.parametrize("seed", range(3))
def test_after_any_trouble_the_tool_is_as_planned(
    shop: Shop, seed: int, removes_by: Literal["address", "remote_id"]
) -> None:
    draw = random.Random(seed)
    shop.tool.limits = replace(shop.tool.limits, removes_by=removes_by)
    shop.tool.trouble = Moods(draw)
    stranger = {"x@example.com": {"by": "hand"}}
    shop.tool.audiences["mail"] = dict(stranger)
    everybody = people(40)
    for _ in range(4):
        shop.members = {
            key: {"tier": draw.choice("abc")} for key in everybody if draw.random() < 0.7
        }
        for key in draw.sample(sorted(everybody), 3):
            shop.addresses[key] = f"{key}.{draw.randrange(9)}@example.com"
        shop.max_removed = 1.0
        shop.run()
    shop.tool.trouble = lambda moment: None
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == {**shop.wanted(), **stranger}
    shop.tool.calls.clear()
    shop.run()
    assert shop.tool.calls == []


def test_a_spoiled_state_is_told_and_left_as_it_is(shop: Shop) -> None:
    shop.members = people(1)
    shop.write()
    audience = shop.audience()
    state = shop.folder / "sync.duckdb"
    state.write_bytes(b"spoiled" * 5000)
    with pytest.raises(KohorteError, match="from a backup"):
        shop.sync.run(audience)
    assert state.read_bytes() == b"spoiled" * 5000


def test_only_its_owner_reads_the_state(shop: Shop) -> None:
    shop.members = people(1)
    shop.run()
    assert (shop.folder / "sync.duckdb").stat().st_mode & 0o777 == 0o600


def test_the_state_of_another_version_is_refused(shop: Shop) -> None:
    shop.members = people(1)
    shop.run()
    shop.query("update activation.settings set version = 99 returning 1")
    with pytest.raises(KohorteError, match="another version"):
        shop.run()


def test_the_state_of_the_version_before_is_brought_up_to_date(shop: Shop) -> None:
    shop.members = people(2)
    shop.run()
    for text in (
        "drop table activation.jobs",
        "alter table activation.members drop column sent_hash",
        "update activation.settings set version = 1 returning 1",
    ):
        shop.query(text)
    assert set(shop.states()) == {"c0000", "c0001"}
    shop.members = people(2, 1)
    shop.max_removed = 1.0
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_what_is_published_while_a_call_goes_on_is_sent_by_the_next_run(shop: Shop) -> None:
    def publish(moment: str) -> None:
        if moment == "after add":
            shop.members = {"c0000": {"tier": "silver"}}
            shop.write()

    shop.members = people(1)
    shop.tool.trouble = publish
    shop.run()
    shop.tool.trouble = NO_TROUBLE
    assert shop.in_tool() == {"c0000@example.com": {"tier": "gold"}}
    assert shop.run().confirmed == 1
    assert shop.in_tool() == shop.wanted()


def test_the_clock_is_the_only_one(shop: Shop) -> None:
    shop.members = people(1)
    shop.run()
    ((started, ended),) = shop.query("select started_at, finished_at from activation.runs")
    assert started == ended == shop.clock.now
