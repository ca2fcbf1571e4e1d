"""An audience as an asset: what came of its run is what Dagster shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from kohorte.audiences import Audience
from kohorte.errors import Place

from activation.run import Report, Sync
from orchestration.activation import assets
from orchestration.activation.assets import audience_assets
from orchestration.transform.resources import Warehouse
from tests.activation.shop import Clock, Shop, people

MAIL = Audience(
    "mail", Place("audiences.yml", 1), ("big",), "email", "file", (("name", "mail"),),
    owner="crm@example.com",
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project whose warehouse has just been built, with an audience of three."""
    monkeypatch.delenv("KOHORTE_WAREHOUSE", raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: small\nprofile: small\n")
    (tmp_path / "warehouse").mkdir()
    clock = Clock(datetime.now(UTC).replace(tzinfo=None))
    return Shop(tmp_path / "warehouse", clock=clock, members=people(3)).write()


def materialized(shop: Shop, audience: Audience = MAIL) -> dg.ExecuteInProcessResult:
    """Return what came of materializing the audience."""
    (asset,) = audience_assets([audience], dg.AssetKey("publication"))
    return dg.materialize(
        [asset],
        resources={"warehouse": Warehouse(project_dir=str(shop.folder.parent))},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_a_run_tells_its_counts(shop: Shop) -> None:
    (event,) = materialized(shop).get_asset_materialization_events()
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert told == {
        "state": "succeeded", "confirmed": 3, "rejected": 0, "unknown": 0,
        "wanted": 3, "to_add": 3, "to_remove": 0, "to_update": 0,
    }  # fmt: skip


def test_a_stopped_plan_fails_with_its_reason_and_is_not_tried_again(shop: Shop) -> None:
    materialized(shop)
    shop.members = {}
    shop.write()
    result = materialized(shop)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "mail: blocked: nobody is in the audience any more"
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert not any("@example.com" in str(event) for event in result.all_events)


def test_an_audience_that_the_warehouse_does_not_have_is_told(shop: Shop) -> None:
    other = Audience("other", Place("audiences.yml", 1), ("big",), "email", "file", ())
    result = materialized(shop, other)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "there is no audience `other`; there are: mail" in str(told.description)


def test_what_was_not_answered_is_tried_again_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []

    def unanswered(sync: Sync, audience: object) -> Report:
        runs.append("run")
        return Report("mail", "incomplete", unknown=3)

    monkeypatch.setattr(Sync, "run", unanswered)
    monkeypatch.setattr(assets, "_SECONDS_TO_WAIT", 0)
    result = materialized(shop)
    assert not result.success
    assert len(runs) == 3


@pytest.mark.parametrize(
    ("owner", "owners"),
    [("crm@example.com", ["crm@example.com"]), ("Ann @ CRM", []), ("a@b", []), ("", [])],
)
def test_an_owner_whom_dagster_does_not_take_stops_nothing(owner: str, owners: list[str]) -> None:
    (asset,) = audience_assets([replace(MAIL, owner=owner)], dg.AssetKey("publication"))
    assert list(asset.get_asset_spec().owners) == owners
