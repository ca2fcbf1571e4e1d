"""The row of parameters: what it holds, and what it says when there are none."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from kohorte.value import bg_nbd, gamma_gamma
from kohorte.value.parameters import (
    COLUMNS,
    ORDER_PARAMETERS,
    VALUE_PARAMETERS,
    fit_row,
    rounded,
)

from tests.kohorte.value.population import CDNOW_VALUES, draw_cdnow, draw_values

LIKELIHOODS = ("order_log_likelihood", "value_log_likelihood")


def test_a_row_holds_both_fits_with_four_digits() -> None:
    rng = np.random.default_rng(21)
    drawn = draw_cdnow(rng)
    histories = (drawn.frequency, drawn.recency, drawn.age)
    values = draw_values(rng, CDNOW_VALUES, drawn.frequency)
    row = fit_row(*histories, values)
    assert list(row) == list(COLUMNS)
    assert row["order_reason"] is None
    assert row["value_reason"] is None
    orders = bg_nbd.fit(*histories)
    spending = gamma_gamma.fit(drawn.frequency, values)
    found = [row[name] for name in (*ORDER_PARAMETERS, *VALUE_PARAMETERS)]
    expected = [float(f"{number:.3e}") for number in (*astuple(orders), *astuple(spending))]
    assert found == expected
    likelihoods = (
        bg_nbd.log_likelihood(orders, *histories),
        gamma_gamma.log_likelihood(spending, drawn.frequency, values),
    )
    assert [row[name] for name in LIKELIHOODS] == pytest.approx(likelihoods, abs=0.006)


def test_without_customers_a_row_says_so() -> None:
    row = fit_row([], [], [], [])
    assert row.pop("order_reason") == row.pop("value_reason") == "too_few_customers"
    assert set(row.values()) == {None}


def test_orders_are_fitted_though_values_cannot_be() -> None:
    drawn = draw_cdnow(np.random.default_rng(22))
    row = fit_row(drawn.frequency, drawn.recency, drawn.age, np.zeros(len(drawn.age)))
    assert row["order_reason"] is None
    assert row["order_rate_r"] is not None
    assert row["value_reason"] == "too_few_customers"
    assert {row[name] for name in VALUE_PARAMETERS} == {None}


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0.24312345678, 0.2431), (123456789.0, 123500000.0), (1e-6, 1e-6), (0.99996, 1.0)],
)
def test_rounded_keeps_four_digits(number: float, expected: float) -> None:
    assert rounded(number) == expected
