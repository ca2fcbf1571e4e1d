"""When the warehouse is built."""

from __future__ import annotations

import dagster as dg

#: Every day at four: after the shops' nightly exports, and an hour that every day has
#: once, also when the clocks change.
NIGHTLY = "0 4 * * *"


def build_job() -> dg.UnresolvedAssetJobDefinition:
    """Return the job that builds, checks and publishes everything."""
    return dg.define_asset_job(
        "build",
        selection=dg.AssetSelection.all(),
        description="Build and test every model, check the marts' quality, and publish them.",
    )


def nightly_schedule(job: dg.UnresolvedAssetJobDefinition, timezone: str) -> dg.ScheduleDefinition:
    """Return the schedule of a job: every night in the project's time zone."""
    return dg.ScheduleDefinition(
        name="nightly",
        job=job,
        cron_schedule=NIGHTLY,
        execution_timezone=timezone,
        description="Build everything, every night.",
    )
