"""Programs that tests run in processes of their own: a publisher and a reader."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

_PUBLISHER = """
import sys
from pathlib import Path
from kohorte.errors import KohorteError
from kohorte.publishing.publish import publish
print("begun", flush=True)
try:
    print(publish(Path(sys.argv[1])).generation)
except KohorteError as error:
    sys.exit(str(error))
"""
#: Opens one of the three ways in, at random, and looks whether all tables are of one build.
_READER = """
import random, sys
from pathlib import Path
import duckdb
serving, reads = Path(sys.argv[1]), int(sys.argv[2])
query = '''
    select
        (select any_value(generation) from {0}),
        (select list(distinct build) from {1}),
        (select list(distinct build) from {2}),
        (select any_value(row_counts['dim_customers']) from {0}),
        (select count(*) from {1})
'''
tables = ("publication", "dim_customers", "fct_orders")
connection = duckdb.connect(config={"threads": 1})
seen = set()
for number in range(reads):
    way = random.choice(("kohorte.duckdb", "private.duckdb", "current"))
    if way == "current":
        folder = (serving / way).resolve()
        row = connection.execute(
            query.format(*(f"'{folder}/{name}/*.parquet'" for name in tables))
        ).fetchone()
    else:
        connection.execute(f"attach '{serving / way}' as served (read_only)")
        row = connection.execute(query.format(*(f"served.{name}" for name in tables))).fetchone()
        connection.execute("detach served")
    generation, customers, orders, counted, rows = row
    assert customers == orders == [generation] and counted == rows, row
    seen.add(generation)
print(min(seen), max(seen), len(seen))
"""


def publisher(root: Path, *, begin: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start publishing; it says `begun` before it does anything."""
    return _start(_PUBLISHER, root, begin=begin)


def reader(serving: Path, reads: int) -> subprocess.Popen[str]:
    """Start reading so many times; at the end it says which generations it saw."""
    return _start(_READER, serving, reads)


def small_files() -> None:
    """Make files of a process end after 100 kB, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def _start(
    program: str, *arguments: Any, begin: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=begin,
    )
