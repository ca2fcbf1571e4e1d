"""Posts what failed to a webhook that takes messages as Slack does."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg

from orchestration.alerts.words import Failed, failure_words

#: The address to post to; without it nobody is told but Dagster's log.
VARIABLE = "KOHORTE_ALERT_URL"
_SECONDS, _ATTEMPTS = 10, 3
#: How the names begin of what people and tools read, the nearest to them first.
_READ = ("publication", "audiences", "dim_", "fct_", "rpt_")


def failure_sensor(post: Callable[[str, str], None] | None = None) -> dg.SensorDefinition:
    """Return the sensor that tells of each failed run once.

    `post` sends a text to an address; the default posts `{"text": …}` over HTTP.
    """
    send = post or _post

    @dg.run_failure_sensor(
        name="alert",
        description=f"Post what failed, since when, and what is stale, to {VARIABLE}.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
    )
    def alert(context: dg.RunFailureSensorContext) -> None:
        address = os.environ.get(VARIABLE)
        words = failure_words(
            context.dagster_run.job_name,
            context.dagster_run.run_id,
            failed_steps(context),
            stale_assets(context.instance, context.dagster_run),
            last_success(context.instance, context.dagster_run.job_name),
        )
        if not address:
            context.log.warning(f"{VARIABLE} is not set; nobody was told:\n{words}")
            return
        send(address, words)

    return alert


def failed_steps(context: dg.RunFailureSensorContext) -> list[Failed]:
    """Return each step that failed, with its reason."""
    found = [
        Failed(event.step_key or "run", _reason(event))
        for event in context.get_step_failure_events()
    ]
    return found or [Failed("run", context.failure_event.message or "no reason is known")]


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    told = data.user_failure_data
    if told and told.description:
        return str(told.description)
    return str(data.error.message) if data.error else "no reason is known"


def stale_assets(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Return the assets that the run was to make and did not, those that people read first."""
    planned = _assets(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    made = _assets(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    left = (planned | set(run.asset_selection or ())) - made
    return sorted((key.to_user_string() for key in left), key=_by_readers)


def _assets(
    instance: dg.DagsterInstance, run: dg.DagsterRun, kind: dg.DagsterEventType
) -> set[dg.AssetKey]:
    """Return the assets that a run has an event of a kind of."""
    records = instance.get_records_for_run(run.run_id, of_type=kind).records
    return {record.asset_key for record in records if record.asset_key}


def _by_readers(name: str) -> tuple[int, str]:
    """Return where an asset stands in a list: what people see before what they do not."""
    ranks = (number for number, start in enumerate(_READ) if name.startswith(start))
    return next(ranks, len(_READ)), name


def last_success(instance: dg.DagsterInstance, job: str) -> datetime | None:
    """Return when a job ended well last, UTC; none if it never did."""
    filters = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    records = instance.get_run_records(filters, limit=1)
    if not records or records[0].end_time is None:
        return None
    return datetime.fromtimestamp(records[0].end_time, UTC)


def _post(address: str, words: str) -> None:
    """Send a message; raises KohorteError, without the address, which is a secret."""
    import httpx2
    import stamina
    from kohorte.errors import KohorteError

    again = stamina.retry_context(on=httpx2.TransportError, attempts=_ATTEMPTS)
    try:
        for attempt in again:
            with attempt:
                httpx2.post(address, json={"text": words}, timeout=_SECONDS).raise_for_status()
    except httpx2.HTTPError as error:
        kind = type(error).__name__
        raise KohorteError(f"the alert could not be posted to {VARIABLE}: {kind}") from None
