{#
    A number that another number takes the place of when anything in a row of a canonical
    table changes. What lies at or after as_of has not happened yet, whenever it will be: it
    changes the number when it does. Needs a relation `clock` in scope.

    Usage: sum({{ row_hash("orders", "orders") }}) as row_sum
#}
{% macro row_hash(table, relation) -%}
    hash(
        {%- for column, type in canonical_columns(table).items() %}
        {% if type == "timestamp" -%}
            case
                when {{ relation }}.{{ column }} >= clock.as_of then timestamp 'infinity'
                else {{ relation }}.{{ column }}
            end
        {%- else -%}
            {{ relation }}.{{ column }}
        {%- endif -%}
        {{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
