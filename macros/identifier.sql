{#
    An identifier of a canonical row, written so that equal ones are equal text. Account
    and anonymous ids are unique in their system only; the others everywhere.

    Usage: {{ identifier("email", "orders") }} as email
#}
{% macro identifier(type, relation) %}
    {%- if type == "email" -%}
        case
            when {{ relation }}.email like '%_@_%'
                then lower(trim({{ relation }}.email))
        end
    {%- elif type == "phone" -%}
        {%- set number = namespace(text=relation ~ ".phone") -%}
        {%- for mark in [" ", "-", "(", ")", "/", "."] -%}
            {%- set number.text = "replace(" ~ number.text ~ ", '" ~ mark ~ "', '')" -%}
        {%- endfor -%}
        nullif({{ number.text }}, '')
    {%- elif type == "loyalty_card" -%}
        nullif(trim({{ relation }}.loyalty_card), '')
    {%- else -%}
        {%- set column = {"account": "account_id", "anonymous": "anonymous_id"}[type] -%}
        {{ relation }}.system || ':' || nullif({{ relation }}.{{ column }}, '')
    {%- endif -%}
{% endmacro %}
