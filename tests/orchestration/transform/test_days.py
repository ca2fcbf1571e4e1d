"""Days that were missed: each as of its end, and none after one that failed."""

from collections.abc import Mapping

import dagster as dg
import pytest

from orchestration.transform.assets import BuildConfig
from orchestration.transform.days import backfill_job, refuse_after_a_gap

GOOD, BAD = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(
    ("timezone", "day", "as_of"),
    [
        ("UTC", "2026-03-31", "2026-04-01T00:00:00Z"),
        ("Europe/Vienna", "2026-01-31", "2026-01-31T23:00:00Z"),
        # The clocks go forward in the night of the 29th, and back in that of the 25th.
        ("Europe/Vienna", "2026-03-29", "2026-03-29T22:00:00Z"),
        ("Europe/Vienna", "2026-10-25", "2026-10-25T23:00:00Z"),
    ],
)
def test_a_day_is_built_as_of_its_end(timezone: str, day: str, as_of: str) -> None:
    seen = []

    @dg.asset
    def dbt_models(config: BuildConfig) -> None:
        seen.append(config.as_of)

    job = backfill_job(timezone, dg.AssetSelection.all())
    resolved = dg.Definitions(assets=[dbt_models], jobs=[job]).resolve_job_def("backfill")
    instance = dg.DagsterInstance.ephemeral()
    assert resolved.execute_in_process(partition_key=day, instance=instance).success
    assert seen == [as_of]


def run(
    instance: dg.DagsterInstance, day: str, status: dg.DagsterRunStatus, backfill: str = "b"
) -> dg.DagsterRun:
    """Return a run of a backfill that ended in a status."""
    tags: Mapping[str, str] = {"dagster/backfill": backfill, "dagster/partition": day}
    made = dg.DagsterRun(job_name="backfill", status=status, tags=tags)
    instance.add_run(made)
    return made


def test_no_day_is_built_after_one_that_failed() -> None:
    instance = dg.DagsterInstance.ephemeral()
    run(instance, "2026-03-01", GOOD)
    run(instance, "2026-03-02", BAD)
    third = run(instance, "2026-03-03", dg.DagsterRunStatus.STARTED)
    run(instance, "2026-03-04", dg.DagsterRunStatus.NOT_STARTED)
    with pytest.raises(dg.Failure, match="2026-03-02 of the same backfill was not"):
        refuse_after_a_gap(instance, third)
    run(instance, "2026-03-02", GOOD)
    refuse_after_a_gap(instance, third)


def test_other_backfills_and_other_runs_keep_nobody_waiting() -> None:
    instance = dg.DagsterInstance.ephemeral()
    run(instance, "2026-03-02", BAD, backfill="another")
    refuse_after_a_gap(instance, run(instance, "2026-03-03", dg.DagsterRunStatus.STARTED))
    refuse_after_a_gap(instance, dg.DagsterRun(job_name="build"))
