"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Option("--project-dir", help="The dbt project's folder.")]
Target = Annotated[str | None, typer.Option(help="The target of profiles.yml.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; without it, print.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
HERE = Path()
