"""Gamma-gamma: how much a customer spends an order.

The values of one customer's orders are gamma distributed (shape p) around a mean of their
own, and the rates of those are gamma distributed (shape q, scale gamma). How much a
customer spends says nothing about how often they order.

Source: Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value. As there, the
first order is left out: `frequency` counts the times that a customer came back (x), and
`mean_value` is the mean value of those orders (m_x). The unit of money is the caller's;
gamma has the same.
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

#: Beyond these, one customer's orders, or the customers, are all alike.
_SHAPES = (0.01, 1000.0)
#: Bounds of p gamma / q, as multiples of the mean value, which it is for large q.
_SCALES = (1e-3, 1e3)
#: The logarithms of (p, q, gamma) from those of (p, q, p gamma / q): where customers are
#: alike, gamma and q grow together, and a search by gamma would crawl along a ridge.
_FROM_SEARCHED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 1.0, 1.0]])


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of the model: shape of an order's value, shape and scale of the rates."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """The mean value of an order of somebody unknown; infinite unless q > 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")


def fit(frequency: npt.ArrayLike, mean_value: npt.ArrayLike) -> GammaGamma:
    """Return the parameters under which the customers' mean values are most likely.

    Each argument has one number a customer; who never came back, or for nothing, is left
    out. Raises CannotFit("too_few_customers") when fewer than 30 are left,
    CannotFit("no_mean") when values scatter so wildly that they have no mean (q up to 1),
    CannotFit("no_maximum") when the search does not end, and ValueError for columns with
    anything but finite numbers from 0.
    """
    x, m_x = _spending(frequency, mean_value)
    if len(x) < FEWEST_REPEAT_CUSTOMERS:
        raise CannotFit("too_few_customers")
    (x, m_x), counts = distinct(x, m_x)
    mean = float((m_x * counts).sum() / counts.sum())
    lowest, highest = _SCALES
    likelihood = _Likelihood(x, m_x, counts)

    def objective(searched: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood.mean(_FROM_SEARCHED @ searched)
        return value, _FROM_SEARCHED.T @ gradient

    found = maximise(
        objective, (2.0, 3.0, mean), (_SHAPES, _SHAPES, (lowest * mean, highest * mean))
    )
    p, q, level = map(float, found)
    parameters = GammaGamma(p, q, level * q / p)
    if parameters.q <= 1:
        raise CannotFit("no_mean")
    return parameters


def log_likelihood(
    parameters: GammaGamma, frequency: npt.ArrayLike, mean_value: npt.ArrayLike
) -> float:
    """Return the logarithm of the mean values' likelihood.

    Who never came back, or for nothing, is left out.
    """
    (x, m_x), counts = distinct(*_spending(frequency, mean_value))
    logarithms = np.log([parameters.p, parameters.q, parameters.gamma])
    value, _ = _Likelihood(x, m_x, counts).mean(logarithms)
    return float(value * counts.sum())


def expected_value(
    parameters: GammaGamma, frequency: npt.ArrayLike, mean_value: npt.ArrayLike
) -> Floats:
    """Return the value of a customer's next order to be expected.

    It lies between the customer's own mean and that of all, nearer to their own the more
    often they came back. Without an order that counts it is the mean of all.
    """
    x, m_x = columns(frequency=frequency, mean_value=mean_value)
    p, q, gamma = parameters.p, parameters.q, parameters.gamma
    return np.asarray(p * (gamma + m_x * x) / (p * x + q - 1))


class _Likelihood:
    """The mean logarithm of the likelihood of distinct rows, and its gradient."""

    def __init__(self, x: Floats, m_x: Floats, counts: Floats) -> None:
        self.shares = counts / max(counts.sum(), 1)
        self.x, self.total = x, x * m_x
        self.log_total, self.log_mean = np.log(self.total), np.log(m_x)
        self.values, self.positions = np.unique(x, return_inverse=True)

    def mean(self, logarithms: Floats) -> tuple[float, Floats]:
        """Return the value at the logarithms of (p, q, gamma), and its gradient."""
        from scipy.special import digamma, gammaln  # type: ignore[import-untyped]

        p, q, gamma = np.exp(logarithms)
        x, shares, shapes = self.x, self.shares, p * self.values
        log_gamma, log_sum = np.log(gamma), np.log(gamma + self.total)
        by_value = gammaln(shapes + q) - gammaln(shapes)
        value = (
            by_value[self.positions] - gammaln(q) + q * log_gamma
            + p * x * self.log_total - self.log_mean - (p * x + q) * log_sum
        )  # fmt: skip
        by_p = self.values * (digamma(shapes + q) - digamma(shapes))
        by_q = digamma(shapes + q) - digamma(q)
        gradient = np.array(
            [
                ((by_p[self.positions] + x * (self.log_total - log_sum)) * shares).sum(),
                ((by_q[self.positions] + log_gamma - log_sum) * shares).sum(),
                ((q / gamma - (p * x + q) / (gamma + self.total)) * shares).sum(),
            ]
        )
        return float((value * shares).sum()), gradient * np.array([p, q, gamma])


def _spending(frequency: npt.ArrayLike, mean_value: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the rows of those who came back and paid."""
    x, m_x = columns(frequency=frequency, mean_value=mean_value)
    counts = (x > 0) & (m_x > 0)
    return x[counts], m_x[counts]
