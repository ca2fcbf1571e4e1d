"""Look whether everything is in order, and say what to do where it is not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kohorte.analyst.evaluation import read_definitions
from kohorte.analyst.warehouse import Warehouse, open_warehouse
from kohorte.errors import KohorteError, SpecErrors
from kohorte.project import read_project

_PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb", "sqlglot", "dagster", "great-expectations")
#: How many segments a finding names.
_NAMED = 5
_TABLES = (
    "int_clock", "dim_customers", "dim_customer_features", "dim_segments",
    "fct_segment_members", "fct_segment_stays", "fct_segment_sizes",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, whether it is well, what was seen, and the remedy."""

    what: str
    is_well: bool
    seen: str
    remedy: str = ""


def examine(root: Path) -> list[Finding]:
    """Look at versions, profile, specs, warehouse and segments; nothing is changed."""
    findings = [_versions()]
    checks: list[tuple[str, Callable[[Path], Iterator[Finding]]]] = [
        ("project", _project), ("specs", _specs), ("warehouse", _warehouse),
    ]  # fmt: skip
    for what, check in checks:
        try:
            findings += check(root)
        except SpecErrors as errors:
            seen = f"{len(errors.problems)} mistakes in the specs"
            findings.append(Finding(what, False, seen, "kohorte validate names each"))
        except KohorteError as error:
            seen, _, remedy = str(error).partition("; ")
            findings.append(Finding(what, False, seen, remedy or "see the message"))
    return findings


def _versions() -> Finding:
    python = ".".join(map(str, sys.version_info[:3]))
    found, missing = [f"Python {python}"], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("versions", False, f"not installed: {', '.join(missing)}", "make run")
    return Finding("versions", True, ", ".join(found))


def _project(root: Path) -> Iterator[Finding]:
    project = read_project(root)
    yield Finding("project", True, f"{project.adapter}, days begin in {project.timezone}")


def _specs(root: Path) -> Iterator[Finding]:
    specs = read_definitions(root, strict=True).specs
    tests = f"{len(specs.examples)} unit tests"
    yield Finding("specs", True, f"{len(specs.segments)} segments, {tests}, no mistake")


def _warehouse(root: Path) -> Iterator[Finding]:
    with open_warehouse(root) as warehouse:
        missing = [name for name in _TABLES if not warehouse.columns(name)]
        if missing:
            seen = f"{warehouse.path.name} lacks {', '.join(missing)}"
            yield Finding("warehouse", False, seen, "run: make run")
            return
        as_of = f"{warehouse.as_of():%Y-%m-%d %H:%M}"
        seen = f"seen as of {as_of} UTC, {warehouse.customers():,} customers"
        yield Finding("warehouse", True, seen)
        yield _published(warehouse)
        yield _states(warehouse)
        yield _definitions(root, warehouse)


def _published(warehouse: Warehouse) -> Finding:
    if not warehouse.columns("publication"):
        seen = "nothing is published; questions are asked of the build's own file"
        return Finding("publication", True, seen)
    ((generation, as_of),) = warehouse.rows("select generation, as_of from publication")
    return Finding("publication", True, f"generation {generation}, as of {as_of:%Y-%m-%d %H:%M}")


def _states(warehouse: Warehouse) -> Finding:
    broken = warehouse.rows(
        "select segment, state, reason from dim_segments where state <> 'fresh' order by segment"
    )
    if not broken:
        return Finding("segments", True, "all are fresh")
    seen = "; ".join(f"{segment} is {state} ({reason})" for segment, state, reason in broken)
    return Finding("segments", False, seen, "mend the specs (kohorte validate) and build")


def _definitions(root: Path, warehouse: Warehouse) -> Finding:
    """Compare what was built with what is declared now."""
    hashes = read_definitions(root).specs.hashes
    built = dict(warehouse.rows("select segment, definition_hash from dim_segments"))
    other = sorted(
        name
        for name in hashes.keys() | built.keys()
        if not name.endswith("__reached") and hashes.get(name) != built.get(name)
    )
    if not other:
        return Finding("definitions", True, "the built segments are as declared")
    named = ", ".join(other[:_NAMED]) + (
        f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
    )
    return Finding("definitions", False, f"not built as declared: {named}", "run: make run")
