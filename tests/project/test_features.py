"""The feature mart of the demo shop, held against the core marts that it is made of."""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from kohorte.catalog import Column, Type, read_catalog

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ROOT / "models/intermediate/features"
#: The models that the attributes of customers come from.
GROUPS = (
    *(
        FEATURES / f"int_customer_{group}_features"
        for group in (
            "person",
            "consent",
            "declared",
            "order",
            "habit",
            "product",
            "value",
            "behaviour",
            "cart",
            "stage",
            "loyalty",
            "message",
            "campaign",
        )
    ),
    FEATURES / "int_customer_price_levels",
    ROOT / "models/intermediate/value/int_customer_value_predictions",
)
#: The feature mart of each entity.
MARTS = {"customer": "dim_customer_features", "visitor": "dim_visitor_features"}
ENTITIES = read_catalog(ROOT).entities
ATTRIBUTES = dict(ENTITIES["customer"].attributes)
#: Days that are still to come.
FORETOLD = {"points_expire_on"}


def attributes(*types: Type) -> list[tuple[str, str]]:
    """Return mart and name of all entities' attributes of some types, but traits."""
    return [
        (MARTS[entity.name], name)
        for entity in ENTITIES.values()
        for name, column in entity.attributes.items()
        if column.type in types and not column.map
    ]


