{#
    How many others an identifier of a kind may be seen with. One that is seen with more
    is shared by strangers, and joins nobody.

    Usage: having count(*) > {{ identity_limit("email") }}
#}
{% macro identity_limit(kind) %}
    {%- set name = {
        "account": "identity_max_emails_per_account",
        "email": "identity_max_accounts_per_email",
        "loyalty_card": "identity_max_accounts_per_loyalty_card",
        "phone": "identity_max_accounts_per_phone",
        "anonymous": "identity_max_accounts_per_anonymous_id",
    }[kind] -%}
    {%- set limit = var(name) -%}
    {%- if limit is not integer or limit < 1 -%}
        {{ exceptions.raise_compiler_error(
            "The var '" ~ name ~ "' is '" ~ limit ~ "'. It must be a whole number, 1 "
            ~ "or more: an identifier seen with more others than that joins nobody."
        ) }}
    {%- endif -%}
    {{ return(limit) }}
{% endmacro %}
