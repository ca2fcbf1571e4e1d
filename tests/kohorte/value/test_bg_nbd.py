"""BG/NBD: found again from drawn customers, and right by other ways to compute it."""

from __future__ import annotations

import itertools
import math
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from kohorte.value import bg_nbd
from kohorte.value.bg_nbd import BgNbd
from kohorte.value.maximum import CannotFit
from scipy.integrate import quad
from scipy.special import hyp2f1

from tests.kohorte.value.population import (
    CDNOW_ORDERS,
    Floats,
    draw_cdnow,
    draw_orders,
    standard_errors,
)

#: In days, as a shop would have them: rare, like CDNOW, regular, almost never stopping.
SHOPS = (
    BgNbd(r=0.243, alpha=30.898, a=0.793, b=2.426),
    BgNbd(r=0.8, alpha=120.0, a=1.5, b=6.0),
    BgNbd(r=3.0, alpha=60.0, a=0.3, b=3.0),
    BgNbd(r=1.5, alpha=25.0, a=0.5, b=50.0),
)


def likelihood(parameters: BgNbd, x: int, t_x: float, t: float) -> float:
    """The likelihood as the paper prints it, without logarithms."""
    r, alpha, a, b = astuple(parameters)
    gamma = math.gamma
    beta_ratio = gamma(b + x) * gamma(a + b) / (gamma(b) * gamma(a + b + x))
    rate = gamma(r + x) * alpha**r / gamma(r)
    alive = (alpha + t) ** -(r + x)
    stopped = a / (b + x - 1) * (alpha + t_x) ** -(r + x) if x else 0.0
    return beta_ratio * rate * (alive + stopped)


def test_the_log_likelihood_is_the_published_formula() -> None:
    histories = [(0, 0, 39), (1, 3.5, 30), (2, 30.43, 38.86), (2, 30.43, 38.86), (9, 20, 20.5)]
    for parameters in (CDNOW_ORDERS, BgNbd(2.0, 9.0, 0.3, 0.4)):
        expected = sum(math.log(likelihood(parameters, *row)) for row in histories)
        found = bg_nbd.log_likelihood(parameters, *np.transpose(histories))
        assert found == pytest.approx(expected, rel=1e-12)
    assert bg_nbd.log_likelihood(CDNOW_ORDERS, [], [], []) == 0


@pytest.mark.parametrize("parameters", SHOPS)
def test_known_parameters_are_found_again(parameters: BgNbd) -> None:
    rng = np.random.default_rng(1)
    drawn = draw_orders(rng, parameters, rng.uniform(0, 730, 6000))
    histories = (drawn.frequency, drawn.recency, drawn.age)
    found = bg_nbd.fit(*histories)
    errors = standard_errors(
        lambda numbers: bg_nbd.log_likelihood(BgNbd(*numbers), *histories), astuple(parameters)
    )
    deviations = np.log(astuple(found)) - np.log(astuple(parameters))
    assert np.all(np.abs(deviations) < 3.5 * errors), deviations / errors
    assert np.all(errors < (0.1, 0.15, 0.5, 0.7))


def test_cdnow_is_found_from_data_of_its_shape() -> None:
    """Twenty times 2,357 customers: the mean is off by a quarter of one fit's error."""
    fits = []
    for seed in range(20):
        drawn = draw_cdnow(np.random.default_rng([2005, seed]))
        fits.append(astuple(bg_nbd.fit(drawn.frequency, drawn.recency, drawn.age)))
    logarithms = np.log(fits)
    deviation = logarithms.mean(axis=0) - np.log(astuple(CDNOW_ORDERS))
    error = logarithms.std(axis=0, ddof=1)
    assert np.all(np.abs(deviation) < 3.5 * error / math.sqrt(len(fits))), deviation / error
    histories = (drawn.frequency, drawn.recency, drawn.age)
    expected_error = standard_errors(
        lambda numbers: bg_nbd.log_likelihood(BgNbd(*numbers), *histories), astuple(CDNOW_ORDERS)
    )
    assert error == pytest.approx(expected_error, rel=0.5)


def test_no_parameters_near_the_fit_are_likelier() -> None:
    drawn = draw_cdnow(np.random.default_rng(3))
    histories = (drawn.frequency, drawn.recency, drawn.age)
    found = np.array(astuple(bg_nbd.fit(*histories)))
    best = bg_nbd.log_likelihood(BgNbd(*found), *histories)
    for position, factor in itertools.product(range(4), (0.999, 1.001)):
        aside = found.copy()
        aside[position] *= factor
        assert bg_nbd.log_likelihood(BgNbd(*aside), *histories) < best


