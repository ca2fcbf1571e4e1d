"""What both models share: input columns, and the maximum of a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
#: Takes the logarithms of the parameters; gives a value and its gradient by them.
Objective: TypeAlias = Callable[[Floats], tuple[float, Floats]]

#: Fewer customers who came back say nothing: every parameter is off by half or more.
FEWEST_REPEAT_CUSTOMERS = 30
#: Gradients of a mean logarithm by the parameters' logarithms: what rounding leaves, and
#: what tells a maximum from a search that stopped on the way.
GRADIENT_OF_NOISE, GRADIENT_OF_MAXIMUM = 1e-9, 1e-4
#: Step of the differences that the curvature is taken from, and how many steps to go.
DIFFERENCE, MOST_NEWTON_STEPS = 1e-4, 20


class CannotFit(ValueError):
    """Raised when data have no parameters; `reason` is one word of a fixed list."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def columns(**given: npt.ArrayLike) -> list[Floats]:
    """Return columns of one length as finite numbers not below 0.

    Raises ValueError, with the column's name, for anything else.
    """
    found = []
    for name, values in given.items():
        column = np.atleast_1d(np.asarray(values, dtype=np.float64))
        if column.ndim != 1 or not np.all(np.isfinite(column) & (column >= 0)):
            raise ValueError(f"{name}: expected a column of finite numbers from 0")
        found.append(column)
    if len({len(column) for column in found}) > 1:
        raise ValueError(f"{', '.join(given)}: expected columns of one length")
    return found


def distinct(*given: Floats) -> tuple[list[Floats], Floats]:
    """Return the distinct rows of columns, sorted, and how often each occurs.

    The order of the rows that came in leaves no trace, not even in the last digit of a
    sum over those that come out.
    """
    order = np.lexsort(given[::-1])
    rows = [column[order] for column in given]
    is_new = np.zeros(len(order), dtype=bool)
    is_new[:1] = True
    for column in rows:
        is_new[1:] |= column[1:] != column[:-1]
    (first,) = np.nonzero(is_new)
    counts = np.diff(first, append=len(order)).astype(np.float64)
    return [column[first] for column in rows], counts


def maximise(
    objective: Objective, start: Sequence[float], bounds: Sequence[tuple[float, float]]
) -> Floats:
    """Return the positive parameters, within bounds, at which an objective is greatest.

    A quasi-Newton search ends where the objective's last digits are noise; Newton steps
    on the gradient, which has digits left there, go on. The start is fixed and nothing
    is random: the same data give the same parameters. Raises CannotFit("no_maximum")
    when the end is none.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    def negative(logarithms: Floats) -> tuple[float, Floats]:
        value, gradient = objective(logarithms)
        return -value, -gradient

    low, high = np.log(np.asarray(bounds, dtype=np.float64)).T
    options = {"ftol": 1e-15, "gtol": GRADIENT_OF_NOISE, "maxiter": 1000, "maxls": 50}
    found = minimize(
        negative,
        np.log(start),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([low, high], axis=1),
        options=options,
    ).x
    is_free = (found - low > 1e-6) & (high - found > 1e-6)
    found = _polished(lambda logarithms: objective(logarithms)[1], found, is_free, low, high)
    value, gradient = objective(found)
    if not np.isfinite(value) or np.any(np.abs(gradient[is_free]) > GRADIENT_OF_MAXIMUM):
        raise CannotFit("no_maximum")
    return np.asarray(np.exp(found), dtype=np.float64)


def _polished(
    gradient: Callable[[Floats], Floats],
    found: Floats,
    is_free: npt.NDArray[np.bool_],
    low: Floats,
    high: Floats,
) -> Floats:
    """Return the point after Newton steps, each of which makes the gradient smaller."""
    (free,) = np.nonzero(is_free)
    slope = gradient(found)[free]
    for _ in range(MOST_NEWTON_STEPS):
        if not len(free) or np.abs(slope).max() < GRADIENT_OF_NOISE:
            break
        curvature = np.empty((len(free), len(free)))
        for column, position in enumerate(free):
            aside = np.zeros_like(found)
            aside[position] = DIFFERENCE
            both = gradient(found + aside)[free] - gradient(found - aside)[free]
            curvature[:, column] = both / (2 * DIFFERENCE)
        if np.linalg.eigvalsh(curvature + curvature.T).max() >= 0:
            break
        there = found.copy()
        there[free] -= np.linalg.solve(curvature, slope)
        if np.any((there < low) | (there > high)):
            break
        slope_there = gradient(there)[free]
        if np.abs(slope_there).max() >= np.abs(slope).max():
            break
        found, slope = there, slope_there
    return found
