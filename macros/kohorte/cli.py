"""The command line `kohorte`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer

from kohorte.errors import KohorteError

app = typer.Typer(
    name="kohorte",
    help="Customer segmentation as code, in the warehouse.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Root = Annotated[Path, typer.Option("--project-dir", help="The dbt project's folder.")]
Target = Annotated[str | None, typer.Option(help="The target of profiles.yml.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; without it, print.")]
HERE = Path()


@app.command()
def validate(project_dir: Root = HERE, target: Target = None) -> None:
    """Check every spec and print all mistakes; nothing is written."""
    from kohorte.compiler import compile_project
    from kohorte.project import read_project

    compiled = compile_project(read_project(project_dir.resolve(), target=target))
    typer.echo(f"{len(compiled.specs.segments)} segments, no mistake")


@app.command("compile")
def compile_(project_dir: Root = HERE, target: Target = None) -> None:
    """Compile every spec to dbt models, as `dbt build` does by itself."""
    from kohorte.compiler import compile_project, write_models
    from kohorte.project import read_project

    project = read_project(project_dir.resolve(), target=target)
    compiled = compile_project(project)
    changed = write_models(compiled.files, project.generated)
    typer.echo(
        f"{len(compiled.specs.segments)} segments in {len(compiled.files)} files, "
        f"{changed} changed, below {project.generated.relative_to(project.root)}"
    )


@app.command()
def schema(out: Out = None, project_dir: Root = HERE) -> None:
    """Write the JSON Schema of specs, for editors."""
    from kohorte.project import read_project
    from kohorte.schema import schema_text

    project = read_project(project_dir.resolve())
    _put(schema_text(project.root, project.specs), out)


@app.command()
def docs(out: Out = None, project_dir: Root = HERE) -> None:
    """Write a page on all attributes and segments."""
    from kohorte.catalog import read_catalog
    from kohorte.page import catalogue_page
    from kohorte.project import read_project
    from kohorte.specs import read_specs

    project = read_project(project_dir.resolve())
    catalog = read_catalog(project.root)
    _put(catalogue_page(catalog, read_specs(project.specs, catalog)), out)


def _put(text: str, out: Path | None) -> None:
    """Write a text to a file, or print it."""
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise KohorteError(f"{out}: cannot be written: {error.strerror}") from None


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=1, help="How many people.")] = 5000,
    seed: Annotated[int, typer.Option(help="Another seed makes another shop.")] = 7,
    until: Annotated[
        datetime.datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day.")
    ] = datetime.datetime(2026, 6, 30),
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("raw/shop"),
) -> None:
    """Make the raw data of a demo shop; the same arguments make the same data."""
    from kohorte.run import make_demo

    make_demo(out, customers, seed, until.date())


@app.command()
def run(
    systems: Annotated[str, typer.Option(help="Source systems, with spaces between.")] = "shop",
    raw: Annotated[
        Path | None,
        typer.Option(help="The raw files' folder; for several systems, the one above."),
    ] = None,
    as_of: Annotated[str, typer.Option(help="The instant to see everything from.")] = "",
    project_dir: Root = HERE,
) -> None:
    """Build the warehouse and print what came of it (what `make run` does)."""
    from kohorte.run import run_project

    raise typer.Exit(run_project(project_dir.resolve(), systems.split(), raw, as_of))


@app.command()
def summary(project_dir: Root = HERE) -> None:
    """Print what the warehouse holds: each segment's size and share."""
    from kohorte.run import print_summary

    print_summary(project_dir.resolve())


def main() -> None:
    """Run the command line; a user's mistake ends it with its message and status 1."""
    try:
        app()
    except KohorteError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