def test_the_same_customers_in_any_order_give_the_same_parameters() -> None:
    rng = np.random.default_rng(4)
    drawn = draw_orders(rng, SHOPS[0], np.floor(rng.uniform(0, 730, 3000)))
    histories = np.stack([drawn.frequency, np.floor(drawn.recency), drawn.age])
    once = bg_nbd.fit(*histories)
    assert bg_nbd.fit(*histories) == once
    assert bg_nbd.fit(*histories[:, rng.permutation(3000)]) == once


def test_another_unit_of_time_changes_only_alpha() -> None:
    drawn = draw_cdnow(np.random.default_rng(5))
    weeks = bg_nbd.fit(drawn.frequency, drawn.recency, drawn.age)
    days = bg_nbd.fit(drawn.frequency, drawn.recency * 7, drawn.age * 7)
    expected = (weeks.r, weeks.alpha * 7, weeks.a, weeks.b)
    assert astuple(days) == pytest.approx(expected, rel=1e-6)


def test_customers_who_never_stop_or_are_all_alike_can_be_fitted() -> None:
    rng = np.random.default_rng(6)
    age = rng.uniform(0, 700, 3000)
    for parameters in (BgNbd(0.5, 50, 1e-4, 1e4), BgNbd(300, 30_000, 300, 3000)):
        drawn = draw_orders(rng, parameters, age, horizon=365)
        histories = (drawn.frequency, drawn.recency, drawn.age)
        found = bg_nbd.fit(*histories)
        expected = bg_nbd.expected_orders(found, *histories, 365).sum()
        assert expected == pytest.approx(drawn.orders_after.sum(), rel=0.05)


@pytest.mark.parametrize("frequency", [[], [0.0] * 500, [1.0] * 29 + [0.0] * 500])
def test_too_few_who_came_back_cannot_be_fitted(frequency: list[float]) -> None:
    x = np.array(frequency)
    with pytest.raises(CannotFit) as failure:
        bg_nbd.fit(x, x * 10, x + 20)
    assert failure.value.reason == "too_few_customers"


def test_the_papers_first_customer_is_expected_to_order_as_published() -> None:
    """From Implementing the BG/NBD Model for Customer Base Analysis in Excel (2005)."""
    found = bg_nbd.expected_orders(CDNOW_ORDERS, [2], [30.43], [38.86], 39)
    assert found == pytest.approx([1.226], abs=5e-4)


def test_expectations_are_the_published_formula_where_that_can_be_computed() -> None:
    x, t = map(np.array, zip(*itertools.product((0, 1, 3, 10, 100), (0, 1, 30, 1000)), strict=True))
    computed = 0
    for r, alpha, a, b in itertools.product(
        (0.05, 0.243, 3), (1, 31, 300), (0.001, 0.1, 0.793, 3, 30), (0.05, 2.4, 300)
    ):
        parameters = BgNbd(r, alpha, a, b)
        z = 365 / (alpha + t + 365)
        # Euler's transformation of the paper's equation (10).
        formula = (1 - (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)) * (
            (a + b + x - 1) / (a - 1)
        )
        alive = bg_nbd.probability_alive(parameters, x, 0 * t, t)
        found = bg_nbd.expected_orders(parameters, x, 0 * t, t, 365)
        is_finite = np.isfinite(formula)
        computed += is_finite.sum()
        assert found[is_finite] == pytest.approx((alive * formula)[is_finite], rel=1e-6)
    assert computed > 2400


@pytest.mark.parametrize("x", [0, 3, 500])
@pytest.mark.parametrize("parameters", [BgNbd(0.5, 20, 1.0, 2.0), BgNbd(2, 30, 400, 2000)])
def test_expectations_are_right_where_the_formula_fails(parameters: BgNbd, x: int) -> None:
    r, alpha, a, b = astuple(parameters)
    t, horizon = 700.0, 365.0

    def density(p: float) -> float:
        return math.exp(
            (a - 1) * math.log(p)
            + (b + x - 1) * math.log1p(-p)
            + math.lgamma(a + b + x) - math.lgamma(a) - math.lgamma(b + x)
        )  # fmt: skip

    def orders(p: float) -> float:
        share_without = math.exp(-(r + x) * math.log1p(p * horizon / (alpha + t)))
        return density(p) * (1 - share_without) / p

    middle = a / (a + b + x)
    expected = sum(
        quad(orders, *ends, limit=500, epsabs=0, epsrel=1e-9)[0]
        for ends in itertools.pairwise((1e-12, middle / 2, middle, min(2 * middle, 0.9), 1 - 1e-12))
    )
    alive = bg_nbd.probability_alive(parameters, [x], [0], [t])
    found = bg_nbd.expected_orders(parameters, [x], [0], [t], horizon)
    assert found == pytest.approx(alive * expected, rel=1e-6)


