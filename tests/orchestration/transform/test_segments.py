from __future__ import annotations

import datetime
from typing import Any

import dagster as dg

from orchestration.transform.segments import MEMBERS, SEGMENTS, segment_sizes


def _rows(query: str) -> list[tuple[Any, ...]]:
    if "fct_segment_sizes" in query:
        return [("buyers", "segments/value.yml", "fresh", 250, 12, 3)]
    return [(4, 1, 250, datetime.datetime(2026, 7, 1))]


def _told(*built: dg.AssetKey) -> dict[str, dict[str, Any]]:
    return {
        each.asset_key.to_user_string(): {
            name: value.value for name, value in each.metadata.items()
        }
        for each in segment_sizes(built, _rows)
    }


def test_both_segment_assets_tell_how_many_segments_and_members_there_are() -> None:
    told = _told(SEGMENTS, MEMBERS)
    for asset in ("dim_segments", "fct_segment_members"):
        assert told[asset]["segments"] == 4
        assert told[asset]["members"] == 250
        assert told[asset]["as_of"] == "2026-07-01 00:00:00 UTC"
    assert told["dim_segments"]["empty_segments"] == 1
    assert told["dim_segments"]["dagster/row_count"] == 4
    assert told["fct_segment_members"]["dagster/row_count"] == 250


def test_each_segment_is_told_with_its_spec_size_and_change() -> None:
    (each,) = _told(SEGMENTS)["dim_segments"]["each"].records
    assert each.data == {
        "segment": "buyers", "spec": "segments/value.yml", "state": "fresh",
        "members": 250, "entered": 12, "left": 3,
    }  # fmt: skip


def test_only_what_was_built_is_spoken_of() -> None:
    assert set(_told(SEGMENTS, dg.AssetKey("fct_orders"))) == {"dim_segments"}


def test_nothing_is_read_when_no_segment_was_built() -> None:
    def rows(_: str) -> list[tuple[Any, ...]]:
        raise AssertionError

    assert list(segment_sizes([dg.AssetKey("fct_orders")], rows)) == []
