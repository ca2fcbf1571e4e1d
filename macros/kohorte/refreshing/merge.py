"""Put the slice in the place of what the warehouse says of the same people.

The connection is to the warehouse; the slice is attached to it as `slice`. Whoever is not
touched keeps their rows; of the slice's rows, only those of the touched are taken.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from kohorte.refreshing.facts import EVENTS, FACTS, RAW_KEYS, keys_of

#: Tables whose every row is of a customer.
_OF_CUSTOMERS = (
    "dim_customer_channels",
    "dim_customers",
    "int_attributed_orders",
    "int_customer_behaviour_features",
    "int_customer_campaign_features",
    "int_customer_cart_features",
    "int_customer_consent_features",
    "int_customer_days",
    "int_customer_declared_features",
    "int_customer_habit_features",
    "int_customer_lead_scores",
    "int_customer_loyalty_features",
    "int_customer_message_features",
    "int_customer_order_features",
    "int_customer_person_features",
    "int_customer_product_features",
    "int_customer_products",
    "int_customer_purchases",
    "int_customer_row_counts",
    "int_customer_stage_features",
)
_OF_VISITORS = ("int_visitor_behaviour", "int_visitor_carts", "int_visitor_lead_points")
_OF_IDENTIFIERS = (
    "int_identity_holdings",
    "int_identity_map",
    "int_identity_merges",
    "int_identity_nodes",
)
_SEEN = "int_identity_seen"
_IDENTIFIER = "(identifier_type, identifier) in (from slice.touched_identifiers)"
_TOUCHED = "{} in (select customer_id from touched)"
_CUSTOMER = _TOUCHED.format("customer_id")
_VISITOR = "{} in (select identifier from slice.touched_identifiers where kind = 'anonymous')"
REFRESHED = "refreshed_customers"


def merge(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the slice into the warehouse in one transaction; return how many it touched.

    They stand in `refreshed_customers` until what is found of all has been found anew.
    """
    connection.execute("begin")
    connection.execute(
        f"""
        create or replace temp table touched as
        select customer_id from slice.touched_customers
        union
        select customer_id from slice.int_identity_map
        where (identifier_type, identifier) in (from slice.touched_identifiers);
        create table if not exists {REFRESHED} (customer_id varchar);
        insert into {REFRESHED}
        select customer_id from touched
        where customer_id not in (from {REFRESHED});
        """
    )
    merged = []
    for table, condition in _conditions():
        connection.execute(f"delete from {table} where {condition}")
        connection.execute(
            f"insert into {table} by name select * from slice.{table} where {condition}"
        )
        merged.append(table)
    connection.execute(
        f"""
        delete from dim_customer_features
        where {_CUSTOMER} and customer_id not in (select customer_id from dim_customers)
        """
    )
    for statements in (_SUMS, _SHARED, _quarantine()):
        connection.execute(statements)
    names = ", ".join(f"'{name}'" for name in (*merged, "quarantine"))
    connection.execute(
        f"update check_results set builds = builds + 1, grows = false where name in ({names})"
    )
    connection.execute("commit")
    (count,) = connection.execute("select count(*) from touched").fetchone() or (0,)
    return int(count)


def _conditions() -> Iterator[tuple[str, str]]:
    """Yield tables, with which of their rows are put in the place of others."""
    for table in _OF_CUSTOMERS:
        yield table, _CUSTOMER
    visitor = _VISITOR.format("anonymous_id")
    for table, (key, canonical) in FACTS.items():
        nobody = f"{key} in ({_keys(canonical)})"
        if table == EVENTS:
            nobody = f"case when anonymous_id is null then {nobody} else {visitor} end"
        yield table, f"{_CUSTOMER} or customer_id is null and {nobody}"
    for table in _OF_VISITORS:
        customer, nobody = _TOUCHED.format("visitor_id"), _VISITOR.format("visitor_id")
        yield table, f"case when is_customer then {customer} else {nobody} end"
    yield "dim_visitor_features", visitor
    for table in _OF_IDENTIFIERS:
        yield table, _IDENTIFIER
    # What strangers share is not touched, and was seen beside what is.
    linked = "(linked_type, linked_identifier) in (from slice.touched_identifiers)"
    yield _SEEN, f"{_IDENTIFIER} or {linked}"
    yield "dim_products", "true"


def _keys(canonical: str) -> str:
    """Return the query of the keys of the raw rows that the slice was made of, or that are
    there no more.
    """
    gone = f"select key from slice.gone_keys where table_name = '{canonical}'"
    return f"{keys_of(canonical, 'slice.')} union all {gone}"


_SUMS = """
    delete from int_row_sums using slice.old_sums as old
    where
        int_row_sums.table_name = old.table_name
        and int_row_sums.system = old.system
        and int_row_sums.account_spelling is not distinct from old.account_spelling
        and int_row_sums.email_spelling is not distinct from old.email_spelling
        and int_row_sums.loyalty_card_spelling is not distinct from old.loyalty_card_spelling
        and int_row_sums.phone_spelling is not distinct from old.phone_spelling
        and int_row_sums.anonymous_spelling is not distinct from old.anonymous_spelling;
    insert into int_row_sums by name select * from slice.new_sums;
"""
#: What strangers share. A slice has not got all that others bear.
_SHARED = """
    insert into int_identity_shared
    select * from slice.int_identity_shared
    where
        (identifier_type, identifier) in (from slice.touched_identifiers)
        and (identifier_type, identifier) not in (
            select identifier_type, identifier from int_identity_shared
        )
"""


def _quarantine() -> str:
    """Return what puts the rejected rows of the slice in the place of those before.

    A row that lost its key is told by what it says. Products are in the slice with all rows.
    """
    known = " or ".join(
        f"table_name = '{canonical}' and system || ':' || row_key in ({_keys(canonical)})"
        for canonical in RAW_KEYS
    )
    return f"""
        delete from quarantine
        where
            table_name = 'products'
            or {known}
            or (table_name, record) in (select table_name, record from slice.quarantine);
        insert into quarantine by name select * from slice.quarantine;
        update quarantine set as_of = (select as_of from slice.int_clock);
    """
