"""How dbt's models, seeds and sources look in Dagster, an attribute a method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

Properties = Mapping[str, Any]


class Translator(DagsterDbtTranslator):
    """Groups assets by layer and says who owns them and what they are."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_spec(
        self, manifest: Properties, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the asset of a dbt resource, with its kinds."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        kinds = self.get_kinds(manifest, self.get_resource_props(manifest, unique_id))
        return spec.replace_attributes(kinds=kinds)

    def get_kinds(self, manifest: Properties, dbt_resource_props: Properties) -> set[str]:
        """Return the engine and how the resource is kept there."""
        engine = manifest["metadata"]["adapter_type"]
        kept_as = dbt_resource_props["config"].get("materialized")
        return {"dbt", engine, kept_as or dbt_resource_props["resource_type"]}

    def get_group_name(self, dbt_resource_props: Properties) -> str:
        """Return the layer: raw, seeds, staging, intermediate, core, segments …"""
        if dbt_resource_props["resource_type"] == "source":
            return "raw"
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        layer, *below = dbt_resource_props["fqn"][1:-1] or ["models"]
        return str(below[0] if layer == "marts" and below else layer)

    def get_description(self, dbt_resource_props: Properties) -> str:
        """Return the description alone; the SQL is a click away in the repository."""
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Properties) -> Sequence[str] | None:
        """Return the owners that `config.meta.owner` names, an address or `team:name`."""
        owner = dbt_resource_props["config"].get("meta", {}).get("owner")
        return [owner] if isinstance(owner, str) else owner
