{#
    The rows of one system's canonical table without those of forgotten persons, whose
    identifiers are known as salted hashes alone (seed forgotten_identifiers). Lines of
    an order go with it.

    Usage: select * from {{ remembered("shop", "orders") }}
#}
{% macro remembered(system, table) %}
    {%- set rows = ref("int_" ~ system ~ "__" ~ table) -%}
    {%- set forgotten = forgotten_identifiers() -%}
    {%- set columns = canonical_columns(table) -%}
    {%- set of_orders = table == "order_lines" and "orders" in var("tables")[system] -%}
    {%- set own = forgotten_by(table) -%}
    {%- if forgotten is none or not (own or of_orders) -%}
        {{ rows }}
    {%- elif of_orders -%}
        (
            select * from {{ rows }} as remembered_lines
            where not exists (
                select 1 from {{ existing("int_" ~ system ~ "__orders") }} as its_orders
                where
                    its_orders.order_id = remembered_lines.order_id
                    and ({{ is_forgotten("orders", "its_orders", forgotten) }})
            )
        )
    {%- else -%}
        (
            select * from {{ rows }} as remembered_rows
            where not ({{ is_forgotten(table, "remembered_rows", forgotten) }})
        )
    {%- endif -%}
{% endmacro %}

{# The seed as it is in the warehouse, or none as long as nobody is forgotten. #}
{% macro forgotten_identifiers() %}
    {%- set seed = existing("forgotten_identifiers") -%}
    {%- if seed is not none -%}
        {%- set found = run_query("select count(*) from " ~ seed) -%}
        {%- if found.rows[0][0] > 0 -%}
            {{ return(seed) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{# What tells whose a row is: pairs of a kind of identifier and the column it is in. #}
{% macro forgotten_by(table) %}
    {%- set pairs = [] -%}
    {%- for column in canonical_columns(table) -%}
        {%- for kind, own in identity_kinds().items() if column == own -%}
            {%- do pairs.append((kind, column)) -%}
        {%- endfor -%}
        {%- if table == "referrals" and column.endswith("_account_id") -%}
            {%- do pairs.append(("account", column)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}

{# Whether any identifier of a row is a forgotten person's. #}
{% macro is_forgotten(table, relation, forgotten) %}
    {%- for kind, column in forgotten_by(table) -%}
        {{ "or " if not loop.first }}coalesce(
            sha256(
                (select max(salt) from {{ forgotten }})
                || '{{ kind }}:'
                || {{ identifier(kind, relation, column) }}
            ) in (select identifier_hash from {{ forgotten }}),
            false
        )
        {% endfor -%}
{% endmacro %}
