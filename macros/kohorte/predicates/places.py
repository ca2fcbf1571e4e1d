"""Tests of a place: the distance from a point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Column, Type
from kohorte.predicates.base import Predicate, Scope, Subject, literal

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

#: Mean radius of the earth in kilometres (IUGG).
EARTH_RADIUS_KM = "6371.0088"
_KM_PER_UNIT = {"km": Decimal(1), "m": Decimal("0.001")}
_DISTANCE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) *(km|m)")


@dataclass(frozen=True)
class Near(Predicate):
    """`near`: at most so far from a point, by the haversine formula on a sphere."""

    operators = ("near",)
    types = frozenset({Type.PLACE})

    latitude: int | Decimal
    longitude: int | Decimal
    kilometres: Decimal

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read `{lat: 48.2, lon: 16.37, within: 25 km}`."""
        fields = reader.fields(node, required=("lat", "lon", "within"))
        latitude, longitude = (reader.number(fields[name]) for name in ("lat", "lon"))
        if not -90 <= latitude <= 90:
            raise reader.fail(fields["lat"], f"{latitude} is no latitude", "-90 to 90")
        if not -180 <= longitude <= 180:
            raise reader.fail(fields["lon"], f"{longitude} is no longitude", "-180 to 180")
        text = reader.text(fields["within"])
        found = _DISTANCE.fullmatch(text)
        if not found:
            raise reader.fail(fields["within"], "not a distance", "25 km or 500 m")
        return cls(latitude, longitude, Decimal(found[1]) * _KM_PER_UNIT[found[2]])

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a point and a distance."""
        parts = {
            "lat": shapes.described(shapes.number(minimum=-90, maximum=90), "Degrees north."),
            "lon": shapes.described(shapes.number(minimum=-180, maximum=180), "Degrees east."),
            "within": shapes.pattern(_DISTANCE.pattern, "25 km", "500 m"),
        }
        near = shapes.fields(parts, required=parts)
        return shapes.described(near, "At most so far from a point.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return 2 r asin(sqrt(hav(lat) + cos cos hav(lon))) <= distance."""
        parts = subject.column.parts
        assert parts is not None
        latitude, longitude = (scope.column(part) for part in parts)
        point = literal(self.latitude)
        chord: exp.Expr = exp.Add(
            this=_haversine(latitude, point),
            expression=exp.Mul(
                this=exp.Mul(this=_cos(latitude), expression=_cos(point)),
                expression=_haversine(longitude, literal(self.longitude)),
            ),
        )
        bounded = exp.func("least", exp.Literal.number("1.0"), chord)
        angle = exp.func("asin", exp.func("sqrt", bounded))
        diameter = exp.Literal.number(str(2 * Decimal(EARTH_RADIUS_KM)))
        distance = exp.Mul(this=diameter, expression=angle)
        return exp.LTE(this=distance, expression=literal(self.kilometres))

    def words(self) -> str:
        """Say `is within 25 km of (48.2, 16.37)`."""
        return f"is within {self.kilometres} km of ({self.latitude}, {self.longitude})"


def _cos(degrees: exp.Expr) -> exp.Expr:
    return exp.func("cos", exp.func("radians", degrees.copy()))


def _haversine(first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """Return sin²(half the difference)."""
    difference = exp.paren(exp.Sub(this=first.copy(), expression=second.copy()))
    half = exp.Div(this=exp.func("radians", difference), expression=literal(2))
    return exp.func("power", exp.func("sin", half), literal(2))


PREDICATES = (Near,)
