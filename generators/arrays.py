"""Types of the columns that pass between modules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def within_groups(counts: Ints) -> Ints:
    """0, 1, 2 ... within each group: `[2, 0, 3]` gives `[0, 1, 0, 1, 2]`."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(starts, counts)


def sums_before(values: Ints, first: Bools) -> Ints:
    """Sum of the earlier values of the same group, where `first` marks each group's first element."""
    running = np.cumsum(values) - values
    heads = np.flatnonzero(first)
    return running - np.repeat(running[heads], np.diff(np.append(heads, len(values))))
