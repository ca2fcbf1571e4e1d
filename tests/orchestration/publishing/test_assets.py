from __future__ import annotations

import dagster as dg
from kohorte.publishing.checks import Expectation, record_expectations

from orchestration.publishing.assets import publication_asset
from orchestration.transform.resources import Warehouse
from tests.kohorte.publishing.small_project import SmallProject


def materialized(small: SmallProject) -> dg.ExecuteInProcessResult:
    """Return what came of materializing the asset."""
    return dg.materialize(
        [publication_asset([])],
        resources={"warehouse": Warehouse(project_dir=str(small.root))},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_what_passed_is_published_and_told(small: SmallProject) -> None:
    result = materialized(small)
    assert result.success
    (event,) = result.get_asset_materialization_events()
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert told["generation"] == 1
    assert told["rows"]["dim_customers"] == 3
    assert small.seen() == [(1, 1), (1, 1)]


def test_what_failed_is_not_shown_and_not_tried_again(small: SmallProject) -> None:
    materialized(small)
    small.build(2)
    bad = Expectation("fct_orders", "has_rows", "critical", passed=False)
    record_expectations(small.root / "warehouse" / "kohorte.duckdb", [bad])
    result = materialized(small)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    reason = failure.step_failure_data.user_failure_data
    assert reason is not None
    assert "has_rows" in str(reason.description)
    assert small.seen() == [(1, 1), (1, 1)]
