"""The Dagster location: puts assets, checks, schedules and resources together."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from kohorte.project import read_project

from orchestration.publishing.assets import publication_asset
from orchestration.quality.checks import quality_checks
from orchestration.sources.assets import raw_tables
from orchestration.transform.assets import dbt_models
from orchestration.transform.manifest import dbt_project, prepared_manifest
from orchestration.transform.resources import Warehouse, dbt_resource
from orchestration.transform.schedules import build_job, nightly_schedule

ROOT = Path(__file__).resolve().parents[1]


def build_definitions(root: Path) -> dg.Definitions:
    """Return everything that Dagster runs for the project in a folder.

    Raises KohorteError, with dbt's words, for a project that dbt cannot read.
    """
    project = dbt_project(root)
    manifest = prepared_manifest(root)
    models = dbt_models(project, manifest)
    job = build_job()
    return dg.Definitions(
        assets=[*raw_tables(manifest), models, publication_asset(models.keys)],
        asset_checks=[quality_checks(models.keys)],
        jobs=[job],
        schedules=[nightly_schedule(job, read_project(root).timezone)],
        resources={
            "dbt": dbt_resource(project),
            "warehouse": Warehouse(project_dir=str(root)),
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the project that this package stands in."""
    return build_definitions(ROOT)
