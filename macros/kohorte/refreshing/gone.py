"""Which raw rows are there no more, of those that no customer tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from kohorte.publishing.copies import literal, quoted
from kohorte.refreshing.facts import EVENTS, FACTS, RAW_KEYS
from kohorte.refreshing.reach import SET


def find_gone(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]]) -> None:
    """Find what is gone of the rows of nobody, and of rejected ones, in tables that lost any.

    `tables` are the canonical ones by system. What is found stands in the slice's table
    `gone_keys` (table_name, key).
    """
    connection.execute("create or replace table gone_keys (table_name varchar, key varchar)")
    lost = connection.execute(
        f"""
        with new as (select {SET} as set_hash, count_rows from new_sums)
        select distinct old_sums.table_name
        from old_sums
        left join new on {SET} = new.set_hash
        where new.set_hash is null or new.count_rows < old_sums.count_rows
        """
    ).fetchall()
    for (name,) in lost:
        for table in (name, "order_lines") if name == "orders" else (name,):
            there = " union all ".join(
                f"select {literal(f'{system}:')} || {RAW_KEYS[table]} as key"
                f" from {quoted(f'int_{system}__{table}')}"
                for system, of_system in tables.items()
                if table in of_system
            )
            there = there or "select null as key"
            known = [
                f"select {key} as key from built.{fact} where customer_id is null"
                + (" and anonymous_id is null" if fact == EVENTS else "")
                for fact, (key, canonical) in FACTS.items()
                if canonical == table
            ]
            known.append(
                "select system || ':' || row_key as key from built.quarantine"
                f" where table_name = '{table}'"
            )
            connection.execute(
                f"""
                insert into gone_keys
                select distinct '{table}', known.key
                from ({" union all ".join(known)}) as known
                where known.key is not null and known.key not in (
                    select there.key from ({there}) as there where there.key is not null
                )
                """
            )
