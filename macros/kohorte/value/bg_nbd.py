"""BG/NBD: how often customers order, and when they silently stop.

While active, a customer orders at a rate of their own, and after every order they stop
for good with a probability of their own. Rates are gamma distributed (shape r, scale
alpha), probabilities beta distributed (a, b).

Source: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An
Alternative to the Pareto/NBD Model, Marketing Science 24(2), 275-284. On the logarithms:
Fader and Hardie (2013), Overcoming the BG/NBD Model's #NUM! Error Problem.

In every function a customer is three numbers: `frequency` is how many times they came
back (x), `recency` the time from the first order to the last (t_x), `age` the time from
the first order to now (T). The unit of time is the caller's; alpha has the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kohorte.value.maximum import (
    FEWEST_REPEAT_CUSTOMERS,
    CannotFit,
    Floats,
    columns,
    distinct,
    maximise,
)

#: The rule that averages over the probability of stopping: u from -18 to 8 by 1/8, far
#: enough for every a from 1e-6 and b from 0.01.
STEPS = np.arange(-144, 65) / 8
#: What the search is by, and its bounds: r, alpha / r (the time between two orders, as a
#: multiple of the mean age), a / b (the odds of stopping) and b. Beyond the upper bounds
#: of r and b customers are all alike. By alpha and a it would crawl along ridges there.
_BOUNDS = ((1e-3, 1e3), (1e-5, 1e5), (1e-4, 1e2), (1e-2, 1e3))
_START = (0.5, 1.0, 0.25, 2.0)
#: The logarithms of (r, alpha, a, b) from those of what the search is by.
_FROM_SEARCHED = np.array(
    [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
)


@dataclass(frozen=True)
class BgNbd:
    """Parameters of the model: shape and scale of the rates, a and b of stopping."""

    r: float
    alpha: float
    a: float
    b: float


def fit(frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> BgNbd:
    """Return the parameters under which the customers' histories are most likely.

    Each argument has one number a customer. Raises CannotFit("too_few_customers") when
    fewer than 30 came back, CannotFit("no_maximum") when the search does not end, and
    ValueError for columns that are no histories.
    """
    x, t_x, t = _histories(frequency, recency, age)
    if np.count_nonzero(x) < FEWEST_REPEAT_CUSTOMERS:
        raise CannotFit("too_few_customers")
    (x, t_x, t), counts = distinct(x, t_x, t)
    likelihood = _Likelihood(x, t_x, t, counts)
    mean_age = float((t * counts).sum() / counts.sum())

    def objective(searched: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood.mean(_FROM_SEARCHED @ searched + unit)
        return value, _FROM_SEARCHED.T @ gradient

    unit = np.log([1.0, mean_age, 1.0, 1.0])
    r, between, odds, b = map(float, maximise(objective, _START, _BOUNDS))
    return BgNbd(r, between * mean_age * r, odds * b, b)


def log_likelihood(
    parameters: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
) -> float:
    """Return the logarithm of the histories' likelihood."""
    (x, t_x, t), counts = distinct(*_histories(frequency, recency, age))
    value, _ = _Likelihood(x, t_x, t, counts).mean(np.log(_numbers(parameters)))
    return float(value * counts.sum())


def probability_alive(
    parameters: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
) -> Floats:
    """Return the probability, a customer, of not having stopped yet.

    It is 1 for who never came back: the model lets nobody stop before a second order.
    Source: Fader and Hardie (2008), Computing P(alive) Using the BG/NBD Model.
    """
    x, t_x, t = _histories(frequency, recency, age)
    r, alpha, a, b = _numbers(parameters)
    steepness = (r + x) * np.log((alpha + t) / (alpha + t_x))
    odds = a / np.where(x > 0, b + x - 1, 1) * np.exp(np.minimum(steepness, 600))
    return np.where(x > 0, 1 / (1 + odds), 1.0)


