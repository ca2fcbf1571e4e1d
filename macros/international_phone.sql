{#
    A telephone number as it is dialled from abroad, such as +436601234567. A number
    written for use at home takes the dialling code of its country; where that is not
    listed, the number is left as it is, without spaces and marks.

    Usage: {{ international_phone("phone", "country_code") }} as phone
#}
{% macro international_phone(column, country) -%}
    {%- set dialling_codes = {
        "AT": "43", "BE": "32", "CH": "41", "DE": "49", "DK": "45", "ES": "34",
        "FR": "33", "GB": "44", "HU": "36", "IT": "39", "LI": "423", "LU": "352",
        "NL": "31", "SI": "386", "SK": "421",
    } -%}
    {#- `+43 (0)660 …` names the zero that is dialled at home only. -#}
    {%- set from_abroad = (
        "case when " ~ column ~ " like '+%' or " ~ column ~ " like '00%' then replace("
        ~ column ~ ", '(0)', '') else " ~ column ~ " end"
    ) -%}
    {%- set digits = "translate(" ~ from_abroad ~ ", ' ()-/.', '')" -%}
    case
        when {{ digits }} like '00%' then '+' || substr({{ digits }}, 3)
        {%- for code, dialling_code in dialling_codes.items() %}
        when {{ digits }} like '0%' and {{ country }} = '{{ code }}'
            then '+{{ dialling_code }}' || substr({{ digits }}, 2)
        {%- endfor %}
        else {{ digits }}
    end
{%- endmacro %}
