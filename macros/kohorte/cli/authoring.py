"""Commands for those who write segments: begin one, test them, look whether all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, AsJson, Root

app = typer.Typer()


@app.command("test")
def run_tests(
    names: Annotated[list[str] | None, typer.Argument(help="Only tests of these segments.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the outcomes as JUnit XML.")] = None,
    project_dir: Root = HERE,
) -> None:
    """Run the unit tests of the spec files, in memory; status 1 if one fails.

    Example: kohorte test high_spenders --junit report.xml
    """
    from kohorte.analyst.evaluation import read_definitions
    from kohorte.analyst.testing import run_examples, write_junit
    from kohorte.analyst.words import print_outcome

    definitions = read_definitions(project_dir.resolve(), strict=True)
    wanted = {definitions.segment(name).name for name in names or ()}
    examples = [
        example
        for example in definitions.specs.examples
        if not wanted or wanted & {*example.is_in, *example.is_not_in}
    ]
    outcomes = []
    for outcome in run_examples(definitions, examples):
        print_outcome(outcome)
        outcomes.append(outcome)
    failed = sum(not outcome.passed for outcome in outcomes)
    typer.echo(f"{len(outcomes)} tests, {failed} failed")
    if junit:
        write_junit(outcomes, junit)
    if failed:
        raise typer.Exit(1)


@app.command()
def new(
    label: Annotated[str, typer.Argument(help="What the segment is called.")],
    where: Annotated[str | None, typer.Option(help="Its condition, as YAML.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    owner: Annotated[str, typer.Option(help="Who is asked about it.")] = "",
    out: Annotated[Path | None, typer.Option(help="The file; else segments/<name>.yml.")] = None,
    project_dir: Root = HERE,
) -> None:
    """Write a commented spec for a new segment, and check it.

    Example: kohorte new "VIPs going quiet" --where 'last_order_at: {older_than: 60 days}'
    """
    from kohorte.analyst.template import write_new

    root = project_dir.resolve()
    path, name = write_new(root, label, where, description, owner, out)
    typer.echo(f"{name} is in {path}\nnext: kohorte count {name}")


@app.command()
def doctor(as_json: AsJson = False, project_dir: Root = HERE) -> None:
    """Look whether everything is in order; each problem with its remedy; status 1 if not."""
    from dataclasses import asdict

    from kohorte.analyst.doctor import examine
    from kohorte.analyst.words import print_findings, print_json

    findings = examine(project_dir.resolve())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
    if any(not finding.is_well for finding in findings):
        raise typer.Exit(1)


@app.command("new-system")
def new_system(
    name: Annotated[str, typer.Argument(help="What the system is called, such as bakery.")],
    raw: Annotated[Path, typer.Option(help="The folder with its CSV and Parquet files.")],
    project_dir: Root = HERE,
) -> None:
    """Write the models of a source system of your own, to fill in: see docs/your-data.md.

    Example: kohorte new-system bakery --raw raw/bakery
    """
    from kohorte.new_system import new_system as new_system_

    written = new_system_(project_dir.resolve(), name, raw)
    for path in written.files:
        typer.echo(path)
    if written.unplaced:
        typer.echo(f"\nstaged, and in no canonical table yet: {', '.join(written.unplaced)}")
    typer.echo("\nNow say in dbt_project.yml, under vars:")
    typer.echo(f"  systems: [{name}]")
    typer.echo("  tables:      # beside the other systems")
    typer.echo(f"    {name}: [{', '.join(written.tables)}]")
    typer.echo("  raw:         # beside the other systems")
    typer.echo(f"    {name}: {raw}")
    typer.echo(
        f"\nThen fill in the nulls in models/intermediate/{name}, and: make run SYSTEMS={name}"
    )
