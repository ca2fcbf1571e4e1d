"""How long specs take to validate and compile, and whether cost grows linearly.

Run from the project's root: .venv/bin/python benchmarks/compile_specs.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from kohorte.catalog import Catalog, read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

SIZES = (1000, 2000, 5000)
PER_FILE = 50
RULES = (
    "[{{age: {{gte: {0}}}}}, {{net_revenue_365d: {{gt: {0}}}}}]",
    "[{{did: orders, count: {{gte: 2}}, within: {1} days}}, {{city: Vienna}}]",
    "{{any: [{{interests: {{has_any: [shoes]}}}}, {{last_order_at: {{within: {1} days}}}}]}}",
    "{{net_revenue_365d: {{top: {2}%}}}}",
)


def measure(count: int, catalog: Catalog) -> tuple[float, float]:
    """Return the seconds that reading, and then compiling, so many specs took."""
    with tempfile.TemporaryDirectory() as folder:
        specs = Path(folder) / "segments"
        specs.mkdir()
        for first in range(0, count, PER_FILE):
            lines = [
                f"  segment_{n}: {{where: {RULES[n % 4].format(n, 1 + n % 300, 1 + n % 99)}}}"
                for n in range(first, min(count, first + PER_FILE))
            ]
            text = "\n".join(["version: 1", "segments:", *lines])
            (specs / f"{first}.yml").write_text(text, encoding="utf-8")
        started = time.perf_counter()
        read = read_specs(specs, catalog)
        between = time.perf_counter()
        compile_specs(read, catalog, "duckdb", "Europe/Vienna")
        return between - started, time.perf_counter() - between


def main() -> None:
    """Print a table of sizes, seconds, and seconds a thousand specs."""
    catalog = read_catalog(Path(__file__).parent.parent)
    print(f"{'specs':>6} {'read':>7} {'compile':>8} {'a 1,000':>8}")
    for count in SIZES:
        reading, compiling = measure(count, catalog)
        each = (reading + compiling) * 1000 / count
        print(f"{count:>6} {reading:>6.2f}s {compiling:>7.2f}s {each:>7.2f}s")


if __name__ == "__main__":
    main()
