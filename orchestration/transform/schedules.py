"""When the warehouse is built."""

from __future__ import annotations

import dagster as dg

#: Every day at four: after the shops' nightly exports, and an hour that every day has
#: once, also when the clocks change.
NIGHTLY = "0 4 * * *"
#: Half past every hour, so as not to wait for the nightly build at four.
HOURLY = "30 * * * *"


def build_job() -> dg.UnresolvedAssetJobDefinition:
    """Return the job that builds, checks and publishes everything, and syncs audiences."""
    return dg.define_asset_job(
        "build",
        selection=dg.AssetSelection.all(),
        description="Build and test every model, check and publish the marts, sync the audiences.",
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


def hourly_schedule(job: dg.JobDefinition, timezone: str) -> dg.ScheduleDefinition:
    """Return the schedule of the job that takes in new events."""
    return dg.ScheduleDefinition(
        name="hourly",
        job=job,
        cron_schedule=HOURLY,
        execution_timezone=timezone,
        description="Take in new events, every hour.",
    )
