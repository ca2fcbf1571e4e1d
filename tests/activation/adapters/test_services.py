"""What is promised of every tool, for those that are met in memory only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from kohorte.errors import KohorteError

from activation.adapters import mailchimp
from activation.adapters.base import (
    Adapter,
    Fatal,
    Job,
    Member,
    Outcome,
    Settles,
    Unreachable,
)
from activation.care import forget
from activation.run import Report
from tests.activation.adapters.services import (
    SERVICES,
    Klaviyo,
    Listmonk,
    Mailchimp,
    Sendgrid,
    Service,
)
from tests.activation.shop import Shop, people

LIST = "VIPs going quiet"
UPSERT = "PUT marketing/contacts"


@pytest.fixture(params=SERVICES, ids=lambda made: made.__name__.lower())
def service(request: pytest.FixtureRequest) -> Service:
    made: Service = request.param()
    return made


@pytest.fixture
def shop(tmp_path: Path, service: Service) -> Shop:
    shop = Shop(tmp_path, target=json.dumps(service.target()))
    shop.addresses["c0003"] = "Pat.O'Hara@example.com"
    return shop


def know(service: Service, shop: Shop) -> None:
    """Have Mailchimp know everybody: it takes nobody in whom it does not."""
    if isinstance(service, Mailchimp):
        for key in shop.members:
            service.put(shop.address(key))


def run(service: Service, shop: Shop) -> Report:
    know(service, shop)
    shop.write()
    return replace(shop.sync, adapter_of=lambda tool: service.adapter()).run(shop.audience())


def done(tool: Adapter, kind: str, remote: str, members: Sequence[Member]) -> list[Outcome]:
    """Make a call, and wait for its job if it has one."""
    calls = {"add": tool.add, "remove": tool.remove}
    answer = calls[kind](remote, members)
    if isinstance(answer, Job):
        assert isinstance(tool, Settles)
        return tool.settle(remote, kind, answer, members)
    return answer


def wanted(shop: Shop) -> set[str]:
    return {shop.address(key).lower() for key in shop.members}


def test_the_list_follows_the_audience_step_by_step(service: Service, shop: Shop) -> None:
    by_hand = {"zoe@example.com", "c0001@example.com"}
    for address in by_hand:
        service.put(address, LIST)
    shop.members = people(30)
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == wanted(shop) | by_hand
    service.calls.clear()
    assert run(service, shop).confirmed == 0
    assert len(service.calls) <= 1
    shop.members = {**people(20), **people(15, 40)}
    shop.addresses["c0005"] = "new@example.com"
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == wanted(shop) | by_hand
    shop.withdrawn = {"c0002"}
    del shop.members["c0002"]
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == wanted(shop) | by_hand
    shop.members, shop.max_removed = {"c0000": {}}, 1.0
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == {"c0000@example.com"} | by_hand


def test_lost_answers_are_repaired(service: Service, shop: Shop) -> None:
    service.put("zoe@example.com", LIST)
    service.loses_every = 3
    shop.members = people(30)
    run(service, shop)
    shop.members = {**people(20), **people(15, 40)}
    run(service, shop)
    service.loses_every = 0
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == wanted(shop) | {"zoe@example.com"}
    assert len(service.people) == len({one.address for one in service.people.values()})


def test_names_travel_along(service: Service, shop: Shop) -> None:
    shop.members = {"c0000": {"first_name": "Ann", "last_name": None}, "c0001": {}}
    run(service, shop)
    shop.members["c0001"] = {"first_name": "Bob"}
    assert run(service, shop).confirmed == 1
    names = {
        one.address: one.fields.get("first_name", one.fields.get("FNAME"))
        for one in service.people.values()
    }
    assert names == {"c0000@example.com": "Ann", "c0001@example.com": "Bob"}


def test_what_people_agreed_to_is_never_changed(service: Service, shop: Shop) -> None:
    for key, status in (("c0000", "subscribed"), ("c0001", "unsubscribed"), ("c0002", "pending")):
        service.put(shop.address(key), "weekly", status=status)
    service.person("c0001@example.com").lists[service.list_of("weekly")] = "unsubscribed"
    weekly = service.list_of("weekly")
    before = [(one.status, one.lists[weekly]) for one in service.people.values()]
    shop.members = {key: {"first_name": "A"} for key in ("c0000", "c0001", "c0002")}
    shop.max_removed = 1.0
    for members in (shop.members, {"c0000": {"first_name": "B"}}):
        shop.members = members
        shop.write()
        replace(shop.sync, adapter_of=lambda tool: service.adapter()).run(shop.audience())
        known = list(service.people.values())[:3]
        assert [(one.status, one.lists[weekly]) for one in known] == before


@pytest.mark.parametrize("made", [Klaviyo, Listmonk, Sendgrid])
def test_a_bad_row_is_rejected_alone(made: type[Service], tmp_path: Path) -> None:
    service, shop = made(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    service.refuses = {"c0007@example.com"}
    shop.members = people(20)
    report = run(service, shop)
    assert (report.state, report.confirmed, report.rejected) == ("succeeded", 19, 1)
    assert service.on_list() == wanted(shop) - service.refuses
    assert "@" not in str(shop.query("select reason from activation.members"))


def test_whoever_is_no_contact_is_not_made_one_by_mailchimp(tmp_path: Path) -> None:
    service = Mailchimp()
    shop = Shop(tmp_path, target=json.dumps(service.target()))
    service.put("c0000@example.com")
    shop.members = people(2)
    shop.write()
    sync = replace(shop.sync, adapter_of=lambda tool: service.adapter())
    report = sync.run(shop.audience())
    assert (report.confirmed, report.rejected) == (1, 1)
    assert set(service.people) == {"c0000@example.com"}


def test_adding_and_removing_twice_is_doing_it_once(service: Service) -> None:
    members = [Member("c1", "ann@example.com"), Member("c2", "Pat.O'Hara@example.com")]
    for member in members if isinstance(service, Mailchimp) else []:
        service.put(member.address)
    tool = service.adapter()
    remote = tool.bind(service.target())
    first = done(tool, "add", remote, members)
    assert [each.state for each in first] == ["confirmed", "confirmed"]
    assert done(tool, "add", remote, members) == first
    assert len(service.on_list()) == 2
    for _ in range(2):
        assert {each.state for each in done(tool, "remove", remote, members)} == {"confirmed"}
        assert service.on_list() == set()


def test_what_sendgrid_has_not_done_yet_is_not_confirmed() -> None:
    service = Sendgrid()
    tool = service.adapter()
    remote = tool.bind(service.target())
    members = [Member("c1", "ann@example.com")]
    service.is_stuck = True
    with pytest.raises(Unreachable, match="not done yet"):
        done(tool, "add", remote, members)
    service.is_stuck = False
    (added,) = done(tool, "add", remote, members)
    service.is_stuck = True
    with pytest.raises(Unreachable, match="not done yet"):
        done(tool, "remove", remote, [replace(members[0], remote_id=added.remote_id)])


def test_a_job_is_asked_about_by_the_next_run_and_not_sent_again(tmp_path: Path) -> None:
    service, shop = Sendgrid(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members = people(3)
    service.is_stuck = True
    report = run(service, shop)
    assert (report.state, report.confirmed, report.unknown) == ("incomplete", 0, 3)
    shop.members["c0000"] = {"first_name": "Ann"}
    report = run(service, shop)
    assert (report.state, report.unknown) == ("incomplete", 3)
    assert "3 wait for a job" in report.reasons[0]
    service.is_stuck = False
    assert service.calls.count(UPSERT) == 1
    # The first name came after the job: it is sent now, and nobody else is.
    report = run(service, shop)
    assert (report.state, report.confirmed) == ("succeeded", 4)
    assert service.people["c0000@example.com"].fields == {"first_name": "Ann"}
    assert service.calls.count(UPSERT) == 2
    assert not shop.query("select * from activation.jobs")
    service.calls.clear()
    assert run(service, shop).state == "succeeded"
    assert len(service.calls) <= 1


def test_a_removal_that_goes_on_is_asked_about_too(tmp_path: Path) -> None:
    service, shop = Sendgrid(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members, shop.max_removed = people(4), 1.0
    run(service, shop)
    service.is_stuck = True
    shop.members = people(2)
    assert run(service, shop).unknown == 2
    # Who comes back meanwhile is put in again, after the removal.
    shop.members = people(3)
    service.is_stuck = False
    assert run(service, shop).state == "succeeded"
    assert service.on_list() == wanted(shop)
    assert len([call for call in service.calls if call.startswith("DELETE")]) == 1


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_job_that_never_ends_is_sent_anew_after_a_day(tmp_path: Path, is_lost: bool) -> None:
    service, shop = Sendgrid(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members = people(3)
    for _ in range(2):
        service.is_stuck, service.loses_jobs = not is_lost, is_lost
        assert run(service, shop).state == "incomplete"
        service.is_stuck, service.loses_jobs = False, False
        service.jobs.clear()
    shop.clock.turn(days=1, seconds=1)
    assert run(service, shop).state == "succeeded"
    assert service.calls.count(UPSERT) == 2
    assert service.on_list() == wanted(shop)


def test_forgetting_waits_for_the_job_that_might_put_somebody_in(tmp_path: Path) -> None:
    service, shop = Sendgrid(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members = people(3)
    service.is_stuck = True
    run(service, shop)
    sync = replace(shop.sync, adapter_of=lambda tool: service.adapter())
    with pytest.raises(KohorteError, match="not forgotten yet"):
        forget(sync, "c0001")
    service.is_stuck = False
    assert forget(sync, "c0001") == 1
    assert service.on_list() == wanted(shop) - {"c0001@example.com"}
    assert not shop.query("select * from activation.jobs where member_id = 'c0001'")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_dies_while_it_waits_leaves_the_job_to_the_next(
    tmp_path: Path, moment: str
) -> None:
    service, shop = Sendgrid(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members = people(3)
    service.is_stuck, service.dies_waiting = True, True
    with pytest.raises(KeyboardInterrupt):
        run(service, shop)
    shop.query("update activation.runs set heartbeat_at = '2000-01-01' where state = 'running'")
    service.is_stuck, service.dies_waiting = False, False
    if moment == "after":
        service.work()
    assert run(service, shop).state == "succeeded"
    assert service.calls.count(UPSERT) == 1
    assert service.on_list() == wanted(shop)


def test_who_unsubscribes_after_being_put_in_stays_unsubscribed_in_listmonk(tmp_path: Path) -> None:
    service, shop = Listmonk(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    shop.members, shop.max_removed = people(2), 1.0
    run(service, shop)
    person = service.people["c0000@example.com"]
    person.lists[service.list_of(LIST)] = "unsubscribed"
    shop.members = people(1, 1)
    assert run(service, shop).state == "succeeded"
    assert person.lists[service.list_of(LIST)] == "unsubscribed"


@pytest.mark.parametrize("is_blocked", [False, True])
def test_an_unsubscribed_one_is_never_put_in_again_by_listmonk(
    tmp_path: Path, is_blocked: bool
) -> None:
    service, shop = Listmonk(), Shop(tmp_path, target='{"list": "VIPs going quiet"}')
    person = service.put("c0000@example.com", LIST)
    if is_blocked:
        person.status, person.lists = "blocklisted", {}
    else:
        person.lists[service.list_of(LIST)] = "unsubscribed"
    before = dict(person.lists)
    shop.members = people(2)
    assert run(service, shop).rejected == 1
    assert shop.states()["c0000"] == "suppressed"
    shop.members = people(1, 1)
    assert run(service, shop).state == "succeeded"
    assert person.lists == before


def test_a_wrong_key_stops_the_run(service: Service, shop: Shop) -> None:
    with pytest.raises(Fatal, match="key"):
        service.adapter("abd-us6").bind(service.target())


def test_a_list_that_is_gone_stops_the_run(service: Service, shop: Shop) -> None:
    shop.members = people(3)
    run(service, shop)
    service.lists.clear()
    shop.members = people(4)
    report = run(service, shop)
    assert report.state == "failed"
    assert "not there" in report.reasons[0] or "no such list" in report.reasons[0]
    assert shop.states().get("c0003") != "present"


def test_a_list_is_looked_up_before_it_is_made(service: Service) -> None:
    for number in range(5):
        service.list_of(f"list {number}")
    expected = service.list_of(LIST)
    remote = service.adapter().bind(service.target())
    assert expected == (json.loads(remote)["segment"] if "{" in remote else remote)
    assert not [call for call in service.calls if call.startswith("POST")]


def test_no_call_is_larger_than_the_tool_takes(service: Service) -> None:
    tool = service.adapter()
    size = tool.limits.batch
    count = min(2 * size, 1000)
    members = [Member(f"c{number}", f"p{number}@example.com") for number in range(count)]
    if isinstance(service, Mailchimp):
        for member in members:
            service.put(member.address)
    remote = tool.bind(service.target())
    outcomes = []
    for start in range(0, len(members), size):
        some = members[start : start + size]
        assert tool.holding(remote, some) == set()
        outcomes += done(tool, "add", remote, some)
    assert len(service.on_list()) == count
    ids = {each.member_id: each.remote_id for each in outcomes}
    gone = [replace(member, remote_id=ids[member.member_id]) for member in members]
    if tool.limits.removes_by == "remote_id":
        gone = [replace(member, address="") for member in gone]
    for start in range(0, len(gone), size):
        found = done(tool, "remove", remote, gone[start : start + size])
        assert {each.state for each in found} == {"confirmed"}
    assert service.on_list() == set()


def test_pages_are_read_to_their_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailchimp, "_PAGE", 2)
    addresses = {f"p{number}@example.com" for number in range(5)}
    for address in sorted(addresses):
        service.put(address, LIST)
    tool = service.adapter()
    remote = tool.bind(service.target())
    assert set(tool.read_back(remote)) == addresses


@pytest.mark.parametrize(
    "content", [b"NAME\nann\n", b"\x1f\x8bno gzip", b"EMAIL\n\xff\xfe\n", b"\x1f\x8b\x08\x00"]
)
def test_an_export_of_another_shape_is_told(content: bytes) -> None:
    service = Sendgrid()
    tool = service.adapter()
    remote = tool.bind(service.target())
    service.keeps_files = True
    service.files = [content]
    with pytest.raises(Unreachable, match="another shape"):
        list(tool.read_back(remote))


def test_an_export_that_is_never_made_is_told() -> None:
    service = Sendgrid()
    tool = service.adapter()
    remote = tool.bind(service.target())
    service.is_stuck = True
    with pytest.raises(Unreachable, match="later"):
        list(tool.read_back(remote))


def test_keys_are_not_shown(service: Service) -> None:
    assert not {"pk_1", "abc-us6", "t0ken", "SG.1"} & set(repr(service.adapter()).split("'"))
