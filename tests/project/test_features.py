"""The feature mart of the demo shop, held against the core marts that it is made of."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from kohorte.catalog import Column, Type, read_catalog

ROOT = Path(__file__).resolve().parents[2]
GROUPS = (
    "person",
    "consent",
    "declared",
    "order",
    "product",
    "value",
    "behaviour",
    "cart",
    "stage",
    "loyalty",
    "campaign",
)
ATTRIBUTES = dict(read_catalog(ROOT).entities["customer"].attributes)


def attributes(*types: Type) -> list[str]:
    return [name for name, column in ATTRIBUTES.items() if column.type in types]


def described(model: Path) -> dict[str, dict[str, Any]]:
    """Return the columns of a model by name, as its YAML describes them."""
    (found,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return {column["name"]: column for column in found["columns"]}


@pytest.fixture(scope="module")
def warehouse(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        yield connection


def value(warehouse: duckdb.DuckDBPyConnection, query: str) -> Any:
    (found,) = warehouse.sql(query).fetchone() or (None,)
    return found


def test_every_customer_has_exactly_one_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    customers = value(warehouse, "select count(*) from dim_customers")
    assert customers > 0
    assert value(warehouse, "select count(*) from dim_customer_features") == customers
    query = """
        select count(*) from dim_customers
        inner join dim_customer_features using (customer_id)
    """
    assert value(warehouse, query) == customers


def test_the_columns_are_those_described_and_in_that_order(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    columns = warehouse.table("dim_customer_features").columns
    assert columns == list(described(ROOT / "models/marts/core/dim_customer_features"))


@pytest.mark.parametrize(
    ("feature", "fact"),
    [
        (
            "sum(count_orders_lifetime)",
            "count(*) from fct_orders where not is_cancelled and customer_id is not null",
        ),
        (
            "sum(net_revenue_lifetime)",
            "sum(net_revenue) from fct_orders where customer_id is not null",
        ),
        *(
            (
                f"(sum(count_orders_{window}), sum(net_revenue_{window}))",
                f"""(count(*), sum(net_revenue)) from fct_orders, int_feature_windows
                where ordered_at >= start_{window}_at
                and not is_cancelled and customer_id is not null""",
            )
            for window in ("365d", "90d", "30d")
        ),
        (
            "sum(net_revenue_previous_90d)",
            """sum(net_revenue) from fct_orders, int_feature_windows
            where ordered_at >= start_180d_at and ordered_at < start_90d_at
            and customer_id is not null""",
        ),
        (
            "sum(count_cancelled_orders_365d)",
            """count(*) from fct_orders, int_feature_windows
            where is_cancelled and ordered_at >= start_365d_at
            and customer_id is not null""",
        ),
        (
            "sum(items_bought_365d)",
            """sum(item_count) from fct_orders, int_feature_windows
            where not is_cancelled and ordered_at >= start_365d_at
            and customer_id is not null""",
        ),
        (
            "sum(len(products_bought_365d))",
            """count(distinct (customer_id, product_id))
            from fct_order_lines, int_feature_windows
            where not is_cancelled and ordered_at >= start_365d_at
            and customer_id is not null""",
        ),
        (
            "sum(count_sessions_90d)",
            """count(distinct (customer_id, session_id))
            from fct_events, int_feature_windows
            where occurred_at >= start_90d_at and session_id is not null
            and customer_id is not null""",
        ),
        (
            "sum(days_active_30d)",
            """count(distinct (customer_id, occurred_date))
            from fct_events, int_feature_windows
            where occurred_at >= start_30d_at and customer_id is not null""",
        ),
        (
            "sum(count_product_views_30d)",
            """count(*) from fct_events, int_feature_windows
            where occurred_at >= start_30d_at and event_name = 'product_viewed'
            and customer_id is not null""",
        ),
        ("sum(points_balance)", "sum(points) from fct_points where customer_id is not null"),
        (
            "sum(points_earned_365d)",
            """sum(points) from fct_points, int_feature_windows
            where entry_type = 'earned' and occurred_at >= start_365d_at
            and customer_id is not null""",
        ),
        (
            "(sum(count_messages_received_90d), sum(count_messages_opened_90d))",
            """(count(*), count(opened_at)) from fct_messages, int_feature_windows
            where not is_bounced and sent_at >= start_90d_at and customer_id is not null""",
        ),
        (
            "sum(count_referrals)",
            "count(*) from fct_referrals where customer_id is not null",
        ),
    ],
)
def test_features_sum_up_to_the_facts(
    warehouse: duckdb.DuckDBPyConnection, feature: str, fact: str
) -> None:
    expected = value(warehouse, f"select {fact}")
    assert expected
    assert value(warehouse, f"select {feature} from dim_customer_features") == expected


@pytest.mark.parametrize("name", attributes(Type.TIMESTAMP))
def test_no_instant_is_at_or_after_as_of(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    late = f"select count(*) from dim_customer_features, int_clock where {name} >= as_of"
    assert value(warehouse, late) == 0


@pytest.mark.parametrize("name", attributes(Type.DATE))
def test_no_day_is_after_today(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    late = f"select count(*) from dim_customer_features, int_clock where {name} > today"
    assert value(warehouse, late) == 0


@pytest.mark.parametrize("name", attributes(Type.LIST))
def test_a_list_is_sorted_without_repeats_and_never_null(
    warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    query = f"""
        select count(*) from dim_customer_features
        where coalesce({name} != list_sort(list_distinct({name})), true)
    """
    assert value(warehouse, query) == 0


@pytest.mark.parametrize("column", [c for c in ATTRIBUTES.values() if c.values])
def test_a_value_is_one_of_those_the_catalog_names(
    warehouse: duckdb.DuckDBPyConnection, column: Column
) -> None:
    query = f"select distinct {column.name} from dim_customer_features"
    found = {row[0] for row in warehouse.sql(query).fetchall()} - {None}
    assert found <= set(column.values)


@pytest.mark.parametrize(
    "name", [name for name in ATTRIBUTES if name.startswith(("share_", "count_"))]
)
def test_counts_and_shares_stay_in_their_range(
    warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    least, most = warehouse.sql(
        f"select min({name}), max({name}) from dim_customer_features"
    ).fetchone() or (None, None)
    assert least is None or least >= 0
    assert name.startswith("count_") or most is None or most <= 1


def test_every_customer_is_one_kind_of_visitor(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = warehouse.sql("""
        select visitor_type, is_registered, least(count_orders_lifetime, 2)
        from dim_customer_features group by all
    """).fetchall()
    kinds = {0: "registered_without_purchase", 1: "first_time", 2: "returning"}
    for visitor_type, is_registered, orders in rows:
        assert visitor_type == (kinds[orders] if is_registered else "guest")


def test_a_sales_stage_with_purchase_has_orders_and_the_others_none(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select count(*) from dim_customer_features
        where (sales_stage in ('first_purchase', 'repeat', 'loyal', 'lapsed'))
        is distinct from (count_orders_lifetime > 0)
    """
    assert value(warehouse, query) == 0
    query = """
        select count(*) from dim_customer_features
        where (sales_stage = 'lapsed')
        is distinct from (count_orders_lifetime > 0 and count_orders_365d = 0)
    """
    assert value(warehouse, query) == 0


