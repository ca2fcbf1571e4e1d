"""Put the segments into an order in which each stands behind those that it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kohorte.segments.segment import Segment


class Circle(Exception):
    """Segments that use one another; `path` begins and ends with the same name."""

    def __init__(self, path: list[str]) -> None:
        self.path = path


def in_order(segments: Mapping[str, Segment]) -> list[Segment]:
    """Return the segments, each after those that it uses.

    Raises Circle when there is no such order.
    """
    ordered: dict[str, Segment] = {}
    for name in segments:
        path: list[str] = []
        pending: list[tuple[str, Iterator[str]]] = []
        _enter(name, segments, ordered, path, pending)
        while pending:
            used = next(pending[-1][1], None)
            if used is None:
                done, _ = pending.pop()
                path.pop()
                ordered[done] = segments[done]
            elif used in path:
                raise Circle([*path[path.index(used) :], used])
            else:
                _enter(used, segments, ordered, path, pending)
    return list(ordered.values())


def _enter(
    name: str,
    segments: Mapping[str, Segment],
    ordered: Mapping[str, Segment],
    path: list[str],
    pending: list[tuple[str, Iterator[str]]],
) -> None:
    if name not in ordered:
        path.append(name)
        pending.append((name, iter(segments[name].uses())))
