{#
    The kinds of identifiers that may pass from one person to another: a telephone
    number that is given out again, a device that is sold.

    Usage: where identifier_type in ('{{ identity_moving_kinds() | join("', '") }}')
#}
{% macro identity_moving_kinds() %}
    {{ return(["phone", "anonymous"]) }}
{% endmacro %}
