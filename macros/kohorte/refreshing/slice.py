"""Cut the raw rows of those who are touched out of those of all.

In the warehouse of the slice, tables take the place of the relations with systems' canonical
rows. Whatever dbt builds on them is of the touched alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from kohorte.publishing.copies import literal, quoted

#: The columns of canonical tables that name somebody, and the kind of identifier in them.
BEARERS = {
    "account_id": "account",
    "referrer_account_id": "account",
    "referred_account_id": "account",
    "email": "email",
    "loyalty_card": "loyalty_card",
    "phone": "phone",
    "anonymous_id": "anonymous",
}
_ORDERS, _LINES = "orders", "order_lines"
_ALL, _CUT = "all_of_{}", "cut_of_{}"


def cut(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]]) -> None:
    """Let only the rows of the touched be seen; `tables` are the canonical ones by system.

    May be called again when more are touched.
    """
    kinds = _relations(connection)
    cuts = []
    for system, of_system in tables.items():
        # Lines follow their orders.
        for table in sorted(of_system, key=lambda name: name == _LINES):
            name = f"int_{system}__{table}"
            if _ALL.format(name) in kinds:
                connection.execute(f"drop table {quoted(name)}")
                _rename(connection, kinds, _ALL.format(name), name)
            test = _test(connection, system, table, of_system)
            if test:
                cuts.append((name, test))
    for name, test in cuts:
        connection.execute(
            f"create table {quoted(_CUT.format(name))} as from {quoted(name)} where {test}"
        )
    kinds = _relations(connection)
    for name, _ in cuts:
        _rename(connection, kinds, name, _ALL.format(name))
        _rename(connection, kinds, _CUT.format(name), name)


def _test(
    connection: duckdb.DuckDBPyConnection, system: str, table: str, of_system: Iterable[str]
) -> str:
    """Return that a row is of somebody who is touched; nothing, if it is nobody's anyway."""
    if table == _LINES and _ORDERS in of_system:
        orders = quoted(_CUT.format(f"int_{system}__{_ORDERS}"))
        return f"order_id in (select order_id from {orders})"
    columns = connection.execute(
        "select column_name from duckdb_columns()"
        " where database_name = current_database() and table_name = ?",
        [f"int_{system}__{table}"],
    ).fetchall()
    bearers = [column for (column,) in columns if column in BEARERS]
    if not bearers:
        return ""
    of_system_only = f"from touched_spellings where system = {literal(system)} and kind ="
    tests = [
        f"cast({column} as varchar) in (select spelling {of_system_only} '{BEARERS[column]}')"
        for column in bearers
    ]
    nobody = " and ".join(f"{column} is null" for column in bearers)
    tests.append(f"({nobody}) and exists (select 1 {of_system_only} 'nobody')")
    return " or ".join(tests)


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return whether each relation is a table or a view."""
    rows = connection.execute(
        """
        select table_name, 'table' from duckdb_tables()
        where database_name = current_database()
        union all
        select view_name, 'view' from duckdb_views()
        where database_name = current_database() and not internal
        """
    ).fetchall()
    return dict(rows)


def _rename(
    connection: duckdb.DuckDBPyConnection, kinds: Mapping[str, str], name: str, to: str
) -> None:
    connection.execute(f"alter {kinds[name]} {quoted(name)} rename to {quoted(to)}")