@pytest.mark.parametrize("score", ["recency_score", "frequency_score", "monetary_score"])
def test_scores_are_fifths_of_the_buyers_of_a_year(
    warehouse: duckdb.DuckDBPyConnection, score: str
) -> None:
    query = f"""
        select count(*) from dim_customer_features
        where ({score} is null) != (count_orders_365d = 0)
    """
    assert value(warehouse, query) == 0
    sizes = warehouse.sql(f"""
        select count(*) from dim_customer_features
        where {score} is not null group by {score}
    """).fetchall()
    assert len(sizes) == 5
    assert max(sizes)[0] - min(sizes)[0] <= 1


def birthday(born: date, year: int) -> date:
    is_missing = (born.month, born.day) == (2, 29) and not calendar.isleap(year)
    return date(year, 2, 28) if is_missing else born.replace(year=year)


def test_ages_and_birthdays_follow_the_calendar(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    today = value(warehouse, "select today from int_clock")
    rows = warehouse.sql("""
        select birth_date, age, days_to_next_birthday from dim_customer_features
        where birth_date is not null
    """).fetchall()
    assert rows
    for born, age, days in rows:
        has_had_it = birthday(born, today.year) <= today
        is_over = birthday(born, today.year) < today
        assert age == today.year - born.year - (not has_had_it)
        assert days == (birthday(born, today.year + is_over) - today).days


def test_a_cart_is_abandoned_when_no_order_follows(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    abandoned = """
        select distinct carts.customer_id
        from fct_events as carts, int_feature_windows
        where carts.event_name in ('cart_added', 'checkout_started')
        and carts.occurred_at >= start_7d_at
        and carts.customer_id is not null
        and not exists (
            from fct_orders
            where fct_orders.customer_id = carts.customer_id
            and fct_orders.ordered_at >= carts.occurred_at
        )
        and not exists (
            from fct_events as placed
            where placed.customer_id = carts.customer_id
            and placed.event_name = 'order_placed'
            and placed.occurred_at >= carts.occurred_at
        )
    """
    flagged = "select customer_id from dim_customer_features where has_abandoned_cart_7d"
    found = set(warehouse.sql(flagged).fetchall())
    assert found == set(warehouse.sql(abandoned).fetchall())


def test_the_top_category_brought_the_most(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = """
        with categories as (
            select customer_id, category, sum(net_amount) as revenue
            from fct_order_lines, int_feature_windows
            where ordered_at >= start_365d_at and not is_cancelled
            group by customer_id, category
        ),
        best as (
            select customer_id, max(revenue) as revenue
            from categories where category is not null group by customer_id
        )
        select count(*) from best
        inner join dim_customer_features using (customer_id)
        left join categories
            on best.customer_id = categories.customer_id
            and categories.category = top_category_365d
        where categories.revenue is distinct from best.revenue
    """
    assert value(warehouse, query) == 0


def test_nobody_is_written_to_by_email_without_a_standing_consent(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select count(*) from dim_customer_features
        where is_email_reachable and email_consent_since is null
    """
    assert value(warehouse, query) == 0


@pytest.mark.parametrize("group", GROUPS)
def test_an_attribute_is_described_the_same_in_its_group_and_in_the_mart(
    group: str,
) -> None:
    mart = described(ROOT / "models/marts/core/dim_customer_features")
    model = ROOT / f"models/intermediate/features/int_customer_{group}_features"
    for name, column in described(model).items():
        assert mart[name]["description"] == column["description"]
        assert mart[name]["data_type"] == column["data_type"]


def test_every_attribute_belongs_to_one_group() -> None:
    grouped = [
        name
        for group in GROUPS
        for name in described(ROOT / f"models/intermediate/features/int_customer_{group}_features")
        if name != "customer_id"
    ]
    mart = described(ROOT / "models/marts/core/dim_customer_features")
    assert sorted(grouped) == sorted(mart.keys() - {"customer_id"})


@pytest.mark.parametrize("name", [n for n, c in ATTRIBUTES.items() if c.type != Type.PLACE])
def test_a_description_is_one_readable_line(name: str) -> None:
    assert 8 <= len(ATTRIBUTES[name].description.split()) <= 15
