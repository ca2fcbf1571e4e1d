{#
    The query for the next label of every node of a graph, given its present ones: one
    round on the way to connected components. Without labels, every node is its own.

    A label gives way to the smallest of those that an edge joins it to, if that is
    smaller; then every node takes the label of its label, twice.

    Two rounds at least halve the labels of a component: one that is not the smallest
    around goes in the first, and one that is, and is still there after the second, took
    over all its neighbours. So 50 rounds settle 2 to the power of 25 nodes.

    Usage: {{ component_labels(edges, labels) }}
#}
{% macro component_labels(edges, labels=none) %}
    {%- if labels is none %}
    select
        left_node as node,
        left_node as component
    from {{ edges }}
    union
    select
        right_node as node,
        right_node as component
    from {{ edges }}
    {%- else %}
    with open_edges as ({{ open_edges(edges, labels) }}),

    smaller_labels as (
        select
            greatest(left_component, right_component) as component,
            min(least(left_component, right_component)) as smaller_component
        from open_edges
        group by greatest(left_component, right_component)
    ),

    next_labels as (
        select
            labels.node,
            coalesce(smaller_labels.smaller_component, labels.component) as component
        from {{ labels }} as labels
        left join smaller_labels
            on labels.component = smaller_labels.component
    ),

    labels_of_labels as (
        select
            next_labels.node,
            labels.component
        from next_labels
        inner join next_labels as labels
            on next_labels.component = labels.node
    )

    select
        labels_of_labels.node,
        labels.component
    from labels_of_labels
    inner join labels_of_labels as labels
        on labels_of_labels.component = labels.node
    {%- endif %}
{% endmacro %}

{#
    The edges that join two components: none, when the work is done. That they differ is no
    comparison, lest an engine begins with all pairs of labels that do.
#}
{% macro open_edges(edges, labels) %}
    select
        left_labels.component as left_component,
        right_labels.component as right_component
    from {{ edges }} as edges
    inner join {{ labels }} as left_labels
        on edges.left_node = left_labels.node
    inner join {{ labels }} as right_labels
        on edges.right_node = right_labels.node
    where nullif(left_labels.component, right_labels.component) is not null
{% endmacro %}
