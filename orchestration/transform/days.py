"""Days that were missed, built one after the other, each as of its end."""

from __future__ import annotations

import datetime

import dagster as dg

_BACKFILL, _DAY = "dagster/backfill", "dagster/partition"
#: The first day that can be built anew.
FIRST_DAY = "2000-01-01"


def backfill_job(timezone: str, selection: dg.AssetSelection) -> dg.UnresolvedAssetJobDefinition:
    """Return the job of one partition a day: everything as of the end of that local day.

    The tools are left out by `selection`: they are told of the newest day alone.
    """

    @dg.daily_partitioned_config(start_date=FIRST_DAY, timezone=timezone)
    def end_of_day(begin: datetime.datetime, end: datetime.datetime) -> dict[str, object]:
        as_of = end.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"ops": {"dbt_models": {"config": {"as_of": as_of}}}}

    return dg.define_asset_job(
        "backfill",
        selection=selection,
        config=end_of_day,
        description="Build and publish days that were missed, oldest first, each as of its end.",
    )


def refuse_after_a_gap(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Raise Failure when an earlier day of the same backfill was not built.

    Memberships only move forward: a day that is passed over can never be made up for.
    """
    day, backfill = run.tags.get(_DAY), run.tags.get(_BACKFILL)
    if day is None or backfill is None:
        return
    runs = instance.get_runs(dg.RunsFilter(tags={_BACKFILL: backfill}))
    days = {each.tags[_DAY] for each in runs}
    built = {each.tags[_DAY] for each in runs if each.status == dg.DagsterRunStatus.SUCCESS}
    missing = sorted(each for each in days - built if each < day)
    if missing:
        raise dg.Failure(
            f"{day} is not built: {missing[0]} of the same backfill was not, and the clock only"
            f" moves forward; re-execute {missing[0]} first",
            allow_retries=False,
        )
