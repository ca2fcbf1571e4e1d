"""What a run's tags say it was made from."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from orchestration.transform.resources import Warehouse

#: The data of a run: from the instant of the build before, until its own.
FROM, UNTIL, REVISION = "kohorte/data_from", "kohorte/data_until", "kohorte/git_revision"


@contextmanager
def tagged(
    context: dg.OpExecutionContext | dg.AssetExecutionContext, warehouse: Warehouse
) -> Iterator[None]:
    """Tag the run with git revision and data interval (UTC) of what is built within."""
    from kohorte.publishing.publish import git_revision

    revision = git_revision(Path(warehouse.project_dir))
    before = _as_of(warehouse)
    context.instance.add_run_tags(context.run.run_id, {REVISION: revision or "none"})
    yield
    interval = {FROM: before, UNTIL: _as_of(warehouse)}
    tags = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in interval.items() if at}
    context.instance.add_run_tags(context.run.run_id, tags)


def _as_of(warehouse: Warehouse) -> datetime.datetime | None:
    """Return the instant that the warehouse is seen from, if there is one."""
    import duckdb

    if not warehouse.path.exists():
        return None
    try:
        rows = warehouse.rows("select as_of from int_clock")
    except duckdb.CatalogException:
        return None
    return rows[0][0] if rows else None
