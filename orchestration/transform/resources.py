"""What assets and checks work with: dbt, and the DuckDB file that it builds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject
from kohorte.project import warehouse_path

from orchestration.transform.manifest import dbt_executable

#: The pool of everything that opens the DuckDB file.
POOL = "warehouse"
#: How DuckDB, and our own words for it, say that another process has the file open.
_BUSY = ("Could not set lock on file", "is in use by another program")
_RETRIES, _SECONDS_TO_WAIT = 5, 60


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The DuckDB file of a project."""

    project_dir: str

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return warehouse_path(Path(self.project_dir))

    def make_folder(self) -> None:
        """Make the folder of the file, which dbt does not do."""
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds; the file is open no longer than that."""
        import duckdb

        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(query).fetchall()


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """Return dbt's command line for a project."""
    return DbtCliResource(project_dir=project, dbt_executable=str(dbt_executable()))


@contextmanager
def retried_while_busy() -> Iterator[None]:
    """Ask for another attempt when somebody has the DuckDB file open.

    Nothing else is repeated: what failed on the same data fails again.
    """
    try:
        yield
    except Exception as error:
        if not any(words in str(error) for words in _BUSY):
            raise
        raise dg.RetryRequested(_RETRIES, _SECONDS_TO_WAIT) from error
