"""Numbers that describe the data, day by day and run by run, and whether they are as usual.

A day is 24 hours that end at `as_of`. The days since the last accepted run are judged by the
days of the same weekday before them. What has no day (customers, products, how much there is
in all) is judged by the last accepted run. A run is accepted when no critical check stood in
its way: one that was refused is never what later ones are judged by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from kohorte.errors import KohorteError
from kohorte.publishing.files import opened

#: The table of the build warehouse that keeps the numbers of each run.
TABLE = "rpt_quality_metrics"
#: So many days before the judged ones are looked at, and so many runs are kept.
_DAYS, KEPT_DAYS = 56, 400
#: Of fewer days of one weekday nothing is concluded, and of fewer rows no share.
_FEWEST_DAYS, _FEWEST_ROWS = 4, 20
#: Days since the last accepted run are judged one by one, but no more than these.
_MOST_JUDGED = 14


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

#: Makes the table, if it is not there.
CREATE = f"""
create table if not exists {TABLE} (
    as_of timestamp, kind varchar, table_name varchar, metric varchar, begins_at timestamp,
    value double, low double, high double, state varchar, is_accepted boolean
)
"""
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
#: Limits: five times the usual spread around the median of the weekday, but no less than
#: what chance does to so few rows, and a share of the median. Beyond twice as much it is
#: extreme, and so is a table that has no rows at all where it should. Numbers are compared
#: where their spread does not depend on their size: counts by their square root, shares by
#: its arcsine, amounts by their logarithm (variance-stabilising transformations; Bartlett,
#: "The use of transformations", Biometrics 3, 1947).
_JUDGED_DAYS = f"""
with clock as (
    select as_of from int_clock
),

scaled as (
    select
        *,
        case sort
            when 'rows' then sqrt(value)
            when 'share' then asin(sqrt(least(greatest(value, 0), 1)))
            when 'median' then case when value > 0 then ln(value) end
        end as moved
    from measured
),

before as (
    select *, day % 7 as weekday from scaled
    where moved is not null and day >= $unaccepted and day < $unaccepted + {_DAYS}
),

centres as (
    select table_name, metric, weekday, median(moved) as centre, count(*) as days
    from before
    group by table_name, metric, weekday
),

spreads as (
    select
        table_name, metric, 1.4826 * median(abs(before.moved - centres.centre)) as spread
    from before
    inner join centres using (table_name, metric, weekday)
    group by table_name, metric
),

limits as (
    select
        scaled.*, centres.centre, centres.days,
        case scaled.sort
            when 'rows' then greatest(5 * spreads.spread, 2, 0.25 * centres.centre)
            when 'share' then greatest(5 * spreads.spread, 2 / sqrt(scaled.size), 0.1)
            else greatest(5 * spreads.spread, ln(2))
        end as distance
    from scaled
    left join centres
        on
            scaled.table_name = centres.table_name and scaled.metric = centres.metric
            and scaled.day % 7 = centres.weekday
    left join spreads
        on scaled.table_name = spreads.table_name and scaled.metric = spreads.metric
    where scaled.day < least($unaccepted, {_MOST_JUDGED})
)

select
    clock.as_of, 'day' as kind, table_name, metric,
    clock.as_of - to_days(cast(day + 1 as int)) as begins_at,
    value,
    case sort
        when 'rows' then pow(greatest(centre - distance, 0), 2)
        when 'share' then pow(sin(greatest(centre - distance, 0)), 2)
        else exp(centre - distance)
    end as low,
    case sort
        when 'rows' then pow(centre + distance, 2)
        when 'share' then pow(sin(least(centre + distance, pi() / 2)), 2)
        else exp(centre + distance)
    end as high,
    case
        when coalesce(days, 0) < {_FEWEST_DAYS} then 'unjudged'
        when moved is null or abs(moved - centre) > 2 * distance then 'extreme'
        when abs(moved - centre) <= distance then 'usual'
        when sort = 'rows' and value = 0 then 'extreme'
        else 'unusual'
    end as state,
    false as is_accepted
from limits
cross join clock
"""
#: By the last accepted run: rows of files do not become fewer, nor many more at once.
_JUDGED_RUN = f"""
with clock as (
    select as_of from int_clock
),

before as (
    select table_name, metric, value as centre from {TABLE}
    where kind = 'run' and as_of = $accepted
),

limits as (
    select
        measured.*, before.centre,
        case sort
            when 'rows' then 0.98 * centre when 'faults' then -1
            when 'share' then centre - 0.05 else centre - 0.2 * abs(centre)
        end as low,
        case sort
            when 'rows' then 1.5 * centre + 100 when 'faults' then centre + 0.02
            when 'share' then centre + 0.05 else centre + 0.2 * abs(centre)
        end as high,
        case sort
            when 'rows' then 0.9 * centre when 'faults' then -1
            when 'share' then centre - 0.2 else centre - 0.5 * abs(centre)
        end as lowest,
        case sort
            when 'rows' then 4 * centre + 1000 when 'faults' then centre + 0.1
            when 'share' then centre + 0.2 else centre + 1.0 * abs(centre)
        end as highest
    from measured
    left join before using (table_name, metric)
)

