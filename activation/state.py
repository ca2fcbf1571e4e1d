"""What was planned, sent and confirmed, in a DuckDB file of its own.

It survives every rebuild of the warehouse. Each transaction opens the file and closes it
again, so that nobody waits while a tool answers.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from kohorte.errors import KohorteError
from kohorte.publishing.files import told

_VERSION = 2
_SECONDS_TO_WAIT, _PAUSE = 30.0, 0.05
_FULL = (
    "the disk is full; what the tool was told before is known\n"
    "make room on the disk, then: kohorte sync run"
)
_TABLES = """
create schema if not exists activation;
create table if not exists activation.settings (version int, salt varchar);
create table if not exists activation.destinations (
    destination varchar, tool varchar, first_seen_at timestamp
);
create table if not exists activation.bindings (
    audience varchar, destination varchar, target varchar, remote_id varchar,
    bound_at timestamp
);
create table if not exists activation.members (
    audience varchar, destination varchar, member_id varchar,
    identifier varchar, identifier_hash varchar, remote_id varchar, payload_hash varchar,
    refused_hash varchar, state varchar, was_there boolean, attempts int, next_attempt_at timestamp,
    reason varchar, changed_at timestamp, sent_hash varchar
);
create table if not exists activation.runs (
    run bigint, audience varchar, destination varchar, state varchar, reason varchar,
    host varchar, process bigint, as_of timestamp, plan_hash varchar, wanted bigint,
    held bigint, planned_adds bigint, planned_removes bigint, planned_updates bigint,
    confirmed bigint, rejected bigint, unknown bigint,
    started_at timestamp, heartbeat_at timestamp, finished_at timestamp
);
create table if not exists activation.operations (
    run bigint, position bigint, kind varchar, member_id varchar, is_withdrawal boolean,
    state varchar, reason varchar
);
create table if not exists activation.batches (
    run bigint, kind varchar, size bigint, sent_at timestamp, answered_at timestamp
);
create table if not exists activation.jobs (
    audience varchar, destination varchar, job varchar, kind varchar, member_id varchar,
    sent_at timestamp
);
create table if not exists activation.approvals (
    audience varchar, plan_hash varchar, approved_at timestamp, used_by_run bigint
);
create table if not exists activation.suppressions (
    destination varchar, identifier_hash varchar, reason varchar, seen_at timestamp
);
"""
#: What a file of version 1 lacks, beside tables.
_SINCE_1 = "alter table activation.members add column sent_hash varchar"


@dataclass(frozen=True)
class State:
    """The file; made when it is first opened."""

    path: Path
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def transaction(self, warehouse: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection in a transaction; the warehouse is attached as `kohorte`.

        Raises KohorteError when another program keeps the file, or the disk is full.
        """
        with told(self.path, _FULL):
            connection = self._opened()
            try:
                connection.execute("set TimeZone = 'UTC'")
                if warehouse is not None:
                    attach(connection, warehouse)
                connection.execute("begin")
                yield connection
                connection.execute("commit")
            finally:
                connection.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        """Open the file, waiting for another program that is just writing to it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        waited = 0.0
        while True:
            try:
                connection = duckdb.connect(str(self.path))
                self.path.chmod(0o600)
                self._prepare(connection)
            except duckdb.IOException as error:
                if "not a valid DuckDB" in str(error):
                    raise KohorteError(
                        f"{self.path} is no DuckDB file any more; bring it back from a backup:"
                        " only it knows whom we put into the tools"
                    ) from None
                if "set lock on file" not in str(error) or waited >= _SECONDS_TO_WAIT:
                    raise
                self.sleep(_PAUSE)
                waited += _PAUSE
            else:
                return connection

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables of a new file, bring an older one up to date, refuse a newer one."""
        known = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'activation'"
        ).fetchone()
        if known != (0,):
            found = connection.execute("select max(version) from activation.settings").fetchone()
            if found == (1,):
                self._bring_up_to_date(connection)
            elif found != (_VERSION,):
                connection.close()
                message = f"{self.path} was written by another version of Kohorte"
                raise KohorteError(f"{message}; use that one")
            return
        connection.execute("begin")
        connection.execute(_TABLES)
        connection.execute(
            "insert into activation.settings values (?, ?)", [_VERSION, secrets.token_hex(16)]
        )
        connection.execute("commit")

    @staticmethod
    def _bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> None:
        """Add what came with version 2; all of it or nothing."""
        connection.execute("begin")
        connection.execute(_TABLES)
        connection.execute(_SINCE_1)
        connection.execute("update activation.settings set version = ?", [_VERSION])
        connection.execute("commit")


def attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach a warehouse, read-only, under the name that its own views know it by."""
    path = str(warehouse).replace("'", "''")
    try:
        connection.execute(f"attach '{path}' as kohorte (read_only)")
    except duckdb.IOException:
        raise KohorteError(
            f"{warehouse} is missing or in use by another program; publish with: kohorte publish"
        ) from None
