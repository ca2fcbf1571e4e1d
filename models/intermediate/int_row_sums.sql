-- One row per canonical table and set of identifiers: a sum over the raw rows with it.
{{ config(materialized="table") }}
{% set kinds = identity_kinds() %}
{# Which columns name somebody; a referral names two, and is a row of both. #}
{% set bearers = {
    "customers": [kinds],
    "orders": [kinds],
    "events": [kinds],
    "points": [kinds],
    "messages": [kinds],
    "consents": [kinds],
    "answers": [kinds],
    "referrals": [{"account": "referrer_account_id"}, {"account": "referred_account_id"}],
} %}

with clock as (
    select * from {{ ref("int_clock") }}
),

lines_per_order as (
    select
        order_lines.system,
        order_lines.order_id,
        count(*) as count_rows,
        sum({{ row_hash("order_lines", "order_lines") }}) as row_sum
    from ({{ union_systems("order_lines") }}) as order_lines
    cross join clock
    group by order_lines.system, order_lines.order_id
),

sums as (
    {% for table, columns_of_table in bearers.items() %}
        {% set is_last = loop.last %}
        {% for columns in columns_of_table %}
            select
                '{{ table }}' as table_name,
                rows_of_table.system,
                {% for kind in kinds %}
                    {% if columns[kind] in canonical_columns(table) %}
                        rows_of_table.{{ columns[kind] }} as {{ kind }}_spelling,
                    {% else %}
                        cast(null as varchar) as {{ kind }}_spelling,
                    {% endif %}
                {% endfor %}
                {% if table == "orders" %}
                    -- An order changes with its lines.
                    sum(1 + coalesce(lines_per_order.count_rows, 0)) as count_rows,
                    sum(
                        {{ row_hash(table, "rows_of_table") }}
                        + coalesce(lines_per_order.row_sum, 0)
                    ) as row_sum
                {% else %}
                    count(*) as count_rows,
                    sum({{ row_hash(table, "rows_of_table") }}) as row_sum
                {% endif %}
            from ({{ union_systems(table) }}) as rows_of_table
            cross join clock
            {% if table == "orders" %}
                left join lines_per_order
                    on
                        rows_of_table.system = lines_per_order.system
                        and rows_of_table.order_id = lines_per_order.order_id
            {% endif %}
            group by all
            {{ "union all" if not (loop.last and is_last) }}
        {% endfor %}
    {% endfor %}
),

int_row_sums as (
    select
        sums.table_name,
        sums.system,
        {% for kind in kinds %}
            sums.{{ kind }}_spelling,
            {{ identifier(kind, "sums", kind ~ "_spelling") }} as {{ kind }},
        {% endfor %}
        cast(sums.count_rows as bigint) as count_rows,
        sums.row_sum
    from sums
)

select * from int_row_sums
