"""Whom a refresh looks at: everybody whose rows or windows moved, and who hangs on them.

The connection is to the warehouse of the slice; `built` is attached to it to read. What is
found stands in tables of the slice:

- `touched_identifiers` (kind, identifier): all identifiers of those who are looked at,
- `touched_customers` (customer_id): under what names the build knows them,
- `touched_spellings` (kind, system, spelling): what their raw rows bear; `nobody` stands for
  the rows that bear nothing,
- `new_sums` and `old_sums`: the rows of `int_row_sums` that only one of the two has,
- `gone_keys` (table_name, key): raw rows of nobody, or rejected ones, that are there no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from kohorte.publishing.copies import literal, quoted
from kohorte.refreshing.merge import FACTS, RAW_KEYS
from kohorte.refreshing.slice import BEARERS

KINDS = ("account", "email", "loyalty_card", "phone", "anonymous")
_SPELLINGS = ", ".join(f"{kind}_spelling" for kind in KINDS)
#: Rows that only one has. A number for a row is compared much faster than a row.
_SET = f"hash(table_name, system, {_SPELLINGS})"
_HASH = f"hash(table_name, system, {_SPELLINGS}, count_rows, row_sum)"
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
#: The fact that knows visitors besides customers.
_EVENTS = "fct_events"


def find_touched(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]]
) -> None:
    """Find whom rows have changed for, or windows have moved over, and who hangs on them.

    `tables` are the canonical ones by system.
    """
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
        select kind, identifier from ({_named()})
        union
        select 'anonymous', anonymous_id from moved
        where customer_id is null and anonymous_id is not null;
        """
    )
    reach(connection)
    _find_gone(connection, tables)


def _find_gone(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]]) -> None:
    """Find what is gone of the rows that no customer tells of, in tables that lost any."""
    connection.execute("create or replace table gone_keys (table_name varchar, key varchar)")
    lost = connection.execute(
        f"""
        with new as (select {_SET} as set_hash, count_rows from new_sums)
        select distinct old_sums.table_name
        from old_sums
        left join new on {_SET} = new.set_hash
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
                + (" and anonymous_id is null" if fact == _EVENTS else "")
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


def _named() -> str:
    """Return the query of what changed sets name.

    What strangers share stands only where nothing else does.
    """
    own = " or ".join(
        f"({kind} is not null and ('{kind}', {kind}) not in (from shared))" for kind in KINDS
    )
    parts = "\nunion all\n".join(
        f"""
        select '{kind}' as kind, {kind} as identifier
        from sets
        where
            {kind} is not null
            and (not has_own or ('{kind}', {kind}) not in (from shared))
        """
        for kind in KINDS
    )
    return f"""
        with shared as (select identifier_type, identifier from touched_shared),
        sets as (select *, {own} as has_own from changed_sets)
        {parts}
    """


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
        select customer_id, {"anonymous_id" if table == _EVENTS else "null"} as anonymous_id
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
        where coalesce({_SPELLINGS}) is null
        """
    )
    return "\nunion\n".join(parts)


def find_strangers(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether rows of the slice belong to others as well, and add those.

    A raw row's key may stand in a row of somebody else, accepted or rejected, and only all of
    them together tell which counts; an identifier may have led to somebody who was not looked
    at.
    """
    connection.execute(
        f"""
        create or replace temp table slice_customers as
        select customer_id from int_identity_map
        where (identifier_type, identifier) in (from touched_identifiers);
        create or replace temp table strangers as {_accepted_of_others()};
        create or replace temp table led_to as
        select kind, identifier from (
            select identifier_type as kind, identifier from int_identity_map
            where customer_id in (from slice_customers)
            union
            select 'anonymous', anonymous_id from strangers
            where customer_id is null and anonymous_id is not null
            union
            {_rejected_of_others()}
        )
        where (kind, identifier) not in (from touched_identifiers);
        delete from strangers where customer_id is null;
        insert into moved select customer_id, null from strangers;
        insert into touched_identifiers from led_to;
        """
    )
    (found,) = connection.execute(
        "select (select count(*) from strangers) + (select count(*) from led_to)"
    ).fetchone() or (0,)
    if found:
        reach(connection)
    return bool(found)


def _accepted_of_others() -> str:
    """Return the query of whose the rows are that have the key of a row in the slice."""
    return " union ".join(
        f"""
        select
            before.customer_id,
            {"before.anonymous_id" if fact == _EVENTS else "null"} as anonymous_id
        from built.{fact} as before
        inner join {fact} as own on before.{key} = own.{key}
        where
            (
                before.customer_id is distinct from own.customer_id
                {"or before.anonymous_id is distinct from own.anonymous_id" * (fact == _EVENTS)}
            )
            and (before.customer_id is null or before.customer_id not in (from touched_customers))
            and (own.customer_id is null or own.customer_id in (from slice_customers))
        """
        for fact, (key, _) in FACTS.items()
    )


def _rejected_of_others() -> str:
    """Return the query of what rejected rows name that have the key of a row in the slice."""
    keys = " union all ".join(
        f"select '{canonical}' as table_name, {key} as key from {fact}"
        for fact, (key, canonical) in FACTS.items()
        if fact != "fct_order_lines"
    )
    named = [
        f"""
        select distinct '{kind}' as kind, sums.{kind} as identifier
        from rejected
        inner join int_row_sums as sums
            on
                rejected.system = sums.system
                and json_extract_string(rejected.record, '$.{column}') = sums.{kind}_spelling
        where sums.{kind} is not null
        """
        for column, kind in BEARERS.items()
    ]
    return f"""
        select kind, identifier from (
            with rejected as (
                select system, record from built.quarantine
                where
                    reason = 'conflicting_key'
                    and (table_name, system || ':' || row_key) in ({keys})
            )
            {" union ".join(named)}
        )
        where (kind, identifier) not in (select identifier_type, identifier from touched_shared)
    """
