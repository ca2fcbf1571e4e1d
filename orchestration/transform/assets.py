"""Every dbt model and seed as an asset, every dbt test as a check of one."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

from orchestration.sources.assets import raw_observations
from orchestration.transform.arguments import build_arguments, selection_arguments
from orchestration.transform.days import refuse_after_a_gap
from orchestration.transform.manifest import TARGET
from orchestration.transform.resources import POOL, Warehouse, retried_while_busy
from orchestration.transform.segments import segment_sizes
from orchestration.transform.tags import tagged
from orchestration.transform.translator import Translator

_UNIQUE_ID = "dagster_dbt/unique_id"


class BuildConfig(dg.Config):
    """What a run may choose."""

    as_of: str | None = None
    full_refresh: bool = False


def dbt_models(project: DbtProject, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Return the assets and checks of a project's manifest."""
    translator = Translator()

    @dbt_assets(
        manifest=manifest,
        project=project,
        dagster_dbt_translator=translator,
        name="dbt_models",
        pool=POOL,
    )
    def models(
        context: dg.AssetExecutionContext,
        config: BuildConfig,
        dbt: DbtCliResource,
        warehouse: Warehouse,
    ) -> Iterator[Any]:
        refuse_after_a_gap(context.instance, context.run)
        arguments = build_arguments(config.as_of, config.full_refresh)
        if context.is_subset:
            arguments += selection_arguments(selected_names(context, manifest))
        else:
            yield from raw_observations(project.project_dir, manifest)
        warehouse.make_folder()
        with retried_while_busy(), tagged(context, warehouse):
            # The context is given afterwards: with it, dbt.cli copies the whole folder,
            # environment and all, once more than 200 models and tests are selected.
            invocation = dbt.cli(
                arguments,
                manifest=manifest,
                dagster_dbt_translator=translator,
                target_path=project.project_dir / TARGET / "build",
            )
            invocation.context = context
            yield from invocation.stream()
            yield from segment_sizes(context.selected_asset_keys, warehouse.rows)

    return models


def selected_names(context: dg.AssetExecutionContext, manifest: Mapping[str, Any]) -> list[str]:
    """Return the dotted paths of the models and tests that a run is to build."""
    assets = context.assets_def
    specs = [
        *(assets.get_asset_spec(key) for key in context.selected_asset_keys),
        *(assets.get_spec_for_check_key(key) for key in context.selected_asset_check_keys),
    ]
    nodes = (manifest["nodes"][(spec.metadata or {})[_UNIQUE_ID]] for spec in specs)
    return [".".join(node["fqn"]) for node in nodes]
