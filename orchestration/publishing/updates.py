"""Taking in what came between two builds, as jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from kohorte.errors import KohorteError

from orchestration.publishing.assets import published_metadata
from orchestration.transform.resources import POOL, Warehouse, retried_while_busy
from orchestration.transform.tags import tagged

if TYPE_CHECKING:
    from kohorte.refreshing.refresh import Refresh
    from kohorte.update import Update


def update_job(publication: dg.AssetKey) -> dg.JobDefinition:
    """Return the job that adds new events to the last build, and publishes the result."""

    def update(root: Path) -> "Update":
        from kohorte.update import update

        return update(root)

    return _job(
        publication, "update", "take_in_events", update,
        "Take in new events, bring segments up to date, publish.",
    )  # fmt: skip


def refresh_job(publication: dg.AssetKey) -> dg.JobDefinition:
    """Return the job that takes in all that changed since the day's build, and publishes it."""

    def refresh(root: Path) -> "Refresh":
        from kohorte.refreshing.refresh import refresh

        return refresh(root)

    return _job(
        publication, "refresh", "take_in_changes", refresh,
        "Take in all that changed since the day's build, for those whom it concerns; publish.",
    )  # fmt: skip


def _job(
    publication: dg.AssetKey,
    name: str,
    step: str,
    take_in: "Callable[[Path], Update | Refresh]",
    description: str,
) -> dg.JobDefinition:
    """Return a job of one step, whose publication shows on the asset."""

    @dg.op(name=step, pool=POOL, description=description)
    def op(context: dg.OpExecutionContext, warehouse: Warehouse) -> None:
        try:
            with retried_while_busy(), tagged(context, warehouse):
                done = take_in(Path(warehouse.project_dir))
        except KohorteError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        seconds = {
            "build_seconds": dg.MetadataValue.float(done.build_seconds),
            "publish_seconds": dg.MetadataValue.float(done.publish_seconds),
        }
        metadata = {**published_metadata(done.publication), **seconds}
        context.log_event(dg.AssetMaterialization(publication, metadata=metadata))

    @dg.job(name=name, description=description)
    def job() -> None:
        op()

    return job
