"""Random draws over whole columns, reproducible from a seed and a name."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]
Rows: TypeAlias = dict[str, npt.NDArray[np.generic]]

#: An instant that has not happened; as a datetime64 it is "not a time".
NEVER = int(np.iinfo(np.int64).min)
#: An instant after everything.
ALWAYS_LATER = int(np.iinfo(np.int64).max)


def stream(seed: int, name: str, chunk: int = 0) -> np.random.Generator:
    """Return the generator of one part of one chunk, independent of all others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), chunk])


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> Ints:
    """Return `size` positions into `weights`, each as likely as its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").astype(np.int64)


def chance(rng: np.random.Generator, share: float | Floats, size: int) -> Flags:
    """Return `size` flags, each true with the probability `share`."""
    return np.asarray(rng.random(size) < share)


def within(rng: np.random.Generator, low: float, high: float, size: int) -> Ints:
    """Return `size` whole numbers spread evenly over [low, high)."""
    return np.asarray(low + rng.random(size) * (high - low)).astype(np.int64)


def positions(counts: Ints) -> Ints:
    """Return 0, 1, 2 … inside each group, for groups of the given sizes."""
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(starts(counts), counts)


def starts(counts: Ints) -> Ints:
    """Return where each group begins, for groups of the given sizes in a row."""
    return np.asarray(np.cumsum(counts) - counts)


def running(values: Ints, counts: Ints) -> Ints:
    """Return the running sum inside each group, the value itself included."""
    total = np.cumsum(values)
    before = np.concatenate([np.zeros(1, dtype=np.int64), total])[starts(counts)]
    return np.asarray(total - np.repeat(before, counts))


def lookup(words: Sequence[str | None]) -> Texts:
    """Return words as a column that whole columns of codes can index."""
    return np.array(list(words), dtype=object)


def where_true(flags: Flags, texts: Texts) -> Texts:
    """Return the texts where the flags are true, and null elsewhere."""
    known = texts.copy()
    known[~flags] = None
    return known
