{#
    An identifier of a canonical row, written so that equal ones are equal text, or null
    where it is blank or none of its kind. Account and anonymous ids are unique in their
    system only; the others everywhere.

    Usage: {{ identifier("email", "orders") }} as email
#}
{% macro identifier(type, relation, named=none) %}
    {%- set column = relation ~ "." ~ (named or identity_kinds()[type]) -%}
    {%- if type == "email" -%}
        {{ identifier_of_email(column) }}
    {%- elif type == "phone" -%}
        {{ identifier_of_phone(column) }}
    {%- elif type == "loyalty_card" -%}
        {{ identifier_of_card(column) }}
    {%- else -%}
        {{ relation }}.system || ':' || nullif(trim({{ column }}), '')
    {%- endif -%}
{% endmacro %}

{# Something, an at sign and something, without spaces; small letters. #}
{% macro identifier_of_email(column) -%}
    case
        when trim({{ column }}) like '_%@_%' and trim({{ column }}) not like '% %'
            then lower(trim({{ column }}))
    end
{%- endmacro %}

{# A plus sign and 7 to 15 digits, as in E.164. #}
{% macro identifier_of_phone(column) -%}
    {%- set bare = "translate(replace(" ~ column ~ ", '(0)', ''), ' ()-/.', '')" -%}
    {%- set digits -%}
        substr({{ bare }}, case when {{ bare }} like '00%' then 3 else 2 end)
    {%- endset -%}
    case
        when
            ({{ bare }} like '+%' or {{ bare }} like '00%')
            and length({{ digits }}) between 7 and 15
            and {{ digits }} not like '0%'
            and translate({{ digits }}, '0123456789', '') = ''
            then '+' || {{ digits }}
    end
{%- endmacro %}

{# Capitals and digits without spaces and marks; nothing but zeros is no card. #}
{% macro identifier_of_card(column) -%}
    case
        when translate({{ column }}, '0 -./', '') <> ''
            then translate(upper({{ column }}), ' -./', '')
    end
{%- endmacro %}
