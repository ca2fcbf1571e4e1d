{#
    The bits in which two numbers differ.

    Usage: {{ bitwise_xor("words.word_0", "words_before.word_0") }} as changed
#}
{% macro bitwise_xor(one, other) %}
    {{- adapter.dispatch("bitwise_xor", "kohorte")(one, other) -}}
{% endmacro %}

{% macro default__bitwise_xor(one, other) -%}
    xor({{ one }}, {{ other }})
{%- endmacro %}

{% macro postgres__bitwise_xor(one, other) -%}
    (({{ one }}) # ({{ other }}))
{%- endmacro %}

{% macro spark__bitwise_xor(one, other) -%}
    (({{ one }}) ^ ({{ other }}))
{%- endmacro %}