def described(model: Path) -> dict[str, dict[str, Any]]:
    """Return the columns of a model by name, as its YAML describes them."""
    (found,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return {column["name"]: column for column in found["columns"]}


def described_models() -> list[Path]:
    """Return the models that attributes are made in."""
    marts = [ROOT / f"models/marts/core/{mart}.yml" for mart in MARTS.values()]
    return [*sorted(FEATURES.glob("*.yml")), *marts]


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


def test_there_are_120_attributes_and_more() -> None:
    assert len([c for c in ATTRIBUTES.values() if c.type != Type.PLACE]) >= 120


def test_every_visitor_is_nobody_known_and_has_exactly_one_row(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select anonymous_id from fct_events where anonymous_id is not null
        group by anonymous_id having count(customer_id) = 0 order by anonymous_id
    """
    visitors = warehouse.sql(query).fetchall()
    assert visitors
    found = "select anonymous_id from dim_visitor_features order by anonymous_id"
    assert warehouse.sql(found).fetchall() == visitors


@pytest.mark.parametrize("mart", MARTS.values())
def test_the_columns_are_those_described_and_in_that_order(
    warehouse: duckdb.DuckDBPyConnection, mart: str
) -> None:
    columns = warehouse.table(mart).columns
    assert columns == list(described(ROOT / "models/marts/core" / mart))


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
        (
            "sum(days_active_90d)",
            """count(distinct (customer_id, occurred_date))
            from fct_events, int_feature_windows
            where occurred_at >= start_90d_at and customer_id is not null""",
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


@pytest.mark.parametrize(("mart", "name"), attributes(Type.TIMESTAMP))
def test_no_instant_is_at_or_after_as_of(
    warehouse: duckdb.DuckDBPyConnection, mart: str, name: str
) -> None:
    late = f"select count(*) from {mart}, int_clock where {name} >= as_of"
    assert value(warehouse, late) == 0


@pytest.mark.parametrize(
    ("mart", "name"), [(m, n) for m, n in attributes(Type.DATE) if n not in FORETOLD]
)
def test_no_day_is_after_today(warehouse: duckdb.DuckDBPyConnection, mart: str, name: str) -> None:
    late = f"select count(*) from {mart}, int_clock where {name} > today"
    assert value(warehouse, late) == 0


@pytest.mark.parametrize(("mart", "name"), attributes(Type.LIST))
def test_a_list_is_sorted_without_repeats_and_never_null(
    warehouse: duckdb.DuckDBPyConnection, mart: str, name: str
) -> None:
    query = f"""
        select count(*) from {mart}
        where coalesce({name} != list_sort(list_distinct({name})), true)
    """
    assert value(warehouse, query) == 0


#: What the small demo shop has no case of: it sends nothing on its last day, hears of no
#: opened text message or letter, and its strangers begin no checkout.
ALL_THE_SAME = {
    "dim_customer_features": {
        *(f"count_{c}_opened_{days}d" for c in ("sms", "post") for days in (30, 90, 365)),
        *(f"count_post_clicked_{days}d" for days in (30, 90, 365)),
        "count_sms_clicked_30d",
        "count_messages_received_1d",
    },
    "dim_visitor_features": {"has_abandoned_checkout_7d", "count_abandoned_checkouts_90d"},
}


@pytest.mark.parametrize("mart", MARTS.values())
def test_an_attribute_tells_some_apart_from_others(
    warehouse: duckdb.DuckDBPyConnection, mart: str
) -> None:
    names = [name for at, name in attributes(*set(Type) - {Type.PLACE}) if at == mart]
    counts = [f"count(distinct coalesce({name}::text, '?'))" for name in names]
    (row,) = warehouse.sql(f"select {', '.join(counts)} from {mart}").fetchall()
    same = {name for name, count in zip(names, row, strict=True) if count == 1}
    assert same == ALL_THE_SAME[mart]


@pytest.mark.parametrize(
    ("mart", "column"),
    [
        (MARTS[entity.name], column)
        for entity in ENTITIES.values()
        for column in entity.attributes.values()
        if column.values
    ],
)
def test_a_value_is_one_of_those_the_catalog_names(
    warehouse: duckdb.DuckDBPyConnection, mart: str, column: Column
) -> None:
    query = f"select distinct {column.name} from {mart}"
    found = {row[0] for row in warehouse.sql(query).fetchall()} - {None}
    assert found <= set(column.values)


@pytest.mark.parametrize(
    ("mart", "name"),
    [(m, n) for m, n in attributes(Type.NUMBER) if n.startswith(("share_", "count_"))],
)
def test_counts_and_shares_stay_in_their_range(
    warehouse: duckdb.DuckDBPyConnection, mart: str, name: str
) -> None:
    least, most = warehouse.sql(f"select min({name}), max({name}) from {mart}").fetchone() or (
        None,
        None,
    )
    assert least is None or least >= 0
    assert name.startswith("count_") or most is None or most <= 1


def test_every_customer_is_one_kind_of_visitor(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = warehouse.sql("""
        select visitor_type, count_orders_lifetime > 0, is_registered,
            cast(first_seen_at as date) < cast(last_seen_at as date)
        from dim_customer_features group by all
    """).fetchall()
    assert len(rows) > 4
    for visitor_type, has_ordered, is_registered, came_back in rows:
        unregistered = "returning" if came_back else "first_time"
        stranger = "registered_without_purchase" if is_registered else unregistered
        assert visitor_type == ("customer" if has_ordered else stranger)


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


@pytest.mark.parametrize(
    ("measure", "value_of", "best_first"),
    [
        ("recency", "days_since_last_order", False),
        ("frequency", "count_orders_365d", True),
        ("monetary", "net_revenue_365d", True),
    ],
)
def test_scores_are_fifths_as_the_language_ranks(
    warehouse: duckdb.DuckDBPyConnection, measure: str, value_of: str, best_first: bool
) -> None:
    """The best k fifths are ceil(k * n / 5); ties go to the smaller customer id."""
    buyers = warehouse.sql(f"""
        select {value_of}, customer_id, {measure}_score from dim_customer_features
        where count_orders_365d > 0
    """).fetchall()
    sign = -1 if best_first else 1
    buyers.sort(key=lambda row: (sign * row[0], row[1]))
    assert len(buyers) > 5
    bounds = [math.ceil(fifths * len(buyers) / 5) for fifths in range(1, 6)]
    for place, (_, customer, score) in enumerate(buyers):
        expected = 5 - next(fifth for fifth, bound in enumerate(bounds) if place < bound)
        assert (customer, score) == (customer, expected)
    nobody = f"""
        select count(*) from dim_customer_features
        where ({measure}_score is null) != (count_orders_365d = 0)
    """
    assert value(warehouse, nobody) == 0


@pytest.mark.parametrize(
    ("measure", "value_of", "best"),
    [
        ("recency", "days_since_last_order", "<"),
        ("frequency", "count_orders_365d", ">"),
        ("monetary", "net_revenue_365d", ">"),
    ],
)
def test_the_stored_cut_points_give_the_scores_again(
    warehouse: duckdb.DuckDBPyConnection, measure: str, value_of: str, best: str
) -> None:
    end = "highest_value" if best == "<" else "lowest_value"
    query = f"""
        with scores as (
            select features.customer_id, max(cuts.score) as score
            from dim_customer_features as features
            inner join int_rfm_cut_points as cuts on cuts.measure = '{measure}'
                and (features.{value_of} {best} cuts.{end}
                    or features.{value_of} = cuts.{end}
                    and features.customer_id <= cuts.last_customer_id)
            where features.count_orders_365d > 0
            group by features.customer_id
        )
        select count(*) from dim_customer_features full outer join scores using (customer_id)
        where {measure}_score is distinct from score
    """
    assert value(warehouse, query) == 0


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


def test_points_ran_out_when_it_was_foretold(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The demo's ledger takes points away on the day that the mart foretells."""
    query = """
        select count(*) from fct_points as expired
        where entry_type = 'expired' and cast(occurred_at as date) <> (
            select cast(max(earned.occurred_at) as date) + 730 from fct_points as earned
            where earned.customer_id = expired.customer_id
            and earned.entry_type = 'earned' and earned.occurred_at < expired.occurred_at
        )
    """
    assert value(warehouse, "select count(*) from fct_points where entry_type = 'expired'") > 0
    assert value(warehouse, query) == 0


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_an_attribute_is_described_the_same_in_its_group_and_in_the_mart(group: Path) -> None:
    mart = described(ROOT / "models/marts/core/dim_customer_features")
    for name, column in described(group).items():
        assert mart[name]["description"] == column["description"]
        assert mart[name]["data_type"] == column["data_type"]


def test_every_attribute_belongs_to_one_group() -> None:
    grouped = [name for group in GROUPS for name in described(group) if name != "customer_id"]
    mart = described(ROOT / "models/marts/core/dim_customer_features")
    assert sorted(grouped) == sorted(mart.keys() - {"customer_id"})


@pytest.mark.parametrize("model", described_models(), ids=lambda model: model.stem)
def test_a_description_is_one_readable_line(model: Path) -> None:
    lengths = {
        name: len(column["description"].split()) for name, column in described(model).items()
    }
    assert {name: words for name, words in lengths.items() if not 8 <= words <= 15} == {}
