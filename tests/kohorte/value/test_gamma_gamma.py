"""Gamma-gamma: found again from drawn customers, and right by other ways to compute it."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from kohorte.value import gamma_gamma
from kohorte.value.gamma_gamma import GammaGamma
from kohorte.value.maximum import CannotFit

from tests.kohorte.value.population import (
    CDNOW_VALUES,
    draw_cdnow,
    draw_values,
    standard_errors,
)

SHOPS = (
    CDNOW_VALUES,
    GammaGamma(p=1.2, q=2.4, gamma=125.0),
    GammaGamma(p=0.6, q=9.0, gamma=400.0),
    GammaGamma(p=3.5, q=6.0, gamma=50.0),
)


def test_the_log_likelihood_is_the_published_formula() -> None:
    p, q, gamma = astuple(CDNOW_VALUES)
    rows = [(1, 11.77), (2, 22.35), (2, 22.35), (7, 73.74)]
    expected = sum(
        math.log(
            math.gamma(p * x + q) / (math.gamma(p * x) * math.gamma(q))
            * gamma**q * m_x ** (p * x - 1) * x ** (p * x)
            / (gamma + m_x * x) ** (p * x + q)
        )
        for x, m_x in rows
    )  # fmt: skip
    found = gamma_gamma.log_likelihood(CDNOW_VALUES, *np.transpose(rows))
    assert found == pytest.approx(expected, rel=1e-12)


def test_who_never_came_back_or_paid_says_nothing_about_values() -> None:
    with_them = gamma_gamma.log_likelihood(CDNOW_VALUES, [2, 0, 0, 3], [22.35, 0, 9, 0])
    without = gamma_gamma.log_likelihood(CDNOW_VALUES, [2], [22.35])
    assert with_them == without


@pytest.mark.parametrize("parameters", SHOPS)
def test_known_parameters_are_found_again(parameters: GammaGamma) -> None:
    rng = np.random.default_rng(11)
    frequency = rng.geometric(0.3, 5000) - 1.0
    values = draw_values(rng, parameters, frequency)
    found = gamma_gamma.fit(frequency, values)
    errors = standard_errors(
        lambda numbers: gamma_gamma.log_likelihood(GammaGamma(*numbers), frequency, values),
        astuple(parameters),
    )
    deviations = np.log(astuple(found)) - np.log(astuple(parameters))
    assert np.all(np.abs(deviations) < 3.5 * errors), deviations / errors
    assert np.all(errors < (0.15, 0.2, 0.3))


def test_cdnow_is_found_from_data_of_its_shape() -> None:
    """Twenty times the about 946 of 2,357 customers who came back."""
    fits = []
    for seed in range(20):
        rng = np.random.default_rng([2013, seed])
        frequency = draw_cdnow(rng).frequency
        fits.append(astuple(gamma_gamma.fit(frequency, draw_values(rng, CDNOW_VALUES, frequency))))
    logarithms = np.log(fits)
    deviation = logarithms.mean(axis=0) - np.log(astuple(CDNOW_VALUES))
    error = logarithms.std(axis=0, ddof=1)
    assert np.all(np.abs(deviation) < 3.5 * error / math.sqrt(len(fits))), deviation / error
    assert np.all(error < (0.3, 0.1, 0.4))


def test_no_parameters_near_the_fit_are_likelier() -> None:
    rng = np.random.default_rng(12)
    frequency = draw_cdnow(rng).frequency
    values = draw_values(rng, CDNOW_VALUES, frequency)
    found = np.array(astuple(gamma_gamma.fit(frequency, values)))
    best = gamma_gamma.log_likelihood(GammaGamma(*found), frequency, values)
    for position in range(3):
        for factor in (0.999, 1.001):
            aside = found.copy()
            aside[position] *= factor
            assert gamma_gamma.log_likelihood(GammaGamma(*aside), frequency, values) < best


def test_the_same_customers_in_any_order_give_the_same_parameters() -> None:
    rng = np.random.default_rng(13)
    frequency = rng.geometric(0.3, 3000) - 1.0
    values = draw_values(rng, SHOPS[1], frequency)
    once = gamma_gamma.fit(frequency, values)
    order = rng.permutation(3000)
    assert gamma_gamma.fit(frequency, values) == once
    assert gamma_gamma.fit(frequency[order], values[order]) == once


def test_another_currency_changes_only_gamma() -> None:
    rng = np.random.default_rng(14)
    frequency = rng.geometric(0.3, 3000) - 1.0
    values = draw_values(rng, SHOPS[1], frequency)
    pounds, pence = (gamma_gamma.fit(frequency, values * factor) for factor in (1, 100))
    expected = (pounds.p, pounds.q, pounds.gamma * 100)
    assert astuple(pence) == pytest.approx(expected, rel=1e-6)


def test_customers_who_all_spend_alike_can_be_fitted() -> None:
    rng = np.random.default_rng(15)
    frequency = rng.geometric(0.3, 20_000).astype(float)
    values = rng.gamma(2 * frequency) * 20 / frequency
    found = gamma_gamma.fit(frequency, values)
    assert found.p == pytest.approx(2, rel=0.05)
    assert found.mean == pytest.approx(40, rel=0.02)
    constant = gamma_gamma.fit(frequency, np.full(20_000, 9.99))
    assert constant.mean == pytest.approx(9.99, rel=0.01)


def test_values_without_a_mean_cannot_be_fitted() -> None:
    frequency = np.full(5000, 3.0)
    values = draw_values(np.random.default_rng(16), GammaGamma(2, 0.7, 10), frequency)
    with pytest.raises(CannotFit) as failure:
        gamma_gamma.fit(frequency, values)
    assert failure.value.reason == "no_mean"


@pytest.mark.parametrize(
    ("frequency", "value"), [([], []), ([1] * 29 + [0] * 99, [5.0] * 128), ([1] * 99, [0.0] * 99)]
)
def test_too_few_who_came_back_and_paid_cannot_be_fitted(
    frequency: list[int], value: list[float]
) -> None:
    with pytest.raises(CannotFit) as failure:
        gamma_gamma.fit(frequency, value)
    assert failure.value.reason == "too_few_customers"


def test_expected_values_are_those_of_the_published_spreadsheet() -> None:
    """CDNOW's customers 1, 2, 3, 6 and 7 in the sheet that comes with the note."""
    found = gamma_gamma.expected_value(
        CDNOW_VALUES, [2, 1, 0, 7, 1], [22.35, 11.77, 0, 73.74, 11.77]
    )
    assert found == pytest.approx([24.65, 18.91, 35.17, 71.46, 18.91], abs=0.06)


