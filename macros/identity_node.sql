{#
    The name of an identifier in the hands of one person, unique among all kinds.

    Usage: {{ identity_node("identifier_type", "identifier", "holding") }} as node
#}
{% macro identity_node(type, identifier, holding) -%}
    {{ type }}
    || case when {{ holding }} > 1 then '#' || {{ holding }} else '' end
    || ':' || {{ identifier }}
{%- endmacro %}
