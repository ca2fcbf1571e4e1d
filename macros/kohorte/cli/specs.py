"""Commands on specs: check, compile and describe them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, Out, Root, Target
from kohorte.errors import KohorteError

app = typer.Typer()


@app.command()
def validate(project_dir: Root = HERE, target: Target = None) -> None:
    """Check every spec and print all mistakes; nothing is written."""
    from kohorte.compiler import compile_project
    from kohorte.project import read_project

    compiled = compile_project(read_project(project_dir.resolve(), target=target))
    audiences = len(compiled.specs.audiences)
    also = f", {audiences} {'audience' if audiences == 1 else 'audiences'}" if audiences else ""
    typer.echo(f"{len(compiled.specs.segments)} segments{also}, no mistake")


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
def docs(
    out: Out = None,
    examples: Annotated[
        bool, typer.Option("--examples", help="Say what is usual in the warehouse as well.")
    ] = False,
    project_dir: Root = HERE,
) -> None:
    """Write a page on all attributes and segments."""
    from kohorte.catalog import read_catalog
    from kohorte.page import catalogue_page
    from kohorte.project import read_project
    from kohorte.specs import read_specs

    project = read_project(project_dir.resolve())
    catalog = read_catalog(project.root)
    found = None
    if examples:
        from kohorte.analyst.samples import samples
        from kohorte.analyst.warehouse import open_warehouse

        with open_warehouse(project.root) as warehouse:
            found = samples(warehouse, catalog)
    _put(catalogue_page(catalog, read_specs(project.specs, catalog), found), out)


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
