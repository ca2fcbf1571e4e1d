"""Commands that answer an analyst's questions, read-only."""

from __future__ import annotations

from typing import Annotated

import typer

from kohorte.cli.options import HERE, AsJson, Root

app = typer.Typer()

Asked = Annotated[
    str | None,
    typer.Argument(metavar="SPEC-OR-NAME", help="A segment, a spec file, or - to read one."),
]
Where = Annotated[str | None, typer.Option(help="The condition of a draft, as YAML.")]
Personal = Annotated[bool, typer.Option("--show-personal", help="Do not mask names.")]


@app.command("list")
def list_(as_json: AsJson = False, project_dir: Root = HERE) -> None:
    """List the built segments: size, change since the run before, state, owner."""
    from kohorte.analyst.listing import built_segments
    from kohorte.analyst.warehouse import open_warehouse
    from kohorte.analyst.words import print_json, print_list

    with open_warehouse(project_dir.resolve()) as warehouse:
        segments = built_segments(warehouse)
    print_json(segments) if as_json else print_list(segments)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A built segment.")],
    sql: Annotated[bool, typer.Option("--sql", help="Print what it compiles to as well.")] = False,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Show one segment: definition in words, size history, what it depends on.

    Example: kohorte show vips --sql
    """
    from kohorte.analyst.listing import built_segment, generated_sql
    from kohorte.analyst.warehouse import open_warehouse
    from kohorte.analyst.words import print_built, print_json

    root = project_dir.resolve()
    with open_warehouse(root) as warehouse:
        built = built_segment(warehouse, name)
    text = None
    if sql:
        from kohorte.analyst.evaluation import read_definitions

        text = generated_sql(read_definitions(root), name)
    if as_json:
        print_json({**built.facts, "sizes": built.sizes, "used_by": built.used_by, "sql": text})
    else:
        print_built(built, text)


@app.command()
def count(
    asked: Asked = None,
    where: Where = None,
    show_personal: Personal = False,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Count a segment before it is saved: size, reach, value, funnel, overlap, examples.

    Examples: kohorte count vips; kohorte count draft.yml; kohorte count - < draft.yml;
    kohorte count --where 'net_revenue_365d: {gte: 500}'
    """
    from kohorte.analyst.counting import count as count_
    from kohorte.analyst.draft import read_asked
    from kohorte.analyst.warehouse import open_warehouse
    from kohorte.analyst.words import print_count, print_json

    root = project_dir.resolve()
    definitions, segments = read_asked(root, asked, where)
    with open_warehouse(root) as warehouse:
        answers = [
            count_(warehouse, definitions, segment, show_personal=show_personal)
            for segment in segments
        ]
    if as_json:
        print_json([answer.as_dict() for answer in answers])
        return
    currency = str(definitions.project.vars.get("currency") or "")
    for answer in answers:
        print_count(answer, currency)


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="A customer_id.")],
    segment: Annotated[str | None, typer.Argument(help="One segment; without it, all.")] = None,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Say why a customer is in a segment or not, nearest misses first.

    Example: kohorte explain shop:C0000000012 high_spenders
    """
    from kohorte.analyst.evaluation import read_definitions
    from kohorte.analyst.explaining import explain as explain_
    from kohorte.analyst.warehouse import open_warehouse
    from kohorte.analyst.words import print_explained, print_explanation, print_json

    root = project_dir.resolve()
    definitions = read_definitions(root)
    names = [segment] if segment else definitions.names()
    with open_warehouse(root) as warehouse:
        segments = [definitions.segment(name) for name in names]
        found = explain_(warehouse, definitions, customer, segments)
    if as_json:
        print_json([each.as_dict() for each in found])
    elif segment:
        print_explanation(customer, found[0])
    else:
        print_explained(customer, found)
