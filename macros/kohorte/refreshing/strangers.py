"""Who else has rows that belong to those of the slice, known only when it is built."""

from __future__ import annotations

import duckdb

from kohorte.refreshing.facts import EVENTS, FACTS, RAW_KEYS, keys_of
from kohorte.refreshing.reach import HAS_OWN, KINDS, SPELLINGS, named, reach
from kohorte.refreshing.slice import BEARERS

_REFERRALS = "referrals"
#: The column of a row that bears each kind of identifier. A referral is a row of two.
_OF_REFERRALS = ({"account": "referrer_account_id"}, {"account": "referred_account_id"})
_OF_OTHERS = {
    kind: column
    for column, kind in BEARERS.items()
    if not any(column in columns.values() for columns in _OF_REFERRALS)
}


def find_strangers(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether rows of the slice belong to others as well, and add those.

    A raw row's key may stand in a row of somebody else, or of nobody, accepted or rejected,
    and only all of them together tell which counts; an identifier may have led to somebody
    who was not looked at.
    """
    connection.execute(
        f"""
        create or replace temp table slice_customers as
        select customer_id from int_identity_map
        where (identifier_type, identifier) in (from touched_identifiers);
        create or replace temp table strangers as {_accepted_of_others()};
        create or replace temp table other_sets as {_sets_of_others()};
        create or replace temp table led_to as
        select kind, identifier from (
            select identifier_type as kind, identifier from int_identity_map
            where customer_id in (from slice_customers)
            union
            select 'anonymous', anonymous_id from strangers
            where customer_id is null and anonymous_id is not null
            union
            select kind, identifier from ({named("other_sets")})
        )
        where (kind, identifier) not in (from touched_identifiers);
        delete from strangers where customer_id is null;
        insert into moved select customer_id, null from strangers;
        insert into touched_identifiers from led_to;
        insert into changed_sets from other_sets;
        """
    )
    (found,) = connection.execute(
        """
        select
            (select count(*) from strangers)
            + (select count(*) from led_to)
            + (select count(*) from other_sets)
        """
    ).fetchone() or (0,)
    if found:
        reach(connection)
    return bool(found)


def _accepted_of_others() -> str:
    """Return the query of whose the rows are that have the key of a row in the slice."""
    return " union ".join(
        f"""
        select
            '{canonical}' as table_name,
            before.system,
            before.customer_id,
            {"before.anonymous_id" if fact == EVENTS else "null"} as anonymous_id
        from built.{fact} as before
        inner join {fact} as own on before.{key} = own.{key}
        where
            (
                before.customer_id is distinct from own.customer_id
                {"or before.anonymous_id is distinct from own.anonymous_id" * (fact == EVENTS)}
            )
            and (before.customer_id is null or before.customer_id not in (from touched_customers))
            and (own.customer_id is null or own.customer_id in (from slice_customers))
        """
        for fact, (key, canonical) in FACTS.items()
    )


def _sets_of_others() -> str:
    """Return the query of the sets, like those of `changed_sets`, that the slice lacks rows of.

    They have rejected rows with the key of a row in the slice, or accepted ones that are
    nobody's.
    """
    keys = " union all ".join(
        f"select '{canonical}' as table_name, key from ({keys_of(canonical)})"
        for canonical in RAW_KEYS
    )
    borne = " union ".join(
        f"""
        select table_name, system, {_spelled(columns)}
        from rejected
        where table_name {"=" if columns in _OF_REFERRALS else "<>"} '{_REFERRALS}'
        """
        for columns in (_OF_OTHERS, *_OF_REFERRALS)
    )
    same = " and ".join(
        f"sums.{kind}_spelling is not distinct from borne.{kind}_spelling" for kind in KINDS
    )
    covered = " or ".join(
        f"coalesce((system, {kind}_spelling) in (select system, spelling from touched_spellings"
        f" where kind = '{kind}'), false)"
        for kind in KINDS
    )
    return f"""
        with keys as ({keys}),
        rejected as (
            select table_name, system, record from built.quarantine
            where (table_name, system || ':' || row_key) in (from keys)
        ),
        borne as ({borne}),
        sets as (
            select sums.* exclude (count_rows, row_sum)
            from int_row_sums as sums
            inner join borne
                on sums.table_name = borne.table_name and sums.system = borne.system and {same}
            union
            select * exclude (count_rows, row_sum)
            from int_row_sums
            where
                (table_name, system) in (
                    select table_name, system from strangers
                    where customer_id is null and anonymous_id is null
                )
                and not ({HAS_OWN})
        )
        select * from sets
        where
            not ({covered})
            and not (
                coalesce({SPELLINGS}) is null
                and system in (select system from touched_spellings where kind = 'nobody')
            )
    """


def _spelled(columns: dict[str, str]) -> str:
    """Return how a rejected row spells each kind of identifier."""
    return ", ".join(
        f"json_extract_string(record, '$.{columns[kind]}') as {kind}_spelling"
        if kind in columns
        else f"cast(null as varchar) as {kind}_spelling"
        for kind in KINDS
    )
