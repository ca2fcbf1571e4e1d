"""The parameters of both models as one row of a table."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import numpy.typing as npt

from kohorte.value import bg_nbd, gamma_gamma
from kohorte.value.maximum import CannotFit

#: As many as the data support, so that a late row does not move everybody's prediction.
SIGNIFICANT_DIGITS = 4
LIKELIHOOD_DECIMALS = 2
ORDER_PARAMETERS = ("order_rate_r", "order_rate_alpha", "dropout_a", "dropout_b")
VALUE_PARAMETERS = ("value_p", "value_q", "value_gamma")
#: The columns of the row and their types.
COLUMNS = {
    "order_reason": "varchar",
    "value_reason": "varchar",
    **dict.fromkeys(ORDER_PARAMETERS, "double"),
    "order_log_likelihood": "double",
    **dict.fromkeys(VALUE_PARAMETERS, "double"),
    "value_log_likelihood": "double",
}


def fit_row(
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    mean_value: npt.ArrayLike,
) -> dict[str, str | float | None]:
    """Return a value for each of COLUMNS, fitted to one number a customer each.

    `frequency`, `recency` and `age` are those of `bg_nbd`, `mean_value` that of
    `gamma_gamma`. Where there are no parameters they are None, and the column with the
    reason says why. The order of the customers makes no difference.
    """
    row: dict[str, str | float | None] = dict.fromkeys(COLUMNS)
    try:
        orders = bg_nbd.fit(frequency, recency, age)
    except CannotFit as failure:
        row["order_reason"] = failure.reason
    else:
        row.update(zip(ORDER_PARAMETERS, map(rounded, astuple(orders)), strict=True))
        likelihood = bg_nbd.log_likelihood(orders, frequency, recency, age)
        row["order_log_likelihood"] = round(likelihood, LIKELIHOOD_DECIMALS)
    try:
        values = gamma_gamma.fit(frequency, mean_value)
    except CannotFit as failure:
        row["value_reason"] = failure.reason
    else:
        row.update(zip(VALUE_PARAMETERS, map(rounded, astuple(values)), strict=True))
        likelihood = gamma_gamma.log_likelihood(values, frequency, mean_value)
        row["value_log_likelihood"] = round(likelihood, LIKELIHOOD_DECIMALS)
    return row


def rounded(number: float) -> float:
    """Return a number with four significant digits."""
    return float(np.format_float_scientific(number, SIGNIFICANT_DIGITS - 1))
