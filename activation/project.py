"""The sync of a dbt project: its published warehouse, its state, its tools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from kohorte.errors import KohorteError
from kohorte.project import WAREHOUSE_NAME, serving_path, warehouse_path

from activation.breaker import MAX_AGE
from activation.plan import Audience, audiences
from activation.run import Sync, utc_now
from activation.state import State
from activation.tools import adapter_of

_STATE, _OUTBOX = "sync", "outbox"


def sync_of(
    root: Path,
    *,
    clock: Callable[[], datetime] = utc_now,
    max_age: timedelta = MAX_AGE,
) -> Sync:
    """Return the sync of the project in a folder: from what is published, else what is built.

    Raises KohorteError when there is neither.
    """
    published = serving_path(root, private=True)
    built = warehouse_path(root)
    # What the links lead to stays as it is, whatever is published meanwhile.
    warehouse = published.resolve() if published.exists() else built
    if not warehouse.exists():
        raise KohorteError(f"there is no warehouse at {built} yet; run: make run")
    # Another warehouse has other people in it, and so a state of its own.
    suffix = "" if built.stem == WAREHOUSE_NAME else f"_{built.stem}"
    adapters = adapter_of(built.parent / f"{_OUTBOX}{suffix}", clock)
    return Sync(
        State(built.parent / f"{_STATE}{suffix}.duckdb"), warehouse, made_at(warehouse),
        adapters, clock, max_age,
    )  # fmt: skip


def made_at(warehouse: Path) -> datetime:
    """Return when a warehouse was published or, if it was not, written last, in UTC."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found = connection.execute("select max(published_at) from publication").fetchone()
    except duckdb.CatalogException:
        found = None
    except duckdb.IOException:
        message = f"{warehouse} is in use by another program, or no DuckDB file"
        raise KohorteError(f"{message}; publish with: kohorte publish") from None
    if found and isinstance(found[0], datetime):
        return found[0].replace(tzinfo=None)
    return datetime.fromtimestamp(warehouse.stat().st_mtime, UTC).replace(tzinfo=None)


def chosen(sync: Sync, names: list[str]) -> list[Audience]:
    """Return the audiences of the warehouse with these names, or all.

    Raises KohorteError when there is none of a name.
    """
    with sync.state.transaction(sync.warehouse) as connection:
        known = {audience.name: audience for audience in audiences(connection)}
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = ", ".join(known) or "none"
        raise KohorteError(f"there is no audience `{unknown[0]}`; there are: {listed}")
    return [known[name] for name in names or known]
