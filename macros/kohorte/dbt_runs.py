"""dbt in this process, for runs that differ in data and `as_of` alone.

Reading a project takes dbt longer than running a small one, and it reads anew whenever a
var changes. A manifest that is given to it is not read; but a run writes into it, so each
run gets its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kohorte.project import WAREHOUSE_VARIABLE

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

#: The file, in the target folder, that dbt keeps in what it read of a project.
READ_FILE = "partial_parse.msgpack"


def run_dbt(
    arguments: Sequence[str], warehouse: Path, read: bytes | None = None
) -> dbtRunnerResult:
    """Run dbt on a warehouse, which is closed afterwards.

    `read` is what dbt kept in READ_FILE of the same project; with it nothing is read anew,
    and no spec is compiled.
    """
    from dbt.cli.main import dbtRunner

    with _warehouse(warehouse):
        try:
            return dbtRunner(manifest_of(read) if read else None).invoke(list(arguments))
        finally:
            _close_connections()


def manifest_of(read: bytes) -> Manifest:
    """Return the manifest in what dbt kept, for one run."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(read, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


def _close_connections() -> None:
    """Close the database that dbt opened.

    The adapter only lets go of it: it stays open as long as anything else refers to it, as
    the frames of a logged traceback may.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _warehouse(path: Path) -> Iterator[None]:
    """Have profiles.yml name a warehouse for a while."""
    before = os.environ.get(WAREHOUSE_VARIABLE)
    os.environ[WAREHOUSE_VARIABLE] = str(path)
    try:
        yield
    finally:
        os.environ.pop(WAREHOUSE_VARIABLE)
        if before is not None:
            os.environ[WAREHOUSE_VARIABLE] = before
