"""Customers who order and stop as the models say, drawn one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from kohorte.value.bg_nbd import BgNbd
from kohorte.value.gamma_gamma import GammaGamma

Floats = npt.NDArray[np.float64]

#: Published for CDNOW, in weeks and dollars.
CDNOW_ORDERS = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_VALUES = GammaGamma(p=6.25, q=3.74, gamma=15.44)
CDNOW_CUSTOMERS, CDNOW_WEEKS, CDNOW_FIRST_ORDER_WEEKS = 2357, 39, 12


@dataclass(frozen=True)
class Population:
    """What is known of each customer at their age, and what came after."""

    frequency: Floats
    recency: Floats
    age: Floats
    is_alive: npt.NDArray[np.bool_]
    orders_after: Floats


def draw_orders(
    rng: np.random.Generator, parameters: BgNbd, age: Floats, horizon: float = 0.0
) -> Population:
    """Draw customers of the given ages, and count their orders in the horizon after."""
    size = len(age)
    wait = 1 / np.maximum(rng.gamma(parameters.r, 1 / parameters.alpha, size), 1e-300)
    stops = rng.beta(parameters.a, parameters.b, size)
    frequency, recency, after = np.zeros(size), np.zeros(size), np.zeros(size)
    now, is_active = np.zeros(size), np.ones(size, dtype=bool)
    stopped_at = np.full(size, np.inf)
    while is_active.any():
        now = np.where(is_active, now + rng.exponential(size=size) * wait, now)
        is_active &= now <= age + horizon
        is_known = is_active & (now <= age)
        frequency += is_known
        after += is_active & ~is_known
        recency = np.where(is_known, now, recency)
        has_stopped = is_active & (rng.random(size) < stops)
        stopped_at = np.where(has_stopped, now, stopped_at)
        is_active &= ~has_stopped
    return Population(frequency, recency, age, stopped_at > age, after)


def draw_cdnow(rng: np.random.Generator) -> Population:
    """Draw customers by CDNOW's design: first orders in 12 weeks, watched for 39."""
    first = rng.uniform(0, CDNOW_FIRST_ORDER_WEEKS, CDNOW_CUSTOMERS)
    return draw_orders(rng, CDNOW_ORDERS, CDNOW_WEEKS - first)


def draw_values(rng: np.random.Generator, parameters: GammaGamma, frequency: Floats) -> Floats:
    """Draw the mean value of so many orders a customer; 0 of none."""
    rate = rng.gamma(parameters.q, 1 / parameters.gamma, len(frequency))
    total = rng.gamma(np.maximum(parameters.p * frequency, 1e-9)) / rate
    return np.where(frequency > 0, total / np.maximum(frequency, 1), 0.0)


def standard_errors(log_likelihood: Callable[[Floats], float], parameters: npt.ArrayLike) -> Floats:
    """Return the standard errors of estimates of the parameters' logarithms.

    From the curvature of the likelihood at the parameters that the data were drawn with.
    """
    center = np.log(np.asarray(parameters, dtype=np.float64))
    step = 1e-3
    steps = step * np.eye(len(center))

    def at(aside: Floats) -> float:
        return log_likelihood(np.exp(center + aside))

    curvature = np.array(
        [
            [
                (at(one + two) - at(one - two) - at(two - one) + at(-one - two)) / (4 * step**2)
                for two in steps
            ]
            for one in steps
        ]
    )
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(-curvature))))
