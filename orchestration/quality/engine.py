"""Great Expectations on DuckDB.

Left to itself it closes a connection before DuckDB's result is read, and almost every
expectation fails. Import this module only where expectations are evaluated: Great
Expectations takes seconds to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import great_expectations as gx
import sqlalchemy
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)

Engine = type[SqlAlchemyExecutionEngine]


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection, so that a result can be read after its query.

    It has no transactions: in one, a query that fails makes all that follow fail.
    """

    @contextmanager
    def get_connection(self) -> Iterator[sqlalchemy.Connection]:
        """Yield the connection, opened at the first use."""
        if self._connection is None:
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        yield self._connection

    def close(self) -> None:
        """Close the connection too, or the file stays locked."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


class DuckDBDatasource(SQLDatasource):
    """A DuckDB file, opened read-only."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> Engine:
        """Return the engine that keeps its connection."""
        return DuckDBExecutionEngine


@contextmanager
def opened(path: Path) -> Iterator[DuckDBDatasource]:
    """Yield a DuckDB file as a data source, and let go of the file afterwards.

    Raises Great Expectations' TestConnectionError when the file cannot be opened.
    """
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    source = DuckDBDatasource(
        name="warehouse",
        connection_string=f"duckdb:///{path}",
        kwargs={"connect_args": {"read_only": True}},
    )
    try:
        context.add_datasource(datasource=source)
        source.test_connection()
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
