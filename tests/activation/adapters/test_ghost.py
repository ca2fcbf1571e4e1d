from __future__ import annotations

import pytest

from activation.adapters.base import Fatal, Member
from activation.adapters.ghost import GhostAdapter
from tests.activation.adapters.fake_ghost import KEY, FakeGhost

ANN = Member("c1", "ann@example.com", {"first_name": "Ann", "last_name": "Berg"})
BOB = Member("c2", "bob.o'hara@example.com", {})
LABEL = {"label": "VIPs going quiet"}


def adapter(ghost: FakeGhost, key: str = KEY) -> GhostAdapter:
    return GhostAdapter("https://blog.example.com/", key, lambda: 1000, ghost.transport())


def test_members_get_the_label_and_new_ones_no_newsletter() -> None:
    ghost = FakeGhost()
    ghost.put("ann@example.com", "friends", newsletters=("weekly",))
    tool = adapter(ghost)
    outcomes = tool.add(tool.bind(LABEL), [ANN, BOB])
    assert [each.state for each in outcomes] == ["confirmed", "confirmed"]
    ann, bob = ghost.members["m1"], ghost.members["m2"]
    assert [label["name"] for label in ann["labels"]] == ["friends", "VIPs going quiet"]
    assert (ann["newsletters"], ann["name"]) == (["weekly"], "Ann Berg")
    assert (bob["email"], bob["newsletters"]) == ("bob.o'hara@example.com", [])


def test_adding_twice_is_adding_once() -> None:
    ghost = FakeGhost()
    tool = adapter(ghost)
    remote = tool.bind(LABEL)
    first = tool.add(remote, [ANN])
    ghost.calls.clear()
    assert tool.add(remote, [ANN]) == first
    assert ghost.calls == ["GET members"]


def test_a_label_is_looked_up_before_it_is_made() -> None:
    ghost = FakeGhost()
    for name in ("one", "two", "three"):
        ghost.put(f"{name}@example.com", name)
    tool = adapter(ghost)
    remote = tool.bind({"label": "three"})
    assert "POST labels" not in ghost.calls
    assert set(tool.read_back(remote)) == {"three@example.com"}


def test_taking_the_label_off_leaves_the_member_and_its_other_labels() -> None:
    ghost = FakeGhost()
    ghost.put("ann@example.com", "friends")
    tool = adapter(ghost)
    remote = tool.bind(LABEL)
    (outcome,) = tool.add(remote, [ANN])
    (gone,) = tool.remove(remote, [Member("c1", remote_id=outcome.remote_id)])
    assert gone.state == "confirmed"
    assert ghost.with_label("friends") == {"ann@example.com"}
    assert ghost.with_label(LABEL["label"]) == set()


def test_whoever_is_not_there_is_gone() -> None:
    tool = adapter(FakeGhost())
    remote = tool.bind(LABEL)
    found = tool.remove(remote, [Member("c1", remote_id="m9"), Member("c2", remote_id=None)])
    assert {each.state for each in found} == {"confirmed"}


def test_it_says_whom_it_has_already_page_by_page() -> None:
    ghost = FakeGhost()
    people = [Member(f"c{number}", f"p{number}@example.com") for number in range(7)]
    for person in people[:5]:
        ghost.put(person.address, LABEL["label"])
    tool = adapter(ghost)
    assert tool.holding(tool.bind(LABEL), people) == {f"c{number}" for number in range(5)}


def test_one_refusal_is_nobody_elses() -> None:
    ghost = FakeGhost(refuses={"bob.o'hara@example.com"})
    tool = adapter(ghost)
    found = {o.member_id: o for o in tool.add(tool.bind(LABEL), [BOB, ANN])}
    assert (found["c1"].state, found["c2"].state) == ("confirmed", "rejected")
    assert "@" not in found["c2"].reason


@pytest.mark.parametrize("key", ["6489ab:" + "cd" * 32, "6489ab:zz", "none"])
def test_a_wrong_key_stops_everything(key: str) -> None:
    with pytest.raises(Fatal):
        adapter(FakeGhost(), key).bind(LABEL)
