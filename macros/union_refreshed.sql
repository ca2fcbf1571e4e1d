{#
    Adds to a query of customers those that a refresh has brought new rows of, and whose
    attributes and conditions are still to be found anew. Nobody, in a build of everything
    (docs/decisions/0024).

    Usage: select customer_id from moved {{ union_refreshed("customer_id") }}
#}
{% macro union_refreshed(key) %}
    {%- set is_update = execute and var("near_real_time", false) -%}
    {%- set refreshed = existing("refreshed_customers") if is_update else none -%}
    {%- if refreshed is not none -%}
        union
        select {{ key }} from {{ refreshed }}
    {%- endif -%}
{% endmacro %}
