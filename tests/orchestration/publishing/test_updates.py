"""Taking in what came is told as a publication, and what failed is not tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import pytest
from kohorte.errors import KohorteError
from kohorte.publishing.publish import publish
from kohorte.refreshing.refresh import Refresh
from kohorte.update import Update

from orchestration.publishing.updates import refresh_job, update_job
from orchestration.transform.resources import Warehouse
from tests.kohorte.publishing.small_project import SmallProject

KEY = dg.AssetKey("publication")
Done = Callable[[SmallProject], Update | Refresh]


@dataclass(frozen=True)
class Job:
    """A job, what it calls, and what that returns when all goes well."""

    job: dg.JobDefinition
    calls: str
    done: Done


JOBS = {
    "update": Job(
        update_job(KEY), "kohorte.update.update",
        lambda small: Update(publish(small.root), 1.5, 0.5),
    ),
    "refresh": Job(
        refresh_job(KEY), "kohorte.refreshing.refresh.refresh",
        lambda small: Refresh(publish(small.root), 3, 10, 1.5, 0.5),
    ),
}  # fmt: skip


def ran(
    name: str, small: SmallProject, monkeypatch: pytest.MonkeyPatch, done: Done
) -> dg.ExecuteInProcessResult:
    """Return what came of a job, when `done` is what takes in what came."""
    monkeypatch.setattr(JOBS[name].calls, lambda root: done(small))
    return JOBS[name].job.execute_in_process(
        resources={"warehouse": Warehouse(project_dir=str(small.root))},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


@pytest.mark.parametrize("name", JOBS)
def test_it_is_told_as_a_publication(
    name: str, small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ran(name, small, monkeypatch, JOBS[name].done)
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    assert event.asset_key == KEY
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (told["generation"], told["build_seconds"], told["publish_seconds"]) == (1, 1.5, 0.5)


@pytest.mark.parametrize("name", JOBS)
def test_what_failed_says_why(
    name: str, small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(small: SmallProject) -> Update:
        raise KohorteError("not updated: dbt failed")

    result = ran(name, small, monkeypatch, failing)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "not updated: dbt failed"
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
