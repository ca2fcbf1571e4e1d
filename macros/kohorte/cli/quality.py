"""The command that says whether the data is as it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, Root

app = typer.Typer()


@app.command()
def quality(
    page: Annotated[Path | None, typer.Option(help="An HTML file to write the results to.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="The numbers are right, although unlike before.")
    ] = False,
    project_dir: Root = HERE,
) -> None:
    """Check the data that was built; what is critical and fails keeps it from being published.

    Numbers of each day are compared with those of the days before, and of each run with the
    last accepted one.
    """
    from orchestration.quality.page import quality_page
    from orchestration.quality.recording import check_warehouse
    from orchestration.quality.words import failure_lines, is_critical, summary_line

    found = check_warehouse(project_dir.resolve(), accepting=accept)
    results = found.results
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(quality_page(results, found.unusual), encoding="utf-8")
    for line in failure_lines(results, found.unusual):
        typer.echo(line)
    typer.echo(summary_line(results))
    raise typer.Exit(int(any(is_critical(each) for each in results)))
