"""The value model of the demo shop: SQL and Python agree, and parameters can be pinned."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from kohorte.value import bg_nbd, gamma_gamma
from kohorte.value.bg_nbd import BgNbd
from kohorte.value.gamma_gamma import GammaGamma
from kohorte.value.parameters import ORDER_PARAMETERS, VALUE_PARAMETERS, fit_row

from tests.conftest import Dbt

PINNED = dict(
    zip(
        (*ORDER_PARAMETERS, *VALUE_PARAMETERS),
        (0.243, 30.898, 0.793, 2.426, 6.25, 3.74, 15.44),
        strict=True,
    )
)


@pytest.fixture(scope="module")
def warehouse(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        yield connection


def columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """Return the columns of a query's answer; null is not a number."""
    return {
        name: np.ma.filled(np.ma.asarray(column), math.nan) if column.dtype == float else column
        for name, column in connection.sql(query).fetchnumpy().items()
    }


def fitted(connection: duckdb.DuckDBPyConnection) -> tuple[BgNbd, GammaGamma]:
    (orders,) = connection.sql(
        f"select {', '.join(ORDER_PARAMETERS)} from int_value_parameters"
    ).fetchall()
    (values,) = connection.sql(
        f"select {', '.join(VALUE_PARAMETERS)} from int_value_parameters"
    ).fetchall()
    return BgNbd(*orders), GammaGamma(*values)


def test_the_parameters_are_those_of_the_histories(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    known = columns(
        warehouse,
        """select count_repeat_days_at_fit as frequency, days_to_last_order_at_fit as recency,
            days_since_first_order_at_fit as age,
            coalesce(mean_repeat_value_at_fit, 0)::double as mean_value
        from int_customer_purchases where count_repeat_days_at_fit is not null""",
    )
    row = fit_row(**known)
    found = warehouse.sql(f"select {', '.join(row)} from int_value_parameters").fetchone()
    assert found == tuple(row.values())
    about = warehouse.sql("""
        select origin, count_customers, count_repeat_customers, fitted_until_date
        from int_value_parameters
    """).fetchone()
    (until,) = (
        warehouse.sql("select date_trunc('month', today)::date from int_clock").fetchone() or ()
    )
    repeated = int((known["frequency"] > 0).sum())
    assert about == ("fitted", len(known["age"]), repeated, until)


def test_every_customer_is_scored_as_python_would(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = columns(
        warehouse,
        """select count_repeat_days, days_to_last_order, days_since_first_order,
            coalesce(mean_repeat_value, 0)::double as mean_value, probability_alive,
            expected_orders_365d, expected_revenue_365d::double as expected_revenue
        from int_customer_purchases
        inner join int_customer_value_predictions using (customer_id)""",
    )
    orders, values = fitted(warehouse)
    histories = [rows[name] for name in list(rows)[:3]]
    assert len(histories[0]) > 1000
    alive = bg_nbd.probability_alive(orders, *histories)
    expected = bg_nbd.expected_orders(orders, *histories, 365)
    revenue = expected * gamma_gamma.expected_value(values, histories[0], rows["mean_value"])
    assert rows["probability_alive"] == pytest.approx(alive, abs=6e-7)
    assert rows["expected_orders_365d"] == pytest.approx(expected, abs=2e-6)
    assert rows["expected_revenue"] == pytest.approx(revenue, rel=1e-4, abs=1e-3)


def test_who_never_ordered_has_no_prediction(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.sql("""
        select count_orders_lifetime > 0, count(predictions.probability_alive),
            count(predictions.expected_orders_365d), count(predictions.expected_revenue_365d),
            count(*)
        from int_customer_value_predictions as predictions
        inner join dim_customer_features using (customer_id)
        group by 1 order by 1
    """).fetchall()
    assert found[0][:4] == (False, 0, 0, 0)
    assert found[1][0]
    assert set(found[1][1:]) == {found[1][4]}
    assert (
        found[0][4] + found[1][4] == warehouse.sql("from dim_customers").count("*").fetchall()[0][0]
    )


def test_sql_and_python_expect_the_same_whatever_the_parameters(
    demo_dbt: Dbt, tmp_path: Path
) -> None:
    compiled = demo_dbt.folder / "target/compiled/kohorte/models/intermediate/value"
    query = (compiled / "int_value_expected_orders.sql").read_text()
    x, t = map(np.array, zip(*itertools.product((0, 1, 3, 10, 500), (0, 1, 30, 1000)), strict=True))
    with duckdb.connect(str(tmp_path / "kohorte.duckdb")) as connection:
        connection.execute("""
            create table int_customer_purchases as
            select unnest($x) as count_repeat_days, unnest($t) as days_since_first_order
        """, {"x": x.tolist(), "t": t.tolist()})  # fmt: skip
        for parameters in (
            BgNbd(0.001, 0.5, 1e-6, 0.01), BgNbd(0.243, 30.9, 0.793, 2.426),
            BgNbd(0.7, 50, 0.01, 1000), BgNbd(1, 10, 1, 1), BgNbd(10, 0.3, 0.5, 0.01),
            BgNbd(2, 300, 1000, 100), BgNbd(900, 1e5, 1e5, 1000),
        ):  # fmt: skip
            numbers = ", ".join(
                f"{number!r}::double as {name}"
                for name, number in zip(ORDER_PARAMETERS, astuple(parameters), strict=True)
            )
            connection.execute(f"create or replace table int_value_parameters as select {numbers}")
            found = connection.sql(query).order("1, 2").fetchnumpy()
            alive = bg_nbd.probability_alive(parameters, x, 0 * x, t)
            expected = bg_nbd.expected_orders(parameters, x, 0 * x, t, 365) / alive
            assert found["expected_orders_if_alive_365d"] == pytest.approx(
                expected, rel=1e-9, abs=6e-7
            )


def test_with_pinned_parameters_nothing_is_fitted(tmp_path: Path) -> None:
    result = Dbt(tmp_path)(
        "ls", "--select", "path:models/intermediate/value", "--output", "name", "--resource-type",
        "model", variables={"value_parameters": PINNED},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert "int_value_parameters" in result.stdout
    assert "int_value_fit" not in result.stdout


def test_pinned_parameters_must_be_complete_and_possible(tmp_path: Path) -> None:
    pinned = {name: number for name, number in PINNED.items() if name != "value_q"}
    result = Dbt(tmp_path)("parse", variables={"value_parameters": pinned})
    assert result.returncode != 0
    assert "var value_parameters: value_q must be a number from 1.000001" in result.stdout
