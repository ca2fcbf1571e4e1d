"""Commands that answer an analyst's questions, read-only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, AsJson, Root
from kohorte.errors import KohorteError

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


@app.command()
def overlap(
    names: Annotated[list[str], typer.Argument(help="Two segments or more.")],
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Say how many members segments have in common, each two of them.

    Example: kohorte overlap vips garden_and_pets
    """
    from dataclasses import asdict

    from kohorte.analyst.evaluation import read_definitions
    from kohorte.analyst.overlap import overlap as overlap_
    from kohorte.analyst.warehouse import open_warehouse
    from kohorte.analyst.words import print_json, print_pairs

    root = project_dir.resolve()
    definitions = read_definitions(root)
    segments = [definitions.segment(name) for name in names]
    with open_warehouse(root) as warehouse:
        pairs = overlap_(warehouse, definitions, segments)
    print_json([asdict(pair) for pair in pairs]) if as_json else print_pairs(pairs)


@app.command()
def export(
    asked: Asked,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    file_format: Annotated[
        str | None, typer.Option("--format", help="csv, parquet or jsonl; else by the file's name.")
    ] = None,
    show_personal: Personal = False,
    project_dir: Root = HERE,
) -> None:
    """Write the members of a segment to a file: keys alone, unless --show-personal.

    Example: kohorte export vips --out vips.csv
    """
    from kohorte.analyst.draft import read_asked
    from kohorte.analyst.export import export as export_
    from kohorte.analyst.warehouse import open_warehouse

    root = project_dir.resolve()
    definitions, segments = read_asked(root, asked, None)
    chosen = file_format or out.suffix.removeprefix(".")
    if len(segments) > 1:
        raise KohorteError("the spec declares several segments; name one of them")
    with open_warehouse(root) as warehouse:
        count = export_(
            warehouse, definitions, segments[0], out, chosen, show_personal=show_personal
        )
    typer.echo(f"{count:,} members of {segments[0].name} written to {out}")


@app.command()
def diff(
    reference: Annotated[
        str, typer.Argument(metavar="GITREF", help="What to compare with.")
    ] = "HEAD",
    output: Annotated[str, typer.Option("--format", help="text, markdown or json.")] = "text",
    fail_over: Annotated[
        str | None, typer.Option(help="End with status 3 if more than this share moves: 20%.")
    ] = None,
    project_dir: Root = HERE,
) -> None:
    """Say what the specs of the working tree would change, on the same data.

    Examples: kohorte diff main; kohorte diff main --format markdown --fail-over 20%
    """
    from kohorte.analyst.affected import affected
    from kohorte.analyst.change_words import print_changes
    from kohorte.analyst.changes import changes, definitions_at
    from kohorte.analyst.evaluation import read_definitions
    from kohorte.analyst.warehouse import open_warehouse

    limit = _share(fail_over)
    if output not in ("text", "markdown", "json"):
        raise KohorteError(f"format `{output}` is unknown; write text, markdown or json")
    root = project_dir.resolve()
    now = read_definitions(root, strict=True)
    with definitions_at(root, reference) as before, open_warehouse(root) as warehouse:
        found = changes(warehouse, now, before)
        hanging = affected(found, now.specs, before.specs)
    print_changes(found, hanging, reference, output)
    if limit is not None and any(change.share > limit for change in found):
        raise typer.Exit(3)


def _share(text: str | None) -> float | None:
    """Read `20%`."""
    if text is None:
        return None
    number = text.strip().removesuffix("%").strip()
    if not number.replace(".", "", 1).isdecimal():
        raise KohorteError(f"`{text}` is not a share; write one such as 20%")
    return float(number) / 100
