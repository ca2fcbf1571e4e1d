{#
    The customer_id that an identifier gives to its person: an account its own name, any
    other a hash, so that no address is spread as a key.

    Usage: {{ identity_own_id("identifier_type", "identifier") }} as own_id
#}
{% macro identity_own_id(type, identifier) -%}
    case
        when {{ type }} = 'account' then {{ identifier }}
        else
            'guest:'
            || substr({{ dbt.hash(type ~ " || ':' || " ~ identifier) }}, 1, 16)
    end
{%- endmacro %}
