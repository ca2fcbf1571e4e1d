"""A small dbt project with the real models of segments on literal customers.

What the segments read is replaced by tables that a test fills; everything from the
generated models on is the project's own. One run of dbt takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from kohorte.dbt_runs import READ_FILE, run_dbt

from tests.conftest import ROOT
from tests.kohorte.harness import PROJECT

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

#: What dbt read of projects that are alike to the letter: most runs here differ from one
#: before in data and `as_of` alone, and reading a project costs more than running it.
_read: dict[str, bytes] = {}
#: The tables that stand in for what comes before the segments.
TABLES = {
    "dim_customer_features": """
        customer_id varchar, country varchar, city varchar, age integer,
        revenue decimal(18, 4), revenue_before decimal(18, 4), is_reachable boolean,
        interests varchar[], birth_date date, last_order_at timestamp,
        latitude double, longitude double
    """,
    "dim_customers": """
        customer_id varchar, is_email_reachable boolean, is_sms_reachable boolean,
        is_push_reachable boolean, is_post_reachable boolean
    """,
    "fct_orders": """
        customer_id varchar, channel varchar, amount decimal(18, 4),
        is_cancelled boolean, ordered_at timestamp
    """,
    "fct_events": """
        customer_id varchar, event_name varchar, category varchar, product_id varchar,
        occurred_at timestamp
    """,
    "int_customer_row_counts": """
        customer_id varchar, profile_hash varchar, count_rows bigint
    """,
    "int_list_members": "list_name varchar, customer_id varchar",
    "int_identity_merges": "merged_customer_id varchar, customer_id varchar",
}


@dataclass
class Customer:
    """What the segments see of a customer; `rows` grows when something arrives."""

    revenue: float | None = None
    age: int | None = None
    country: str | None = None
    rows: int = 1


@dataclass
class Shop:
    """The project in a folder, and what happens in it."""

    folder: Path
    customers: dict[str, Customer] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    merges: dict[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.folder / "kohorte.duckdb"

    def create(self) -> Shop:
        """Write the project's files, with no spec yet."""
        for name in ("dbt_project.yml", "profiles.yml", ".dbtignore"):
            shutil.copy(ROOT / name, self.folder / name)
        (self.folder / "macros").mkdir(parents=True)
        for path in (ROOT / "macros").glob("*.sql"):
            shutil.copy(path, self.folder / "macros" / path.name)
        models = self.folder / "models"
        (models / "marts" / "segments").mkdir(parents=True)
        (models / "intermediate").mkdir()
        own = [
            *(ROOT / "models/marts/segments").glob("*.*"),
            ROOT / "models/intermediate/int_clock.sql",
        ]
        for path in filter(Path.is_file, own):
            shutil.copy(path, models / path.relative_to(ROOT / "models"))
        shutil.copytree(ROOT / "tests/generic", self.folder / "tests" / "generic")
        (self.folder / "tests" / "data").mkdir()
        for path in (ROOT / "tests/data").glob("segment_*.sql"):
            shutil.copy(path, self.folder / "tests" / "data" / path.name)
        (models / "core").mkdir()
        shutil.copy(PROJECT / "models" / "catalog.yml", models / "core" / "catalog.yml")
        for name in TABLES:
            sql = f"select * from {{{{ target.schema }}}}.given_{name}\n"
            (models / "core" / f"{name}.sql").write_text(sql, encoding="utf-8")
        (self.folder / "seeds").mkdir()
        for path in (ROOT / "seeds").glob("forgotten_identifiers.*"):
            shutil.copy(path, self.folder / "seeds" / path.name)
        (self.folder / "segments").mkdir()
        return self

    def specs(self, text: str, file: str = "segments.yml") -> None:
        """Write a spec file."""
        (self.folder / "segments" / file).write_text(text, encoding="utf-8")

    def declare(self, segments: Mapping[str, Any], **sections: Any) -> None:
        """Declare segments, ladders and waterfalls, and nothing else."""
        self.specs(json.dumps({"version": 1, "segments": segments, **sections}))

    def run(self, as_of: str, **variables: Any) -> dbtRunnerResult:
        """Fill the tables and run dbt in this process."""
        self.fill()
        fingerprint = self.fingerprint(variables)
        known = _read.get(fingerprint)
        done = run_dbt(self.arguments(as_of, **variables), self.warehouse, known)
        if known is None and done.success:
            _read[fingerprint] = (self.folder / "target" / READ_FILE).read_bytes()
        return done

    def fingerprint(self, variables: Mapping[str, Any]) -> str:
        """Return a hash of all that dbt reads of the project."""
        digest = hashlib.sha256(repr(sorted(variables.items())).encode())
        for name in ("dbt_project.yml", "models", "seeds", "segments", "tests"):
            for path in sorted([self.folder / name, *(self.folder / name).rglob("*")]):
                if path.is_file() and path.parent.name != "generated":
                    digest.update(str(path.relative_to(self.folder)).encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()

    def built(self, as_of: str, **variables: Any) -> None:
        """Run dbt, which must succeed."""
        done = self.run(as_of, **variables)
        assert done.success, done.exception or [r.message for r in done.result if r.message]

    def refused(self, as_of: str, **variables: Any) -> str:
        """Run dbt, which must fail; return what it says."""
        done = self.run(as_of, **variables)
        assert not done.success
        messages = [result.message for result in getattr(done.result, "results", ())]
        return " ".join(filter(None, [str(done.exception or ""), *messages]))

    def arguments(
        self, as_of: str, *, command: str = "run", flags: Sequence[str] = (), **variables: Any
    ) -> list[str]:
        """Return the arguments of dbt."""
        return [
            command, *flags, "--quiet", "--log-level", "none", "--no-write-json",
            "--project-dir", str(self.folder), "--profiles-dir", str(self.folder),
            "--target-path", str(self.folder / "target"),
            "--log-path", str(self.folder / "logs"),
            "--vars", json.dumps({"as_of": as_of, **variables}),
        ]  # fmt: skip

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def members(self, segment: str) -> set[str]:
        """Return who is in a segment now."""
        found = self.query(
            f"select customer_id from fct_segment_members where segment = '{segment}'"
        )
        return {key for (key,) in found}

    def transitions(self, segment: str) -> list[tuple[str, ...]]:
        """Return customer, transition, reason and day, in order."""
        return self.query(
            f"""
            select customer_id, transition, because, strftime(happened_at, '%m-%d')
            from fct_segment_transitions where segment = '{segment}'
            order by happened_at, customer_id, transition
            """
        )

    def stays(self, segment: str) -> list[tuple[str | None, ...]]:
        """Return customer, day of entry and day of exit, in order."""
        return self.query(
            f"""
            select customer_id, strftime(entered_at, '%m-%d'), strftime(left_at, '%m-%d')
            from fct_segment_stays where segment = '{segment}'
            order by customer_id, entered_at
            """
        )

    def sizes(self, segment: str) -> list[tuple[Any, ...]]:
        """Return day, members, entered and left of each run."""
        return self.query(
            f"""
            select strftime(as_of, '%m-%d'), members, count_entered, count_left
            from fct_segment_sizes where segment = '{segment}' order by as_of
            """
        )

    def assigned(self, segment: str) -> list[tuple[str | None, ...]]:
        """Return who is in now, through what, and in which variant."""
        return self.query(
            f"""
            select customer_id, through, variant from fct_segment_members
            where segment = '{segment}' order by customer_id
            """
        )

    def states(self) -> list[tuple[Any, ...]]:
        """Return name, state and size of each segment."""
        return self.query("select segment, state, members from dim_segments order by segment")

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of every table of segments, and of the state."""
        names = self.query(
            """
            select table_name from information_schema.tables
            where table_name like 'fct_segment%' or table_name like 'dim_%segments'
                or table_name like 'segment_state%'
            """
        )
        return {name: self.query(f"from {name} order by all") for (name,) in names}

    def fill(self) -> None:
        """Write the tables that the segments read."""
        rows: Mapping[str, Iterable[Sequence[Any]]] = {
            "dim_customer_features": [
                (key, c.country, None, c.age, c.revenue, *[None] * 7)
                for key, c in self.customers.items()
            ],
            "dim_customers": [(key, True, False, False, False) for key in self.customers],
            "int_customer_row_counts": [
                (key, "", customer.rows) for key, customer in self.customers.items()
            ],
            "int_list_members": [(name, key) for name, keys in self.lists.items() for key in keys],
            "int_identity_merges": list(self.merges.items()),
        }
        names = "".join(f"{name},somebody\n" for name in self.lists)
        (self.folder / "seeds" / "manual_lists.csv").write_text(f"list,customer\n{names}")
        with duckdb.connect(str(self.warehouse)) as connection:
            for name, columns in TABLES.items():
                connection.execute(f"create or replace table given_{name} ({columns})")
                for row in rows.get(name, ()):
                    holders = ", ".join("?" for _ in row)
                    connection.execute(f"insert into given_{name} values ({holders})", row)