def test_expected_values_come_true_for_drawn_customers() -> None:
    """By mean value, expectation and what they spend on average differ by chance alone."""
    rng = np.random.default_rng(17)
    p, q, gamma = astuple(CDNOW_VALUES)
    size = 400_000
    rate = rng.gamma(q, 1 / gamma, size)
    frequency = rng.integers(0, 5, size).astype(float)
    seen = rng.gamma(np.maximum(p * frequency, 1e-9)) / rate / np.maximum(frequency, 1)
    seen = np.where(frequency > 0, seen, 0.0)
    differences = gamma_gamma.expected_value(CDNOW_VALUES, frequency, seen) - p / rate
    for low, high in ((0, 15), (15, 25), (25, 40), (40, 80), (80, 1e9)):
        for count in range(5):
            group = differences[(frequency == count) & (seen >= low) & (seen < high)]
            if len(group) > 1000:
                assert abs(group.mean()) < 4 * group.std() / math.sqrt(len(group))


def test_an_expected_value_nears_the_customers_own_mean() -> None:
    frequency = np.array([0, 1, 2, 5, 20, 500])
    found = gamma_gamma.expected_value(CDNOW_VALUES, frequency, np.full(6, 100.0))
    assert found[0] == pytest.approx(CDNOW_VALUES.mean)
    assert np.all(np.diff(found) > 0)
    assert found[-1] == pytest.approx(100, rel=0.001)


def test_there_is_no_mean_of_all_for_q_up_to_one() -> None:
    assert GammaGamma(2, 1, 10).mean == math.inf


@pytest.mark.parametrize(
    ("frequency", "value", "named"),
    [
        ([1], [-1.0], "mean_value"),
        ([-1], [1.0], "frequency"),
        ([1], [math.nan], "mean_value"),
        ([1, 2], [1.0], "frequency, mean_value"),
    ],
)
def test_what_is_no_spending_is_refused(frequency: Any, value: Any, named: str) -> None:
    for refuses in (gamma_gamma.log_likelihood, gamma_gamma.expected_value):
        with pytest.raises(ValueError, match=f"^{named}: expected"):
            refuses(CDNOW_VALUES, frequency, value)
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        gamma_gamma.fit(frequency, value)
