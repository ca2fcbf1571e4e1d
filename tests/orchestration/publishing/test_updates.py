"""Taking in events is told as a publication, and what failed is not tried again."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest
from kohorte.errors import KohorteError
from kohorte.publishing.publish import publish
from kohorte.update import Update

from orchestration.publishing.updates import update_job
from orchestration.transform.resources import Warehouse
from tests.kohorte.publishing.small_project import SmallProject

KEY = dg.AssetKey("publication")


def ran(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch, update: Callable[..., Update]
) -> dg.ExecuteInProcessResult:
    """Return what came of the job, when `update` is what takes in the events."""
    monkeypatch.setattr("kohorte.update.update", update)
    return update_job(KEY).execute_in_process(
        resources={"warehouse": Warehouse(project_dir=str(small.root))},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_an_update_is_told_as_a_publication(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ran(small, monkeypatch, lambda root: Update(publish(root), 1.5, 0.5))
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    assert event.asset_key == KEY
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (told["generation"], told["build_seconds"], told["publish_seconds"]) == (1, 1.5, 0.5)


def test_an_update_that_failed_says_why(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def update(root: object) -> Update:
        raise KohorteError("not updated: dbt failed")

    result = ran(small, monkeypatch, update)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "not updated: dbt failed"
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
