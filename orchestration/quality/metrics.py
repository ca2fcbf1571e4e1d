"""Whether the numbers of each day and each run are as usual.

A day is 24 hours that end at `as_of`. The days since the last accepted run are judged by the
days of the same weekday before them. What has no day (customers, products, how much there is
in all) is judged by the last accepted run. A run is accepted when no critical check stood in
its way: one that was refused is never what later ones are judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from kohorte.errors import KohorteError
from kohorte.publishing.files import opened

from orchestration.quality.numbers import daily_numbers, overall_numbers

#: The table of the build warehouse that keeps the numbers of each run.
TABLE = "rpt_quality_metrics"
#: So many days before the judged ones are looked at, and so many runs are kept.
_DAYS, KEPT_DAYS = 56, 400
#: Of fewer days of one weekday nothing is concluded.
_FEWEST_DAYS = 4
#: Days since the last accepted run are judged one by one, but no more than these.
_MOST_JUDGED = 14


#: Makes the table, if it is not there.
CREATE = f"""
create table if not exists {TABLE} (
    as_of timestamp, kind varchar, table_name varchar, metric varchar, begins_at timestamp,
    value double, low double, high double, state varchar, is_accepted boolean
)
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
            when 'rows' then 0.98 * centre when 'faults' then 0
            when 'share' then centre - 0.05 else centre - 0.2 * abs(centre)
        end as low,
        case sort
            when 'rows' then 1.5 * centre + 100 when 'faults' then centre + 0.02
            when 'share' then centre + 0.05 else centre + 0.2 * abs(centre)
        end as high,
        case sort
            when 'rows' then 0.9 * centre when 'faults' then 0
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
    daily = daily_numbers(built)
    if daily:
        connection.execute(f"create or replace temp table measured as {daily}")
        connection.execute("insert into found by name " + _JUDGED_DAYS, {"unaccepted": unaccepted})
    connection.execute(f"create or replace temp table measured as {overall_numbers(built)}")
    connection.execute("insert into found by name " + _JUDGED_RUN, {"accepted": accepted})
    connection.execute(_ACCEPTED_BEFORE)
    connection.execute(_FORGET)
    connection.execute(f"insert into {TABLE} by name from found")
