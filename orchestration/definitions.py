"""The Dagster location: puts assets, checks, schedules and resources together."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from kohorte.catalog import read_catalog
from kohorte.project import read_project
from kohorte.specs import read_specs

from orchestration.activation.assets import audience_assets
from orchestration.alerts.sensor import failure_sensor
from orchestration.publishing.assets import publication_asset
from orchestration.publishing.updates import refresh_job, update_job
from orchestration.quality.checks import quality_checks
from orchestration.sources.assets import raw_tables
from orchestration.sources.sensors import raw_files_sensor, specs_sensor
from orchestration.transform.assets import dbt_models
from orchestration.transform.days import backfill_job
from orchestration.transform.manifest import dbt_project, prepared_manifest
from orchestration.transform.resources import Warehouse, dbt_resource
from orchestration.transform.schedules import build_job, schedules

ROOT = Path(__file__).resolve().parents[1]


def build_definitions(root: Path) -> dg.Definitions:
    """Return everything that Dagster runs for the project in a folder.

    Raises KohorteError, with dbt's words, for a project that dbt cannot read.
    """
    project, settings = dbt_project(root), read_project(root)
    manifest = prepared_manifest(root)
    models = dbt_models(project, manifest)
    publication = publication_asset(models.keys)
    audiences = read_specs(settings.specs, read_catalog(root), set_aside=True).audiences
    synced = audience_assets(audiences, publication.key)
    build, update = build_job(), update_job(publication.key)
    days = dg.AssetSelection.all() - dg.AssetSelection.assets(*synced)
    backfill = backfill_job(settings.timezone, days)
    return dg.Definitions(
        assets=[
            *raw_tables(manifest),
            models,
            publication,
            *synced,
        ],
        asset_checks=[quality_checks(models.keys)],
        jobs=[build, update, refresh_job(publication.key), backfill],
        schedules=schedules(build, update, settings.timezone),
        sensors=[
            raw_files_sensor(root, manifest, build),
            specs_sensor(root, build),
            failure_sensor(),
        ],
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
