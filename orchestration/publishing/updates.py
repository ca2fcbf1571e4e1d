"""Taking in new events between two builds, as a job."""

from pathlib import Path

import dagster as dg
from kohorte.errors import KohorteError

from orchestration.publishing.assets import published_metadata
from orchestration.transform.resources import POOL, Warehouse, retried_while_busy
from orchestration.transform.tags import tagged


def update_job(publication: dg.AssetKey) -> dg.JobDefinition:
    """Return the job that adds new events to the last build, and publishes the result."""

    @dg.op(pool=POOL, description="Take in new events, bring segments up to date, publish.")
    def take_in_events(context: dg.OpExecutionContext, warehouse: Warehouse) -> None:
        from kohorte.update import update

        try:
            with retried_while_busy(), tagged(context, warehouse):
                done = update(Path(warehouse.project_dir))
        except KohorteError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        seconds = {
            "build_seconds": dg.MetadataValue.float(done.build_seconds),
            "publish_seconds": dg.MetadataValue.float(done.publish_seconds),
        }
        metadata = {**published_metadata(done.publication), **seconds}
        context.log_event(dg.AssetMaterialization(publication, metadata=metadata))

    @dg.job(name="update", description="Take in new events between two builds.")
    def job() -> None:
        take_in_events()

    return job
