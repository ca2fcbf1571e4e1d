"""The arguments that dbt is called with; nothing here runs anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def parse_arguments(root: Path, target: Path) -> list[str]:
    """Return the arguments that make a project's manifest in a folder of its own."""
    return [
        "parse", "--quiet",
        "--project-dir", str(root), "--profiles-dir", str(root),
        "--target-path", str(target), "--log-path", str(target),
    ]  # fmt: skip


def build_arguments(as_of: str | None = None, full_refresh: bool = False) -> list[str]:
    """Return the arguments of a build; unit tests try code, not data, and are left out."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if as_of:
        arguments += ["--vars", json.dumps({"as_of": as_of})]
    if full_refresh:
        arguments.append("--full-refresh")
    return arguments


def selection_arguments(names: Iterable[str]) -> list[str]:
    """Return the arguments that build these models and tests, and no other.

    `names` are dotted paths of dbt, such as `kohorte.marts.core.fct_orders`.
    """
    chosen = " ".join(f"fqn:{name}" for name in sorted(names))
    return ["--select", chosen, "--indirect-selection", "empty"]
