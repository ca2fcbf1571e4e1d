{#
    SQL for the naive UTC instant of a date or timestamp written by a person. With an
    offset it is that instant; without one, the project's wall clock.

    Usage: {{ instant("2026-07-01T00:00:00+02:00") }}
#}
{% macro instant(value) %}
    {%- set text = value | string | trim -%}
    {%- set shape = (
        "^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
        ~ "([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
        ~ "(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?$"
    ) -%}
    {%- set parts = modules.re.match(shape, text) -%}
    {%- if not parts or not is_calendar_day(parts[1], parts[2], parts[3]) -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ text ~ "' is neither a date nor a timestamp. Write it like "
            ~ "2026-07-01, 2026-07-01T09:30:00 or 2026-07-01T09:30:00+02:00."
        ) }}
    {%- endif -%}
    {%- set moment = modules.datetime.datetime.fromisoformat(text) -%}
    {%- if moment.tzinfo -%}
        {%- set in_utc = moment.astimezone(modules.pytz.utc).replace(tzinfo=None) -%}
        timestamp '{{ in_utc.isoformat(" ") }}'
    {%- else -%}
        {{- to_utc("timestamp '" ~ moment.isoformat(" ") ~ "'", var("timezone")) -}}
    {%- endif -%}
{% endmacro %}

{% macro is_calendar_day(year, month, day) %}
    {%- if year | int < 1 -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set first = modules.datetime.date(year | int, month | int, 1) -%}
    {%- set found = first + modules.datetime.timedelta(days=day | int - 1) -%}
    {{ return(found.month == month | int) }}
{% endmacro %}
