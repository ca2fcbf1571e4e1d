{#
    The canonical shape, declared once: the columns of a canonical table in their
    binding order, each with its type.

    Usage: {% for name, type in canonical_columns("orders").items() %}
#}
{% macro canonical_columns(table) %}
    {%- set text = "varchar" -%}
    {%- set money = "decimal(18,4)" -%}
    {%- set amount = "decimal(18,3)" -%}
    {%- set pairs = "map(varchar, varchar)" -%}
    {%- set shapes = {
        "customers": {
            "system": text, "account_id": text, "email": text, "phone": text,
            "loyalty_card": text, "first_name": text, "last_name": text,
            "gender": text, "marital_status": text, "income_band": text,
            "education": text, "country": text, "region": text, "city": text,
            "postcode": text, "language": text, "preferred_channel": text,
            "acquisition_channel": text, "household_size": "integer",
            "latitude": "double", "longitude": "double", "traits": pairs,
            "birth_date": "date", "registered_at": "timestamp",
        },
        "orders": {
            "system": text, "order_id": text, "account_id": text, "email": text,
            "phone": text, "loyalty_card": text, "anonymous_id": text,
            "status": text, "channel": text, "store_id": text, "currency": text,
            "coupon_code": text, "gross_amount": money, "discount_amount": money,
            "tax_amount": money, "shipping_amount": money, "refunded_amount": money,
            "ordered_at": "timestamp", "cancelled_at": "timestamp",
            "refunded_at": "timestamp",
        },
        "order_lines": {
            "system": text, "order_id": text, "line_number": "integer",
            "product_id": text, "quantity": amount, "returned_quantity": amount,
            "net_amount": money, "discount_amount": money,
            "ordered_at": "timestamp", "returned_at": "timestamp",
        },
        "products": {
            "system": text, "product_id": text, "product_name": text,
            "category_path": text, "category": text, "brand": text,
            "currency": text, "price": money,
        },
        "events": {
            "system": text, "event_id": text, "anonymous_id": text,
            "account_id": text, "session_id": text, "event_name": text,
            "device_type": text, "os": text, "browser": text, "page": text,
            "product_id": text, "category": text, "campaign_id": text,
            "properties": pairs, "occurred_at": "timestamp",
        },
        "points": {
            "system": text, "entry_id": text, "account_id": text,
            "entry_type": text, "reward": text, "order_id": text,
            "points": "integer", "occurred_at": "timestamp",
        },
        "messages": {
            "system": text, "message_id": text, "account_id": text, "email": text,
            "channel": text, "campaign_id": text, "campaign_name": text,
            "sent_at": "timestamp", "delivered_at": "timestamp",
            "opened_at": "timestamp", "clicked_at": "timestamp",
            "unsubscribed_at": "timestamp", "bounced_at": "timestamp",
        },
        "consents": {
            "system": text, "consent_id": text, "account_id": text, "email": text,
            "channel": text, "state": text, "source": text,
            "changed_at": "timestamp",
        },
        "answers": {
            "system": text, "answer_id": text, "account_id": text,
            "question": text, "answer": text, "answered_at": "timestamp",
        },
        "referrals": {
            "system": text, "referral_id": text, "referrer_account_id": text,
            "referred_account_id": text, "referred_at": "timestamp",
        },
        "extracts": {"system": text, "covers_until": "timestamp"},
    } -%}
    {%- if table not in shapes -%}
        {{ exceptions.raise_compiler_error(
            "There is no canonical table '" ~ table ~ "'. The canonical tables are "
            ~ shapes | join(", ") ~ "."
        ) }}
    {%- endif -%}
    {{ return(shapes[table]) }}
{% endmacro %}