select
    clock.as_of, 'run' as kind, table_name, metric, null as begins_at, value, low, high,
    case
        when centre is null then 'unjudged'
        when value not between lowest and highest then 'extreme'
        when value not between low and high then 'unusual'
        else 'usual'
    end as state,
    false as is_accepted
from limits
cross join clock
"""

#: The last accepted run, and how many days lie between the one before this and this one: one
#: day when there was none.
_ACCEPTED = f"""
select
    max(kept.as_of),
    coalesce(cast(ceil((epoch(any_value(clock.as_of)) - epoch(
        max(kept.as_of) filter (where kept.as_of < clock.as_of)
    )) / 86400) as bigint), 1)
from int_clock as clock
left join {TABLE} as kept on kept.is_accepted and kept.as_of <= clock.as_of
"""
#: What was accepted, and is the same when it is looked at again, is accepted.
_ACCEPTED_BEFORE = f"""
update found set state = 'usual'
from {TABLE} as kept
where
    kept.is_accepted and kept.as_of = found.as_of and kept.kind = found.kind
    and kept.table_name = found.table_name and kept.metric = found.metric
    and kept.begins_at is not distinct from found.begins_at
    and abs(kept.value - found.value) <= 1e-9 * abs(kept.value)
"""
_FORGET = f"""
delete from {TABLE}
where
    as_of = (select as_of from int_clock)
    or as_of < (select as_of from int_clock) - interval {KEPT_DAYS} day
"""
_UNUSUAL = """
select table_name, metric, begins_at, value, low, high, state = 'extreme' from found
where state in ('unusual', 'extreme')
order by all
"""


@dataclass(frozen=True)
class Unusual:
    """A number that is not as usual: what it is now, and between what it usually is.

    `begins_at` is the beginning of the day that it is of (UTC), if it is of a day.
    """

    table: str
    metric: str
    begins_at: datetime | None
    value: float
    low: float
    high: float
    is_extreme: bool


def measure(warehouse: Path) -> list[Unusual]:
    """Keep the numbers of a build warehouse, and return those that are not as usual.

    Raises KohorteError when another program has the warehouse open, or it is half built.
    """
    with opened(warehouse, read_only=False) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("begin")
        connection.execute(CREATE)
        try:
            _judge(connection)
        except duckdb.CatalogException:
            raise KohorteError(f"{warehouse} is half built; run: make run") from None
        rows = connection.execute(_UNUSUAL).fetchall()
        connection.execute("commit")
    return [Unusual(*row) for row in rows]


def accept(warehouse: Path) -> None:
    """Let later runs be judged by this one; its own numbers are usual from now on.

    Raises KohorteError when another program has the warehouse open.
    """
    with opened(warehouse, read_only=False) as connection:
        connection.execute(CREATE)
        connection.execute(
            f"update {TABLE} set is_accepted = true where as_of = (select as_of from int_clock)"
        )


def _judge(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the numbers of this run in place of those it had."""
    ((accepted, unaccepted),) = connection.execute(_ACCEPTED).fetchall()
    connection.execute(f"create or replace temp table found as select * from {TABLE} where false")
    tables = connection.execute("select table_name from information_schema.tables").fetchall()
    built = {name for (name,) in tables}
    daily = [each for each in DAILY if each.table in built]
    if daily:
        connection.execute("create or replace temp table measured as " + _all_days(daily))
        connection.execute("insert into found by name " + _JUDGED_DAYS, {"unaccepted": unaccepted})
    whole = _whole([each for each in OVERALL if each.table in built])
    connection.execute("create or replace temp table measured as " + whole)
    connection.execute("insert into found by name " + _JUDGED_RUN, {"accepted": accepted})
    connection.execute(_ACCEPTED_BEFORE)
    connection.execute(_FORGET)
    connection.execute(f"insert into {TABLE} by name from found")


def _all_days(watched: Sequence[Daily]) -> str:
    """Return the query of all daily numbers."""
    return " union all by name ".join(f"({_days(each)})" for each in watched)


def _days(watched: Daily) -> str:
    """Return the query of one table's daily numbers."""
    most = _DAYS + _MOST_JUDGED + 366
    days = _DAYS_OF.format(table=watched.table, at=watched.at, most=most)
    counted = " union all by name ".join(_daily_counts(watched))
    return _DAILY.format(table=watched.table, at=watched.at, days=days, counted=counted, most=most)


def _daily_counts(watched: Daily) -> Iterator[str]:
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


def _whole(watched: Sequence[Overall]) -> str:
    """Return the query of the numbers of whole tables."""
    shares = (query for each in watched for query in _shares(each))
    return " union all by name ".join([_raw_rows(), *shares])


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
