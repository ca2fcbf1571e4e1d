"""When the warehouse is built."""

from __future__ import annotations

import dagster as dg

#: Every day at four: after the shops' nightly exports, and an hour that every day has
#: once, also when the clocks change.
NIGHTLY = "0 4 * * *"
#: Half past every hour, so as not to wait for the nightly build at four.
HOURLY = "30 * * * *"
#: The month's first hour, for the build that fits the value model anew.
MONTHLY = "5 0 1 * *"


def build_job() -> dg.UnresolvedAssetJobDefinition:
    """Return the job that builds, checks and publishes everything, and syncs audiences."""
    return dg.define_asset_job(
        "build",
        selection=dg.AssetSelection.all(),
        description="Build and test every model, check and publish the marts, sync the audiences.",
    )


def schedules(
    build: dg.UnresolvedAssetJobDefinition, update: dg.JobDefinition, timezone: str
) -> list[dg.ScheduleDefinition]:
    """Return when each job runs, in the project's time zone."""
    return [
        dg.ScheduleDefinition(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone=timezone,
            description=description,
        )
        for name, job, cron, description in (
            ("nightly", build, NIGHTLY, "Build everything, every night."),
            ("monthly", build, MONTHLY, "Fit the value model anew, and build everything with it."),
            ("hourly", update, HOURLY, "Take in new events, every hour."),
        )
    ]
