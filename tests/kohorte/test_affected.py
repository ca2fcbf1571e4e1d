"""Where the guard of an audience would stop the sync: as the sync counts, and not before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kohorte.analyst.affected import affected
from kohorte.analyst.changes import Change
from kohorte.audiences import Audience, Guard
from kohorte.errors import Place
from kohorte.specs import Specs


def change(segment: str, before: int, leaving: int) -> Change:
    return Change(segment, "changed", before, before - leaving, 0, leaving, [], [], {}, 0.0, [])


def specs(*segments: str, guard: Guard) -> Specs:
    audience = Audience(
        "mail", Place("audiences.yml", 1), segments, "email", "file", (("name", "mail"),),
        guard=guard,
    )  # fmt: skip
    return Specs((), {}, audiences=(audience,))


@pytest.mark.parametrize(
    ("before", "leaving", "guard", "warnings"),
    [
        (100, 20, Guard(), 0),
        (100, 21, Guard(), 1),
        (99, 90, Guard(), 0),
        (100, 21, Guard(max_removed=Decimal("0.5")), 0),
        (100, 6, Guard(max_removed=Decimal("0.05")), 1),
        (30, 21, Guard(min_members=10), 1),
        (30, 20, Guard(min_members=10), 0),
        (200, 195, Guard(min_members=10), 2),
    ],
)
def test_the_guard_warns_as_the_sync_would_stop(
    before: int, leaving: int, guard: Guard, warnings: int
) -> None:
    known = specs("big", guard=guard)
    (found,) = affected([change("big", before, leaving)], known, known)
    assert (found.name, found.kind, found.segments) == ("mail", "moved", ["big"])
    assert len(found.warnings) == warnings


def test_of_several_segments_nothing_is_foretold() -> None:
    known = specs("big", "new", guard=Guard())
    (found,) = affected([change("big", 200, 190)], known, known)
    assert (found.kind, found.warnings) == ("moved", [])


def test_tiers_are_told_as_their_ladder() -> None:
    none = Specs((), {})
    changes = [change("status__gold", 5, 1), change("status__bronze", 9, 0), change("big", 1, 1)]
    (found,) = affected(changes, none, none)
    assert (found.name, found.what) == ("status", "ladder or waterfall")
    assert found.segments == ["status__gold", "status__bronze"]
