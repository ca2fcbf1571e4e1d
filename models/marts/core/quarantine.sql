-- One row per raw row that was kept out of the marts, with the reason.
with clock as (
    select * from {{ ref("int_clock") }}
),

rejected_rows as (
    {%- for table in canonical_tables() %}
    select
        '{{ table }}' as table_name,
        system,
        reason,
        concat_ws(
            '/',
            {%- for column in canonical_key(table)[1:] %}
            cast({{ column }} as varchar){{ "," if not loop.last }}
            {%- endfor %}
        ) as row_key,
        {{ row_as_json(table, "int_" ~ table ~ "_checked") }} as record
    from {{ ref("int_" ~ table ~ "_checked") }}
    where verdict = 'quarantined'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

quarantine as (
    select
        table_name,
        system,
        reason,
        nullif(row_key, '') as row_key,
        record,
        as_of
    from rejected_rows
    cross join clock
)

select * from quarantine
