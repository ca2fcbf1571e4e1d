"""The demo shop, published."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import typer
import yaml
from kohorte.cli.warehouse import run
from kohorte.errors import KohorteError
from kohorte.project import serving_path
from kohorte.publishing.publish import publish
from kohorte.publishing.tables import read_tables

from tests.conftest import ROOT, once


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, demo_warehouse: Path) -> Iterator[Path]:
    """The folder of the warehouse that was published."""

    with pytest.MonkeyPatch.context() as patch:

        def make(folder: Path) -> None:
            shutil.copy(demo_warehouse, folder / "kohorte.duckdb")
            patch.setenv("KOHORTE_WAREHOUSE", str(folder / "kohorte.duckdb"))
            publish(ROOT)

        folder = once(tmp_path_factory, "published", make)
        patch.setenv("KOHORTE_WAREHOUSE", str(folder / "kohorte.duckdb"))
        yield folder


@pytest.mark.parametrize(
    "command",
    [
        ("list",), ("show", "high_spenders"), ("count", "high_spenders"),
        ("count", "--where", "{did: events.searched, within: 30 days}"),
        ("explain", "CUSTOMER"), ("overlap", "high_spenders", "do_not_contact"),
    ],
)  # fmt: skip
def test_questions_are_answered_while_a_build_has_the_warehouse(
    published: Path, demo_warehouse: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    alone = tmp_path / "kohorte.duckdb"
    shutil.copy(demo_warehouse, alone)
    with duckdb.connect(str(alone), read_only=True) as connection:
        found = connection.execute("select min(customer_id) from dim_customers").fetchone()
    assert found is not None
    arguments = [found[0] if word == "CUSTOMER" else word for word in command]

    def asked(warehouse: Path) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("kohorte"), *arguments, "--json"],
            env={**os.environ, "KOHORTE_WAREHOUSE": str(warehouse)}, cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    with duckdb.connect(str(published / "kohorte.duckdb")):
        answer = asked(published / "kohorte.duckdb")
    assert answer == asked(alone)


_SECRETS = """
    create table secrets as
    select distinct kind, lower(trim(cast(value as varchar))) as value
    from (
        unpivot (
            select
                email, phone, loyalty_card_no, first_name, last_name, zip,
                cast(latitude as varchar) as latitude, cast(longitude as varchar) as longitude,
                cast(birthday as varchar) as birthday
            from '{raw}/accounts/*.parquet'
        ) on columns(*) into name kind value value
        union all
        select 'email', email from '{raw}/orders/*.parquet'
        union all
        select 'phone', phone from '{raw}/orders/*.parquet'
        union all
        select 'email', recipient from '{raw}/messages/*.parquet'
        union all
        select 'email', email from '{raw}/consent_log/*.parquet'
    ) as raw
    where length(value) > 1
"""
#: A post code counts where it stands alone, all else anywhere in a text.
_FOUND = """
    with words as (
        select distinct lower(cast("{column}" as varchar)) as text
        from published.main."{table}"
    ),

    tokens as (
        select unnest(regexp_split_to_array(text, '[^\\w.@+-]+')) as token from words
    )

    select kind from secrets where value in (from words)
    union
    select kind from secrets where kind <> 'zip' and value in (from tokens)
