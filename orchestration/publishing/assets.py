"""What readers see, as an asset after all models."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from kohorte.errors import KohorteError

from orchestration.transform.resources import POOL, Warehouse, retried_while_busy

if TYPE_CHECKING:
    from kohorte.publishing.publish import Publication

#: There is one a night; an hour later it is late, and by the morning somebody should look.
_DUE, _LATE = datetime.timedelta(hours=25), datetime.timedelta(hours=30)


def publication_asset(models: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that publishes the build warehouse; a failed critical check refuses."""

    @dg.asset(
        name="publication",
        deps=list(models),
        group_name="publishing",
        kinds={"duckdb", "parquet"},
        description="The generation of the marts that BI tools and the sync read.",
        pool=POOL,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=_LATE, warn_window=_DUE),
    )
    def publication(warehouse: Warehouse) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from kohorte.publishing.publish import publish

        try:
            with retried_while_busy():
                published = publish(Path(warehouse.project_dir))
        except KohorteError as error:
            # The same data is refused again: trying again would only delay the alert.
            raise dg.Failure(str(error), allow_retries=False) from None
        return dg.MaterializeResult(metadata=published_metadata(published))

    return publication


def published_metadata(published: Publication) -> dict[str, dg.MetadataValue]:
    """Return what there is to see of a publication; instants are in UTC."""
    return {
        "generation": dg.MetadataValue.int(published.generation),
        "as_of": dg.MetadataValue.text(f"{published.as_of} UTC"),
        "git_revision": dg.MetadataValue.text(published.git_revision or "none"),
        "checks_passed": dg.MetadataValue.int(published.count_checks_passed),
        "warnings": dg.MetadataValue.json(list(published.warnings)),
        "rows": dg.MetadataValue.json(published.row_counts),
    }