def test_predictions_come_true_for_drawn_customers() -> None:
    """By frequency, mean prediction and mean outcome differ by chance alone."""
    rng = np.random.default_rng(7)
    horizon = 26.0
    drawn = draw_orders(rng, CDNOW_ORDERS, rng.uniform(0, 52, 80_000), horizon)
    histories = (drawn.frequency, drawn.recency, drawn.age)
    orders = bg_nbd.expected_orders(CDNOW_ORDERS, *histories, horizon)
    alive = bg_nbd.probability_alive(CDNOW_ORDERS, *histories)
    for low, high in itertools.pairwise((0, 1, 2, 3, 5, 8, 1000)):
        group = (drawn.frequency >= low) & (drawn.frequency < high)
        assert_unbiased(orders[group] - drawn.orders_after[group])
        if low:
            assert_unbiased(alive[group] - drawn.is_alive[group])
    recent = (drawn.frequency > 0) & (drawn.age - drawn.recency < 5)
    assert_unbiased(alive[recent] - drawn.is_alive[recent])
    assert_unbiased(orders[recent] - drawn.orders_after[recent])


def assert_unbiased(differences: Floats) -> None:
    assert len(differences) > 300
    error = differences.std() / math.sqrt(len(differences))
    assert abs(differences.mean()) < 4 * error


def test_who_never_came_back_is_alive() -> None:
    assert bg_nbd.probability_alive(CDNOW_ORDERS, [0, 0], [0, 0], [0, 5000]).tolist() == [1, 1]


def test_longer_silence_makes_life_and_orders_less_likely() -> None:
    age = np.arange(10.0, 1000.0)
    x, t_x = np.full_like(age, 4), np.full_like(age, 10)
    assert np.all(np.diff(bg_nbd.probability_alive(CDNOW_ORDERS, x, t_x, age)) < 0)
    assert np.all(np.diff(bg_nbd.expected_orders(CDNOW_ORDERS, x, t_x, age, 52)) < 0)
    assert np.all(np.diff(bg_nbd.expected_orders(CDNOW_ORDERS, 0 * x, 0 * x, age, 52)) < 0)


def test_a_later_last_order_makes_life_likelier() -> None:
    recency = np.arange(1.0, 100.0)
    x, age = np.full_like(recency, 4), np.full_like(recency, 100)
    assert np.all(np.diff(bg_nbd.probability_alive(CDNOW_ORDERS, x, recency, age)) > 0)


def test_a_longer_horizon_brings_more_orders_from_none() -> None:
    orders = [
        bg_nbd.expected_orders(CDNOW_ORDERS, [4], [90], [100], horizon)[0]
        for horizon in (0, 1, 10, 100, 1000)
    ]
    assert orders[0] == 0
    assert np.all(np.diff(orders) > 0)


def test_extreme_histories_have_finite_predictions() -> None:
    x = np.array([0, 1, 500, 500, 5000, 0, 500])
    t_x = np.array([0, 0, 1e6, 1, 5000, 0, 500])
    t = np.array([1e6, 1e6, 1e6, 1e6, 5000, 0, 500])
    for parameters in (*SHOPS, BgNbd(1e-3, 1e-3, 1e-6, 0.01), BgNbd(1e3, 1e5, 1e5, 1e3)):
        alive = bg_nbd.probability_alive(parameters, x, t_x, t)
        orders = bg_nbd.expected_orders(parameters, x, t_x, t, 365)
        most = (parameters.r + x) / (parameters.alpha + t) * 365
        assert np.all((alive >= 0) & (alive <= 1))
        assert np.all((orders >= 0) & (orders <= most * (1 + 1e-9)))
        assert np.isfinite(bg_nbd.log_likelihood(parameters, x, t_x, t))


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "named"),
    [
        ([1], [5], [4], "recency"),
        ([0], [1], [4], "frequency"),
        ([1.5], [1], [4], "frequency"),
        ([-1], [1], [4], "frequency"),
        ([1], [math.nan], [4], "recency"),
        ([1], [1], [math.inf], "age"),
        ([1, 2], [1], [4], "frequency, recency, age"),
        ([[1]], [[1]], [[4]], "frequency"),
    ],
)
def test_what_is_no_history_is_refused(frequency: Any, recency: Any, age: Any, named: str) -> None:
    for function in (bg_nbd.log_likelihood, bg_nbd.probability_alive):
        with pytest.raises(ValueError, match=f"^{named}: expected"):
            function(CDNOW_ORDERS, frequency, recency, age)
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        bg_nbd.fit(frequency, recency, age)
