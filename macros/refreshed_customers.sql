{#
    The table of the customers that a refresh has brought new rows of, and whose attributes
    and conditions are still to be found anew; none in a build of everything, or when there
    are none (docs/decisions/0024).

    Usage: {% set refreshed = refreshed_customers() %}
#}
{% macro refreshed_customers() %}
    {%- set is_update = execute and var("near_real_time", false) -%}
    {%- set refreshed = existing("refreshed_customers") if is_update else none -%}
    {%- if refreshed is not none -%}
        {%- set found = run_query("select count(*) from " ~ refreshed) -%}
        {%- if found.rows[0][0] > 0 -%}
            {{ return(refreshed) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{#
    Adds them to a query of customers.

    Usage: select customer_id from moved {{ union_refreshed("customer_id") }}
#}
{% macro union_refreshed(key) %}
    {%- set refreshed = refreshed_customers() -%}
    {%- if refreshed is not none -%}
        union
        select {{ key }} from {{ refreshed }}
    {%- endif -%}
{% endmacro %}
