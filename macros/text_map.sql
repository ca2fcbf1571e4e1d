{#
    A map of text to text from a dictionary of keys and SQL expressions. A key whose
    expression is null stays in the map, with null.

    Usage: {{ text_map({"age_band": "age_band", "plan": "lower(plan)"}) }} as traits
#}
{% macro text_map(pairs) %}
    {{- adapter.dispatch("text_map", "kohorte")(pairs) -}}
{% endmacro %}

{% macro default__text_map(pairs) -%}
    map(
        ['{{ pairs.keys() | join("', '") }}'],
        [{{ pairs.values() | join(", ") }}]
    )
{%- endmacro %}

{% macro spark__text_map(pairs) -%}
    map_from_arrays(
        array('{{ pairs.keys() | join("', '") }}'),
        array({{ pairs.values() | join(", ") }})
    )
{%- endmacro %}

{% macro postgres__text_map(pairs) -%}
    jsonb_build_object(
        {%- for key, expression in pairs.items() -%}
            '{{ key }}', {{ expression }}{{ ", " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