def expected_orders(
    parameters: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    horizon: float,
) -> Floats:
    """Return the orders, a customer, to be expected in the time `horizon` from now.

    The paper's equation (10) has a hypergeometric function, which overflows for busy
    customers and divides by zero at a = 1. This is the integral that it comes from:
    with the rate averaged out, who stops with probability p after each order places
    (1 - (1 + p horizon / (alpha + T))^-(r + x)) / p orders, and p is beta distributed
    (a, b + x). The trapezoid rule over u, with p = 1 / (1 + exp(-center - width sinh
    u)), is exact to 1e-6 or better.
    """
    x, t_x, t = _histories(frequency, recency, age)
    r, alpha, a, b = _numbers(parameters)
    reach = horizon / (alpha + t)
    center = np.log((a + 1) / (b + x + 1))
    width = np.sqrt(1 / (a + 1) + 1 / (b + x + 1))
    at_center = -a * _softplus(-center) - (b + x) * _softplus(center)
    orders, weights = np.zeros_like(x), np.zeros_like(x)
    for u in STEPS:
        logit = center + width * np.sinh(u)
        log_p, log_rest = -_softplus(-logit), -_softplus(logit)
        weight = np.exp(a * log_p + (b + x) * log_rest - at_center) * np.cosh(u)
        p = np.exp(np.maximum(log_p, -600))
        # 1 - (1 + y)^-n without the loss of digits at small y.
        growth = p * reach
        half = np.tanh((r + x) * np.arctanh(growth / (2 + growth)))
        orders += weight * 2 * half / (1 + half) / p
        weights += weight
    return probability_alive(parameters, x, t_x, t) * orders / weights


class _Likelihood:
    """The mean logarithm of the likelihood of distinct histories, and its gradient."""

    def __init__(self, x: Floats, t_x: Floats, t: Floats, counts: Floats) -> None:
        self.x, self.t_x, self.t = x, t_x, t
        self.shares = counts / max(counts.sum(), 1)
        self.values, positions = np.unique(x, return_inverse=True)
        self.value_shares = np.bincount(positions, self.shares)

    def mean(self, logarithms: Floats) -> tuple[float, Floats]:
        """Return the value at the logarithms of (r, alpha, a, b), and its gradient."""
        from scipy.special import digamma, gammaln  # type: ignore[import-untyped]

        r, alpha, a, b = np.exp(logarithms)
        x, shares, values = self.x, self.shares, self.values
        has_repeated = x > 0
        before = np.where(has_repeated, b + x - 1, 1.0)
        log_age, log_recency = np.log(alpha + self.t), np.log(alpha + self.t_x)
        alive = -(r + x) * log_age
        stopped = np.where(has_repeated, np.log(a / before) - (r + x) * log_recency, -np.inf)
        either = np.logaddexp(alive, stopped)
        share_stopped = np.exp(stopped - either)
        share_alive = 1 - share_stopped
        by_value = (
            gammaln(r + values) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) - gammaln(a + b + values)
            + gammaln(b + values) - gammaln(b)
        )  # fmt: skip
        by_r = digamma(r + values) - digamma(r) + np.log(alpha)
        by_a = digamma(a + b) - digamma(a + b + values)
        by_b = by_a + digamma(b + values) - digamma(b)
        mean_log = share_alive * log_age + share_stopped * log_recency
        mean_rest = share_alive / (alpha + self.t) + share_stopped / (alpha + self.t_x)
        gradient = np.array(
            [
                (by_r * self.value_shares).sum() - (mean_log * shares).sum(),
                r / alpha - ((r + x) * mean_rest * shares).sum(),
                (by_a * self.value_shares).sum() + (share_stopped * shares).sum() / a,
                (by_b * self.value_shares).sum() - (share_stopped / before * shares).sum(),
            ]
        )
        value = (by_value * self.value_shares).sum() + (either * shares).sum()
        return float(value), gradient * np.array([r, alpha, a, b])


def _histories(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the three columns, or raise ValueError for what is no history."""
    x, t_x, t = columns(frequency=frequency, recency=recency, age=age)
    if np.any(t_x > t):
        raise ValueError("recency: expected the last order not to be later than now")
    if np.any((x == 0) & (t_x > 0)) or np.any(x != np.floor(x)):
        raise ValueError("frequency: expected whole numbers, 0 where recency is 0")
    return x, t_x, t


def _numbers(parameters: BgNbd) -> tuple[float, float, float, float]:
    return parameters.r, parameters.alpha, parameters.a, parameters.b


def _softplus(value: Floats) -> Floats:
    """Return log(1 + exp(value)) without overflow."""
    return np.maximum(value, 0) + np.log1p(np.exp(-np.abs(value)))
