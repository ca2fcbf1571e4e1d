{#
    A type of the canonical shape in the words of the engine.

    Usage: cast(traits as {{ canonical_type("map(varchar, varchar)") }})
#}
{% macro canonical_type(type) %}
    {{- return(adapter.dispatch("canonical_type", "kohorte")(type)) -}}
{% endmacro %}

{% macro default__canonical_type(type) %}
    {{- return(type) -}}
{% endmacro %}

{% macro postgres__canonical_type(type) %}
    {%- set names = {"double": "double precision", "map(varchar, varchar)": "jsonb"} -%}
    {{- return(names.get(type, type)) -}}
{% endmacro %}

{% macro spark__canonical_type(type) %}
    {%- set names = {
        "varchar": "string",
        "map(varchar, varchar)": "map<string, string>",
    } -%}
    {{- return(names.get(type, type)) -}}
{% endmacro %}
