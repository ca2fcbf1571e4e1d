"""The numbers that describe the data, day by day and as a whole, as queries of a warehouse.

A day is 24 hours that end at `as_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

#: Of fewer rows no share is told.
_FEWEST_ROWS = 20
#: So far back days are counted: more than anybody judges by.
_MOST_DAYS = 440


@dataclass(frozen=True)
class Daily:
    """What is counted of a table's rows of one day.

    `present` are columns that mostly have a value, `values` columns with few values,
    `medians` numbers; `by` is whom nobody should have too many rows of. How many rows there
    are, and at what hour, is usual for a table that `is_steady`: what people do, and not what
    is done to them in campaigns.
    """

    table: str
    at: str
    present: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    medians: tuple[str, ...] = ()
    by: str | None = None
    is_steady: bool = True


@dataclass(frozen=True)
class Overall:
    """What is counted of a table as a whole."""

    table: str
    present: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    medians: tuple[str, ...] = ()


DAILY = (
    Daily("fct_orders", "ordered_at", ("customer_id",), ("currency", "channel"),
          ("total_amount", "item_count")),
    Daily("fct_order_lines", "ordered_at", ("product_name",), (), ("net_amount", "quantity")),
    Daily("fct_events", "occurred_at", ("anonymous_id", "session_id", "page", "customer_id"),
          ("event_name", "device_type"), by="anonymous_id"),
    Daily("fct_points", "occurred_at", ("customer_id",), ("entry_type",), ("points",)),
    Daily("fct_messages", "sent_at", ("customer_id",),
          is_steady=False),
    Daily("fct_consents", "changed_at", ("customer_id",), ("channel", "state")),
    Daily("fct_answers", "answered_at", ("customer_id",), ("question",)),
    Daily("fct_referrals", "referred_at"),
)  # fmt: skip
OVERALL = (
    # Accounts as they come in, before orders and visits add what is missing in them.
    Overall("int_customers_checked",
            ("email", "phone", "loyalty_card", "birth_date", "registered_at"),
            ("gender", "country")),
    Overall("dim_customers", ("email", "phone", "first_name", "country", "birth_date"),
            ("gender", "country", "preferred_channel"), ("household_size",)),
    Overall("fct_messages", ("delivered_at", "opened_at", "clicked_at", "bounced_at")),
    Overall("dim_products", ("category", "brand", "price"), ("currency",), ("price",)),
)  # fmt: skip
#: Where the numbers of each table's raw rows are.
ROWS = "int_row_counts"

#: Complete days that a table reaches back, as numbers: 0 is the last one before as_of.
_DAYS_OF = """
    select unnest(range(0, least({most}, cast(floor(
        (epoch(any_value(clock.as_of)) - epoch(min({at}))) / 86400
    ) as bigint)))) as day
    from {table} cross join clock where {at} < clock.as_of
"""
_DAILY = """
with clock as (
    select as_of from int_clock
),

days as ({days}),

own as (
    select
        tested.*,
        cast(ceil((epoch(clock.as_of) - epoch(tested.{at})) / 86400) as bigint) - 1 as day
    from {table} as tested
    cross join clock
    where tested.{at} < clock.as_of and tested.{at} >= clock.as_of - interval {most} day
),

sizes as (
    select days.day, count(own.day) as size
    from days
    left join own on days.day = own.day
    group by days.day
),

counted as (
    {counted}
)

select '{table}' as table_name, counted.*
from counted
"""


def daily_numbers(built: Collection[str]) -> str:
    """Return the query of the daily numbers of the tables that were built; empty if of none.

    Its rows are table_name, metric, sort (rows, share or median), day (0 is the one that ends
    at as_of), value and size, the rows that the value is of.
    """
    watched = [each for each in DAILY if each.table in built]
    return " union all by name ".join(f"({_days(each)})" for each in watched)


def overall_numbers(built: Collection[str]) -> str:
    """Return the query of the numbers of whole tables, and of the raw rows.

    Its rows are table_name, metric, sort (rows, faults, share or median) and value.
    """
    watched = [each for each in OVERALL if each.table in built]
    shares = (query for each in watched for query in _shares(each))
    return " union all by name ".join([_raw_rows(), *shares])


def _days(watched: Daily) -> str:
    """Return the query of one table's daily numbers."""
    days = _DAYS_OF.format(table=watched.table, at=watched.at, most=_MOST_DAYS)
    counted = " union all by name ".join(_daily_counts(watched))
    return _DAILY.format(
        table=watched.table, at=watched.at, days=days, counted=counted, most=_MOST_DAYS
    )


