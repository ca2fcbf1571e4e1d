"""Whom a refresh looks at: everybody whose rows or windows moved, and who hangs on them.

The connection is to the warehouse of the slice; `built` is attached to it to read. What is
found stands in tables of the slice:

- `touched_identifiers` (kind, identifier): all identifiers of those who are looked at,
- `touched_customers` (customer_id): under what names the build knows them,
- `touched_spellings` (kind, system, spelling): what their raw rows bear; `nobody` stands for
  the rows that bear nothing,
- `new_sums` and `old_sums`: the rows of `int_row_sums` that only one of the two has.
"""

from __future__ import annotations

import duckdb

from kohorte.refreshing.facts import EVENTS

KINDS = ("account", "email", "loyalty_card", "phone", "anonymous")
SPELLINGS = ", ".join(f"{kind}_spelling" for kind in KINDS)
_OWN = "('{0}', {0}) not in (select identifier_type, identifier from touched_shared)"
#: That a set names somebody by what strangers do not share.
HAS_OWN = " or ".join(f"({kind} is not null and {_OWN.format(kind)})" for kind in KINDS)
#: Rows that only one has. A number for a row is compared much faster than a row.
SET = f"hash(table_name, system, {SPELLINGS})"
_HASH = f"hash(table_name, system, {SPELLINGS}, count_rows, row_sum)"
_ONLY = f"from {{}}int_row_sums where {_HASH} not in (select {_HASH} from {{}}int_row_sums)"
_EXCEPT = "(from {0} except from built.{0}) union all (from built.{0} except from {0})"
#: Facts that windows are laid over, by their time.
_DATED = {
    "fct_orders": "ordered_at",
    "fct_events": "occurred_at",
    "fct_messages": "sent_at",
    "fct_points": "occurred_at",
}
_OF_PRODUCTS = ("fct_order_lines", "fct_events")


def find_touched(connection: duckdb.DuckDBPyConnection) -> None:
    """Find whom rows have changed for, or windows have moved over, and who hangs on them."""
    connection.execute(
        f"""
        create or replace table new_sums as {_ONLY.format("", "built.")};
        create or replace table old_sums as {_ONLY.format("built.", "")};
        create or replace table changed_sets as
        select * exclude (count_rows, row_sum) from new_sums
        union
        select * exclude (count_rows, row_sum) from old_sums;
        create or replace table touched_shared as
        select identifier_type, identifier, count_others, max_others
        from built.int_identity_shared;
        create or replace table changed_products as
        select distinct product_id from ({_EXCEPT.format("dim_products")});
        create or replace table moved as {_moved(connection)};
        create or replace table touched_identifiers as
        select kind, identifier from ({named("changed_sets")})
        union
        select 'anonymous', anonymous_id from moved
        where customer_id is null and anonymous_id is not null;
        """
    )
    reach(connection)


def named(sets: str) -> str:
    """Return the query of the identifiers that sets name: a table like `changed_sets`.

    What strangers share stands only where nothing else does.
    """
    parts = "\nunion\n".join(
        f"""
        select '{kind}' as kind, {kind} as identifier
        from marked
        where {kind} is not null and (not has_own or {_OWN.format(kind)})
        """
        for kind in KINDS
    )
    return f"with marked as (select *, {HAS_OWN} as has_own from {sets}) {parts}"


def _moved(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the query of those with a row that the edge of a window went past, or with a
    product that is described otherwise.
    """
    passed = " or ".join(
        f"{{0}} between timestamp '{first}' and timestamp '{last}'"
        for first, last in _edges(connection)
    )
    tests = [(table, passed.format(time)) for table, time in _DATED.items()]
    tests += [(table, "product_id in (from changed_products)") for table in _OF_PRODUCTS]
    return "\nunion\n".join(
        f"""
        select customer_id, {"anonymous_id" if table == EVENTS else "null"} as anonymous_id
        from built.{table}
        where {test}
        """
        for table, test in tests
    )


def _edges(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, object]]:
    """Return for each edge of a window where it was, and where it is, in their order."""
    columns = connection.execute(
        "select column_name from duckdb_columns() where table_name = 'int_feature_windows'"
        " and database_name = current_database() and column_name like '%\\_at' escape '\\'"
    ).fetchall()
    windows = "int_feature_windows as now cross join built.int_feature_windows as before"
    return [
        (first, last)
        for (column,) in columns
        for first, last in connection.execute(
            f"select least(now.{column}, before.{column}), greatest(now.{column}, before.{column})"
            f" from {windows}"
        ).fetchall()
    ]


def reach(connection: duckdb.DuckDBPyConnection) -> None:
    """Add everybody who hangs on those that are touched, with all their identifiers.

    Whoever holds or held the same identifier, and who brought whom.
    """
    connection.execute(
        f"""
        create or replace table touched_customers as
        with recursive links as (
            select one.customer_id, other.customer_id as linked_id
            from built.int_identity_map as one
            inner join built.int_identity_map as other
                using (identifier_type, identifier)
            where
                one.customer_id <> other.customer_id
                and (one.held_from is not null or one.held_until is not null)
            union
            select customer_id, referred_customer_id from built.fct_referrals
            where customer_id is not null and referred_customer_id is not null
            union
            select referred_customer_id, customer_id from built.fct_referrals
            where customer_id is not null and referred_customer_id is not null
        ),

        reached(customer_id) as (
            select identity_map.customer_id
            from built.int_identity_map as identity_map
            inner join touched_identifiers as touched
                on
                    identity_map.identifier_type = touched.kind
                    and identity_map.identifier = touched.identifier
            union
            select customer_id from moved
            where customer_id is not null
            union
            select links.linked_id
            from reached
            inner join links using (customer_id)
        )

        select customer_id from reached;

        insert into touched_identifiers
        select distinct identity_map.identifier_type, identity_map.identifier
        from built.int_identity_map as identity_map
        inner join touched_customers using (customer_id)
        where (identity_map.identifier_type, identity_map.identifier) not in (
            from touched_identifiers
        );

        create or replace table touched_spellings as
        {_spelled()}
        """
    )


def _spelled() -> str:
    """Return the query of how raw rows spell what is touched."""
    parts = [
        f"""
        select distinct '{kind}' as kind, system, {kind}_spelling as spelling
        from int_row_sums
        where {kind} in (select identifier from touched_identifiers where kind = '{kind}')
        union
        select '{kind}', system, {kind}_spelling
        from changed_sets
        where
            coalesce({", ".join(KINDS)}) is null
            and {kind}_spelling is not null
        """
        for kind in KINDS
    ]
    parts.append(
        f"""
        select 'nobody', system, null from changed_sets
        where coalesce({SPELLINGS}) is null
        """
    )
    return "\nunion\n".join(parts)
