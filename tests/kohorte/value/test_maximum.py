"""What both models share: the search for a maximum, and columns made distinct."""

from __future__ import annotations

import numpy as np
import pytest
from kohorte.value.maximum import CannotFit, Floats, distinct, maximise

WIDE = ((1e-3, 1e3), (1e-3, 1e3))


def valley(logarithms: Floats) -> tuple[float, Floats]:
    """A narrow slanting ridge with its top at (2, 5), too low to see beside a billion."""
    curvature = np.array([[-1.0, 0.999], [0.999, -1.0]])
    aside = logarithms - np.log([2.0, 5.0])
    return float(1e9 + aside @ curvature @ aside / 2), curvature @ aside


def test_a_maximum_is_found_though_the_values_digits_are_noise() -> None:
    found = maximise(valley, (1.0, 1.0), WIDE)
    assert found == pytest.approx([2, 5], rel=1e-5)


def test_a_maximum_beyond_a_bound_is_sought_along_it() -> None:
    found = maximise(valley, (1.0, 1.0), ((1e-3, 1e3), (1e-3, 4.0)))
    assert found[1] == pytest.approx(4)
    assert found[0] == pytest.approx(2 * (4 / 5) ** 0.999, rel=1e-5)


def test_a_peak_without_a_slope_to_climb_is_no_maximum() -> None:
    def roof(logarithms: Floats) -> tuple[float, Floats]:
        aside = logarithms - np.log([2.0, 5.0])
        return -float(np.abs(aside).sum()), np.where(aside < 0, 1.0, -1.0)

    with pytest.raises(CannotFit) as failure:
        maximise(roof, (1.0, 1.0), WIDE)
    assert failure.value.reason == "no_maximum"


def test_what_is_no_number_is_no_maximum() -> None:
    with pytest.raises(CannotFit):
        maximise(lambda logarithms: (np.nan, np.full(2, np.nan)), (1.0, 1.0), WIDE)


def test_distinct_rows_are_counted_and_sorted() -> None:
    (first, second), counts = distinct(
        np.array([2.0, 1.0, 2.0, 1.0, 2.0]), np.array([5.0, 7.0, 4.0, 7.0, 5.0])
    )
    assert first.tolist() == [1, 2, 2]
    assert second.tolist() == [7, 4, 5]
    assert counts.tolist() == [2, 1, 2]


def test_nothing_has_no_distinct_rows() -> None:
    (column,), counts = distinct(np.array([]))
    assert column.tolist() == counts.tolist() == []