def _daily_counts(watched: Daily) -> Iterator[str]:
    """Yield the queries of one table's daily numbers, from `own` and `sizes`."""
    if watched.is_steady:
        yield "select 'rows' as metric, 'rows' as sort, day, size * 1.0 as value, size from sizes"
    enough = f"where sizes.size >= {_FEWEST_ROWS} group by sizes.day"
    own = f"from own inner join sizes using (day) {enough}"
    for column in watched.present:
        yield (
            f"select 'share with {column}' as metric, 'share' as sort, sizes.day,"
            f" count(own.{column}) / count(*) as value, count(*) as size {own}"
        )
    for column in watched.medians:
        yield (
            f"select 'median {column}' as metric, 'median' as sort, sizes.day,"
            f" cast(median(own.{column}) as double) as value, count(*) as size {own}"
        )
    for begin in range(0, 24, 6) if watched.is_steady else ():
        yield (
            f"select 'share from {begin} to {begin + 6} o''clock UTC' as metric,"
            f" 'share' as sort, sizes.day, count(*) filter (where hour(own.{watched.at})"
            f" between {begin} and {begin + 5}) / count(*) as value, count(*) as size {own}"
        )
    for column in watched.values:
        yield f"""
            select
                'share of {column} ' || held.held as metric, 'share' as sort, sizes.day,
                count(own.day) / any_value(sizes.size) as value, any_value(sizes.size) as size
            from sizes
            cross join (select distinct coalesce({column}, 'null') as held from own) as held
            left join own
                on sizes.day = own.day and coalesce(own.{column}, 'null') = held.held
            where sizes.size >= {_FEWEST_ROWS}
            group by sizes.day, held.held
        """
    if watched.by:
        yield f"""
            select
                'largest share of one {watched.by}' as metric, 'share' as sort, day,
                max(held) / sum(held) as value, cast(sum(held) as bigint) as size
            from (select day, count(*) as held from own group by day, {watched.by}) as held
            group by day
            having sum(held) >= {_FEWEST_ROWS}
        """


def _raw_rows() -> str:
    """Return the query of how many raw rows there are, and what became of them."""
    return f"""
        select
            '{ROWS}' as table_name, numbers.metric, numbers.sort, numbers.value
        from (
            select unnest([
                {{'metric': 'raw rows of ' || name, 'sort': 'rows', 'value': raw * 1.0}},
                {{'metric': 'share of quarantined ' || name, 'sort': 'faults',
                  'value': quarantined / greatest(raw, 1)}},
                {{'metric': 'share of repeated ' || name, 'sort': 'faults',
                  'value': duplicates / greatest(raw, 1)}}
            ]) as numbers
            from (
                select
                    table_name || ' (' || system || ')' as name, count_raw as raw,
                    count_quarantined as quarantined, count_duplicates as duplicates
                from {ROWS}
            )
        )
    """


def _shares(watched: Overall) -> Iterator[str]:
    """Yield the queries of one table's shares and medians."""
    table = watched.table
    numbers = [
        f"{{'metric': 'share with {column}', 'sort': 'share', 'value':"
        f" count({column}) / greatest(count(*), 1)}}"
        for column in watched.present
    ] + [
        f"{{'metric': 'median {column}', 'sort': 'median', 'value':"
        f" cast(median({column}) as double)}}"
        for column in watched.medians
    ]
    yield (
        f"select '{table}' as table_name, numbers.metric, numbers.sort, numbers.value"
        f" from (select unnest([{', '.join(numbers)}]) as numbers from {table})"
        " where numbers.value is not null"
    )
    for column in watched.values:
        yield (
            f"select '{table}' as table_name,"
            f" 'share of {column} ' || coalesce({column}, 'null') as metric, 'share' as sort,"
            f" count(*) / sum(count(*)) over () as value from {table} group by {column}"
        )
