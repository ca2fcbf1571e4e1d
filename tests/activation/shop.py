"""A warehouse with the tables that the sync reads, made by hand in no time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from activation.plan import Audience, audiences
from activation.run import Report, Sync
from activation.state import State
from tests.activation.fake import FakeTool

AS_OF = datetime(2026, 7, 1)
TABLES = """
create or replace table dim_audiences (
    audience varchar, channel varchar, tool varchar, target varchar, state varchar,
    reason varchar, max_removed double, max_added double, as_of timestamp
);
create or replace table fct_audience_members (
    audience varchar, customer_id varchar, address varchar, fields varchar
);
create or replace table fct_audience_exclusions (
    audience varchar, customer_id varchar, reason varchar
);
create or replace table dim_customer_channels (
    customer_id varchar, channel varchar, is_permitted boolean, is_bouncing boolean
);
"""


@dataclass
class Clock:
    """A clock that somebody turns."""

    now: datetime = AS_OF + timedelta(hours=5)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **distance: float) -> None:
        """Turn it by so many hours, days …"""
        self.now += timedelta(**distance)


@dataclass
class Shop:
    """Who is to be in the audience `mail`: fields by customer; and whose consent is gone."""

    folder: Path
    tool: FakeTool = field(default_factory=FakeTool)
    clock: Clock = field(default_factory=Clock)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    state: str = "fresh"
    as_of: datetime = AS_OF
    max_removed: float | None = None
    max_added: float | None = None
    target: str = '{"name": "mail"}'

    @property
    def sync(self) -> Sync:
        return Sync(
            State(self.folder / "sync.duckdb", lambda seconds: None),
            self.warehouse, self.clock.now, lambda tool: self.tool, self.clock,
        )  # fmt: skip

    @property
    def warehouse(self) -> Path:
        return self.folder / "kohorte.duckdb"

    def write(self) -> Shop:
        """Write the warehouse anew."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(TABLES)
            connection.execute(
                "insert into dim_audiences values ('mail', 'email', 'file', ?, ?, 'a mistake', ?,"
                " ?, ?)",
                [self.target, self.state, self.max_removed, self.max_added, self.as_of],
            )
            known = {key for key, *_ in self._held()} | set(self.members)
            connection.execute(
                "insert into fct_audience_members"
                " select 'mail', unnest($keys::varchar[]), unnest($addresses::varchar[]),"
                " unnest($fields::varchar[])",
                {
                    "keys": list(self.members),
                    "addresses": [self.address(key) for key in self.members],
                    "fields": [json.dumps(fields) for fields in self.members.values()],
                },
            )
            connection.execute(
                "insert into fct_audience_exclusions"
                " select 'mail', unnest(?::varchar[]), 'no_valid_address'",
                [sorted(self.invalid)],
            )
            connection.execute(
                "insert into dim_customer_channels"
                " select unnest(?::varchar[]), 'email', true, false",
                [sorted(known - self.withdrawn)],
            )
        return self

    def address(self, key: str) -> str:
        """Return where a customer is written to."""
        return self.addresses.get(key, f"{key}@example.com")

    def audience(self) -> Audience:
        with self.sync.state.transaction(self.warehouse) as connection:
            return audiences(connection)[0]

    def run(self) -> Report:
        """Write the warehouse, and run the sync."""
        self.write()
        return self.sync.run(self.audience())

    def in_tool(self) -> dict[str, Any]:
        """Return what the tool holds, by address."""
        return self.tool.audiences.get("mail", {})

    def wanted(self) -> dict[str, Any]:
        """Return what it should hold of us."""
        return {self.address(key): fields for key, fields in self.members.items()}

    def states(self) -> dict[str, str]:
        """Return the state of each member that the sync knows."""
        return {key: state for key, state, *_ in self._held()}

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the sync's state."""
        with self.sync.state.transaction() as connection:
            return connection.execute(text).fetchall()

    def _held(self) -> list[tuple[Any, ...]]:
        return self.query("select member_id, state, was_there from activation.members")


def people(count: int, first: int = 0) -> dict[str, dict[str, Any]]:
    """Return so many customers with a field each."""
    return {f"c{number:04d}": {"tier": "gold"} for number in range(first, first + count)}
