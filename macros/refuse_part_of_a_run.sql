{#
    Stops a run that builds the stays, but not all that says who is in which segment now:
    the places of the packed flags, or as_of, would be those of another run.

    Usage: {% do refuse_part_of_a_run() %}, in fct_segment_stays
#}
{% macro refuse_part_of_a_run() %}
    {%- if execute and flags.WHICH in ("build", "run") -%}
        {%- set missing = [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- set is_needed = node.name == "int_clock"
                or ("generated" in node.fqn and node.name.startswith("int_segment_")) -%}
            {%- if is_needed and node.resource_type == "model"
                and node.unique_id not in selected_resources -%}
                {%- do missing.append(node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if missing -%}
            {{ exceptions.raise_compiler_error(
                "fct_segment_stays compares the answers of one run with those before, and "
                ~ "this run does not build " ~ missing | sort | join(", ") ~ ". Build it "
                ~ "with all that it reads: dbt build --select +fct_segment_stays"
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
