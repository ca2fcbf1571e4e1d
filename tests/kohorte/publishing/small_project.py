"""A project of four tables, built by hand in no time.

All rows of one build carry its number in the column `build`, so that a mixture shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from kohorte.project import serving_folder, serving_path, warehouse_path
from kohorte.publishing.generations import Generations

_PROJECT = "name: small\nprofile: small\nvars: {publications_kept: 3}\n"
_PROFILES = "small: {target: dev, outputs: {dev: {type: duckdb, path: kohorte.duckdb}}}\n"
_DESCRIBED = """
version: 2
models:
  - name: dim_customers
    columns:
      - {name: customer_id, data_type: varchar}
      - {name: email, data_type: varchar, config: {meta: {personal: true}}}
      - {name: build, data_type: bigint}
  - name: fct_orders
    config: {meta: {kohorte: {activity: order}}}
    columns:
      - {name: order_id, data_type: varchar}
      - {name: build, data_type: bigint}
  - name: int_step
    columns: [{name: build, data_type: bigint}]
  - name: fct_addresses
    config: {meta: {personal: true}}
    columns: [{name: build, data_type: bigint}]
"""
_BESIDE = """
version: 2
models:
  - name: int_clock
    columns: [{name: as_of, data_type: timestamp}]
  - name: int_hidden
    columns: [{name: build, data_type: bigint}]
"""
_TABLES = """
    create or replace table dim_customers as
    select 'c' || i as customer_id, 'c' || i || '@example.com' as email, {build} as build
    from range({rows}) as rows (i);

    create or replace table orders as
    select 'o' || i as order_id, 'gift for ' || i as note, {build} as build
    from range({rows} * 2) as rows (i);

    create or replace view fct_orders as select * from kohorte.main.orders;

    create or replace table int_step as select {build} as build;
    create or replace table fct_addresses as select {build} as build;
    create or replace table int_hidden as select {build} as build;
    create or replace table int_clock as
    select timestamp '2026-07-01' + to_days({build}) as as_of;

    create table if not exists check_results (
        check_id varchar, kind varchar, name varchar, severity varchar, status varchar,
        failures bigint, reads varchar[], run bigint
    );
"""
_PASSED = """
    insert into check_results values
    ('model.{name}', 'model', '{name}', 'critical', 'passed', null, [], {build}),
    ('test.{name}', 'test', 'test_{name}', 'critical', 'passed', 0, ['{name}'], {build})
"""
NAMES = ("dim_customers", "fct_orders", "int_step", "fct_addresses", "int_clock")


@dataclass(frozen=True)
class SmallProject:
    """The project in a folder."""

    root: Path

    @property
    def generations(self) -> Generations:
        return Generations(serving_folder(self.root))

    def create(self) -> SmallProject:
        """Write its files."""
        (self.root / "dbt_project.yml").write_text(_PROJECT)
        (self.root / "profiles.yml").write_text(_PROFILES)
        (self.root / "models/marts/core").mkdir(parents=True)
        (self.root / "models/intermediate").mkdir()
        (self.root / "models/marts/core/core.yml").write_text(_DESCRIBED)
        (self.root / "models/intermediate/steps.yml").write_text(_BESIDE)
        return self

    def build(self, number: int, rows: int = 3) -> None:
        """Build the warehouse anew; every check passes."""
        path = warehouse_path(self.root)
        path.parent.mkdir(exist_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(_TABLES.format(build=number, rows=rows))
            connection.execute("delete from check_results where kind <> 'expectation'")
            for name in NAMES:
                connection.execute(_PASSED.format(name=name, build=number))

    def change(self, statement: str) -> None:
        """Change the warehouse with a statement."""
        with duckdb.connect(str(warehouse_path(self.root))) as connection:
            connection.execute(statement)

    def read(self, query: str, *, private: bool = False) -> list[tuple[Any, ...]]:
        """Return the rows of a query on what is published."""
        path = serving_path(self.root, private=private)
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def tables(self, *, private: bool = False) -> dict[str, list[str]]:
        """Return the columns of each published table."""
        return dict(
            self.read(
                """
                select table_name, list(column_name order by column_index)
                from duckdb_columns() where not internal group by table_name
                """,
                private=private,
            )
        )

    def seen(self) -> list[tuple[Any, ...]]:
        """Return generation and build as readers of both files see them."""
        query = "select generation, (select any_value(build) from fct_orders) from publication"
        return [self.read(query, private=private)[0] for private in (False, True)]
