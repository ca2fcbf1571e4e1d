"""What stops a plan, what does not, and how one that is right goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kohorte.errors import KohorteError

from activation.care import approve
from tests.activation.shop import Shop, people


def test_a_mass_removal_is_stopped_until_this_very_plan_is_approved(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.members = people(79)
    report = shop.run()
    assert report.state == "blocked"
    assert "21% of 100 would leave; at most 20% may" in report.reasons[0]
    assert len(shop.in_tool()) == 100
    assert report.plan is not None
    with pytest.raises(KohorteError, match="not the plan of now"):
        approve(shop.sync, shop.audience(), "other")
    approve(shop.sync, shop.audience(), report.plan.digest)
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_an_approval_is_for_one_plan_and_one_run(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.members = people(70)
    report = shop.run()
    assert report.plan is not None
    approve(shop.sync, shop.audience(), report.plan.digest)
    shop.members = people(60)
    assert shop.run().state == "blocked"
    shop.members = people(70)
    assert shop.run().state == "succeeded"
    shop.members = people(100)
    shop.max_added = 1.0
    assert shop.run().state == "succeeded"
    shop.members = people(70)
    assert shop.run().state == "blocked"


def test_as_many_as_usual_leave_without_a_question(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.members = people(80)
    assert shop.run().state == "succeeded"


def test_a_handful_may_change_as_it_likes(shop: Shop) -> None:
    shop.members = people(99)
    shop.run()
    shop.members = people(1)
    assert shop.run().state == "succeeded"


def test_withdrawals_are_never_held_back(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.members = people(10)
    shop.withdrawn = set(people(30, 50))
    report = shop.run()
    assert (report.state, report.confirmed) == ("blocked", 30)
    assert set(shop.in_tool()) == {
        shop.address(key) for key in people(100) if key not in shop.withdrawn
    }
    assert report.plan is not None
    approve(shop.sync, shop.audience(), report.plan.digest)
    assert shop.run().state == "succeeded"
    assert shop.in_tool() == shop.wanted()


def test_a_withdrawal_of_somebody_who_was_there_before_is_not_ours_to_carry_out(shop: Shop) -> None:
    shop.tool.audiences["mail"] = {"c0000@example.com": {"by": "hand"}}
    shop.members = people(100)
    shop.run()
    shop.members = people(10, 50)
    shop.withdrawn = set(people(2))
    assert shop.run().state == "blocked"
    assert "c0000@example.com" in shop.in_tool()
    assert "c0001@example.com" not in shop.in_tool()


def test_withdrawals_alone_stop_nothing(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.withdrawn = set(people(60))
    shop.members = people(40, 60)
    assert shop.run().state == "succeeded"


def test_an_empty_audience_is_stopped_however_small(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.members = {}
    assert shop.run().reasons == ("nobody is in the audience any more",)
    assert len(shop.in_tool()) == 3


def test_too_small_an_audience_is_stopped(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.members, shop.state = {}, "below_minimum"
    assert "min_members" in shop.run().reasons[0]
    assert len(shop.in_tool()) == 3


def test_old_data_is_stopped(shop: Shop) -> None:
    shop.members = people(3)
    shop.write()
    sync = shop.sync
    shop.clock.turn(days=4)
    report = sync.run(shop.audience())
    assert report.reasons == ("the data is 4 days old; at most 3 are expected",)


def test_data_older_than_what_the_tool_knows_is_stopped(shop: Shop) -> None:
    shop.members = people(3)
    shop.run()
    shop.as_of -= timedelta(days=1)
    assert "the tool knows it as of" in shop.run().reasons[0]


def test_a_flood_is_stopped(shop: Shop) -> None:
    shop.members = people(100)
    shop.run()
    shop.members = people(201)
    assert "101% of 100 would come" in shop.run().reasons[0]
    shop.max_added = 5.0
    report = shop.run()
    assert report.reasons == ("201 members, and 100 were usual in the last runs",)


def test_many_invalid_addresses_are_stopped(shop: Shop) -> None:
    shop.members = people(100)
    shop.invalid = set(people(30, 500))
    assert shop.run().reasons == ("23% of its customers have no valid address",)


def test_the_spec_says_how_many_may_leave(shop: Shop) -> None:
    shop.members, shop.max_removed = people(100), 0.05
    shop.run()
    shop.members = people(94)
    assert shop.run().state == "blocked"
    shop.max_removed = 0.06
    assert shop.run().state == "succeeded"


def test_looking_at_a_plan_changes_nothing(shop: Shop) -> None:
    shop.members = people(5)
    shop.write()
    plan, said = shop.sync.planned(shop.audience())
    assert (plan.adds, plan.removes, said) == (5, 0, [])
    assert shop.tool.calls == []
    assert shop.query("select count(*) from activation.operations") == [(0,)]
