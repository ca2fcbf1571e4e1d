"""The tests of a column, one module a family; each module lists its `PREDICATES`."""

from kohorte.predicates import comparison, dates, lists, places, ranks, text
from kohorte.predicates.base import Predicate

#: Every predicate. Operators repeat (`between` of numbers, of dates): the type decides.
PREDICATES: tuple[type[Predicate], ...] = (
    *comparison.PREDICATES,
    *text.PREDICATES,
    *dates.PREDICATES,
    *lists.PREDICATES,
    *places.PREDICATES,
    *ranks.PREDICATES,
)

__all__ = ["PREDICATES", "Predicate"]
