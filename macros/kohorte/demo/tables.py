"""The shop's raw tables: how columns of codes and cents become its own export."""

from __future__ import annotations

#: Digits of an identifier: enough for the largest demo, as longer ones would be cut.
KEY_WIDTH = 10


def _key(prefix: str, column: str) -> str:
    """Return SQL for an identifier, null where the number is zero."""
    digits = f"lpad(cast({column} as varchar), {KEY_WIDTH}, '0')"
    return f"case when {column} > 0 then '{prefix}' || {digits} end"


def _money(column: str) -> str:
    """Return SQL for an amount out of cents."""
    return f"cast({column} / 100 as decimal(12, 2))"


def _visitor() -> str:
    """Return SQL for a visitor id that looks random: a multiplication that can be undone."""
    return "case when visitor > 0 then 'v' || to_hex(visitor * 2654435761 % 1099511627776) end"


def _pairs(*columns: tuple[str, str]) -> str:
    """Return SQL for a map of the columns that are known; null when none is."""
    entries = ", ".join(f"{{'key': '{name}', 'value': {column}}}" for name, column in columns)
    known = f"list_filter([{entries}], entry -> entry.value is not null)"
    some = " or ".join(f"({column}) is not null" for _, column in columns)
    return f"case when {some} then map_from_entries({known}) end"


_ACCOUNT = _key("C", "account")
_EXPORTED = "getvariable('exported_at') as exported_at"
_TRAITS = _pairs(
    ("number_of_poodles", "case when poodles >= 0 then cast(poodles as varchar) end"),
    ("has_garden", "case has_garden when 1 then 'true' when 0 then 'false' end"),
    ("number_of_children", "case when children >= 0 then cast(children as varchar) end"),
    ("favourite_colour", "colour"),
)
_DETAILS = _pairs(("order_no", _key("O", '"order"')), ("term", "term"))

#: The select list of each raw table over its rows.
TABLES = {
    "accounts": f"""
        {_key("C", "number")} as account_no, email, phone,
        {_key("L", "card")} as loyalty_card_no,
        first_name, last_name, sex, family_status, income_class,
        education as education_level, country as country_code, region as state, city,
        case when country = 'DE' then lpad(cast(zip as varchar), 5, '0')
            else cast(zip as varchar) end as zip,
        latitude, longitude, locale, cast(household as integer) as household_persons,
        contact as contact_preference, signup_source, {_TRAITS} as attributes,
        cast(birthday as date) as birthday, cast(created_at as timestamp) as created_at""",
    "orders": f"""
        {_key("O", "number")} as order_no, {_ACCOUNT} as account_no, email, phone,
        {_key("L", "card")} as loyalty_card_no, {_visitor()} as visitor_id,
        state, channel as sales_channel, shop_code, country as delivery_country,
        currency, voucher as voucher_code, {_money("goods")} as goods_value,
        {_money("discount")} as discount, {_money("tax")} as tax,
        {_money("shipping")} as shipping_fee,
        {_money("(goods - discount + tax + shipping)")} as total,
        {_money("refunded")} as refunded, cast(placed_at as timestamp) as placed_at,
        cast(cancelled_at as timestamp) as cancelled_at,
        cast(refunded_at as timestamp) as refunded_at""",
    "order_items": f"""
        {_key("O", "number")} as order_no, cast(position as integer) as position, sku,
        cast(quantity as integer) as quantity, {_money("price")} as unit_price,
        {_money("discount")} as discount, {_money("total")} as line_total,
        cast(returned as integer) as returned_quantity,
        cast(placed_at as timestamp) as placed_at,
        cast(returned_at as timestamp) as returned_at""",
    "products": f"""
        sku, title, breadcrumb, category_code, brand, price_level,
        {_money("cents")} as list_price, 'EUR' as currency""",
    "web_events": f"""
        {_key("E", "number")} as event_no, {_visitor()} as visitor_id,
        {_ACCOUNT} as account_no, {_key("S", "visit")} as session_no, action,
        device, os, browser,
        case when path = '/p/' then path || sku
            when path = '/c/' then path || lower(category) else path end as path,
        sku, category as category_code, campaign as utm_campaign,
        {_DETAILS} as details, cast(happened_at as timestamp) as happened_at""",
    "loyalty_ledger": f"""
        {_key("P", "number")} as entry_no, {_ACCOUNT} as account_no, kind,
        reward as reward_name, {_key("O", '"order"')} as order_no,
        cast(points as integer) as points, cast(booked_at as timestamp) as booked_at""",
    "messages": f"""
        {_key("M", "number")} as message_no, {_ACCOUNT} as account_no, recipient, medium,
        campaign as campaign_code, title as campaign_title,
        cast(sent_at as timestamp) as sent_at,
        cast(delivered_at as timestamp) as delivered_at,
        cast(opened_at as timestamp) as opened_at,
        cast(clicked_at as timestamp) as clicked_at,
        cast(unsubscribed_at as timestamp) as unsubscribed_at,
        cast(bounced_at as timestamp) as bounced_at""",
    "consent_log": f"""
        {_key("K", "number")} as entry_no, {_ACCOUNT} as account_no, email, medium, change,
        origin, cast(logged_at as timestamp) as logged_at""",
    "survey_answers": f"""
        {_key("A", "number")} as answer_no, {_ACCOUNT} as account_no,
        question as question_code, answer as answer_text,
        cast(answered_at as timestamp) as answered_at""",
    "referrals": f"""
        {_key("R", "number")} as referral_no, {_key("C", "referrer")} as referrer_account_no,
        {_key("C", "referred")} as referred_account_no,
        cast(invited_at as timestamp) as invited_at""",
    "exports": "cast(covers_until_at as timestamp) as covers_until",
}


def select(table: str) -> str:
    """Return the query that writes one raw table from the relation `rows`."""
    return f"select {TABLES[table].strip()}, {_EXPORTED} from rows"