"""


def found(path: Path, raw: Path) -> dict[str, set[str]]:
    """Return, by column, what kinds of personal data are in a published file.

    Every day is in `dim_dates`, and so everybody's birthday.
    """
    with duckdb.connect() as connection:
        connection.execute(_SECRETS.format(raw=raw))
        connection.execute(f"attach '{path}' as published (read_only)")
        columns = connection.execute(
            """
            select table_name, column_name from duckdb_columns()
            where database_name = 'published' and not internal and table_name <> 'dim_dates'
                and data_type not in ('BOOLEAN', 'BIGINT', 'INTEGER')
                and data_type not like 'DECIMAL%'
            """
        ).fetchall()
        return {
            f"{table}.{column}": {kind for (kind,) in kinds}
            for table, column in columns
            if (kinds := connection.execute(_FOUND.format(table=table, column=column)).fetchall())
        }


def test_no_published_column_holds_personal_data(published: Path, demo_raw: Path) -> None:
    assert published.exists()
    assert found(serving_path(ROOT, private=False), demo_raw) == {}


def test_the_private_file_shows_that_personal_data_would_be_found(
    published: Path, demo_raw: Path
) -> None:
    kinds = found(serving_path(ROOT, private=True), demo_raw)
    assert published.exists()
    assert kinds["dim_customers.email"] == {"email"}
    assert set.union(*kinds.values()) >= {
        "email", "phone", "first_name", "last_name", "zip", "latitude", "birthday",
    }  # fmt: skip


def test_every_column_of_the_marts_is_published_or_personal(published: Path) -> None:
    query = """
        select table_name, list(column_name) from duckdb_columns()
        where not internal and table_name <> 'publication' group by table_name
    """
    with duckdb.connect(str(serving_path(ROOT, private=False)), read_only=True) as connection:
        shown = dict(connection.sql(query).fetchall())
    with duckdb.connect(str(published / "kohorte.duckdb"), read_only=True) as connection:
        built = dict(connection.sql(query).fetchall())
    left_out = {
        f"{name}.{column}"
        for name, columns in shown.items()
        for column in {*built[name]} - {*columns}
    }
    personal = {
        f"{table.name}.{column}" for table in read_tables(ROOT) for column in table.personal
    }
    assert {table.name for table in read_tables(ROOT) if table.is_open} <= {*shown}
    assert left_out == {name for name in personal if name.split(".")[0] in shown}


def test_metrics_and_dashboard_can_be_answered_from_the_file_for_bi(published: Path) -> None:
    marts = ROOT / "models" / "marts"
    models = yaml.safe_load((marts / "metrics.yml").read_text())["semantic_models"]
    exposures = yaml.safe_load((marts / "exposures.yml").read_text())["exposures"]
    assert published.exists()
    with duckdb.connect(str(serving_path(ROOT, private=False)), read_only=True) as connection:
        for model in models:
            parts = [*model["entities"], *model.get("dimensions", []), *model.get("measures", [])]
            listed = ", ".join(str(part.get("expr") or part["name"]) for part in parts)
            table = re.sub(r"ref\('(\w+)'\)", r"\1", model["model"])
            assert connection.sql(f"select {listed} from {table}").fetchone(), model["name"]
        for reference in exposures[0]["depends_on"]:
            table = re.sub(r"ref\('(\w+)'\)", r"\1", reference)
            assert connection.sql(f"from {table}").fetchone(), table


def test_a_run_publishes_nothing_that_an_expectation_refuses(
    demo_warehouse: Path,
    demo_raw: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    warehouse = tmp_path / "kohorte.duckdb"
    shutil.copy(demo_warehouse, warehouse)
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(warehouse))
    # What dbt makes of the demo is tried elsewhere; here it has just been made.
    monkeypatch.setattr("kohorte.run._build", lambda *arguments: 0)

    def spoil(statement: str) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(statement)

    spoil("update fct_orders set gross_amount = -gross_amount")
    with pytest.raises(KohorteError, match="not published"):
        run("shop", demo_raw, project_dir=ROOT)
    assert "critical: fct_orders" in capsys.readouterr().out
    assert not serving_path(ROOT, private=True).exists()
    spoil("update fct_orders set gross_amount = -gross_amount")
    for said in ("0 block", None):
        with pytest.raises(typer.Exit) as done:
            run("shop", demo_raw, project_dir=ROOT)
        assert done.value.exit_code == 0
        # What is published already is not judged again.
        assert ("quality:" in (out := capsys.readouterr().out)) == (said is not None)
        assert (said or "segments") in out
    assert serving_path(ROOT, private=True).exists()
