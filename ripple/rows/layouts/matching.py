"""Which lines of a page have a layout, and the texts of their values. Pure.

A line matches if all its bytes but those of its values are the layout's: then it has the layout's keys, each once, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ripple.rows.layouts.pages import Bools, Bytes, Ints, Page
from ripple.rows.layouts.scanning import Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Lines of a page by their indexes, in order, and the texts of their values: all pieces of the lines in one array."""

    lines: Ints
    pieces: Any
    stride: int

    def texts(self, place: int) -> Any:
        """A string array: the values at one place, in the order of the lines."""
        at = np.arange(len(self.lines), dtype=np.int64) * self.stride + (1 + 2 * place)
        return self.pieces.take(pa.array(at))


def match(outline: Outline, page: Page, lines: Ints) -> Matched:
    """Those of `lines`, in order, that have the outline; none of them may be doubtful."""
    lines = lines[page.counts[lines] == outline.quotes]
    edges = _find_edges(outline, page, lines)
    lengths = np.diff(edges, axis=1)
    runs = np.array([len(run) for run in outline.runs])
    alike = (lengths[:, 0::2] == runs).all(axis=1) & (lengths >= 0).all(axis=1)
    if not alike.all():
        lines, edges = lines[alike], edges[alike]
    pieces = cut(page.data, edges)
    right = _have_runs(outline, pieces, edges.shape)
    if not right.all():
        lines, edges = lines[right], edges[right]
        pieces = cut(page.data, edges)
    return Matched(lines=lines, pieces=pieces, stride=edges.shape[1])


def _find_edges(outline: Outline, page: Page, lines: Ints) -> Any:
    """A row a line: its begin, begin and end of each value, its end. A value that ends before it begins is none."""
    edges = np.empty((len(lines), 2 * len(outline.slots) + 2), np.int32)
    edges[:, 0], edges[:, -1] = page.starts[lines], page.ends[lines]
    firsts = page.firsts[lines]
    for slot in outline.slots:
        at = 1 + 2 * slot.place
        quotes = page.quotes[firsts + slot.before]
        is_last = slot.before + 1 == outline.quotes
        following = page.ends[lines] if is_last else page.quotes[firsts + (slot.before + 1)]
        edges[:, at] = quotes + (1 if slot.is_text else slot.lead)
        edges[:, at + 1] = following - slot.trail
    return edges


def cut(data: Bytes, edges: Any) -> Any:
    """The pieces between all edges, without copying: runs and values in turn, and what is between two lines."""
    if not edges.size:
        return pa.array([], pa.string())
    flat = np.ascontiguousarray(edges).reshape(-1)
    buffers = [None, pa.py_buffer(flat), pa.py_buffer(data)]
    return pa.StringArray.from_buffers(len(flat) - 1, buffers[1], buffers[2])


def _have_runs(outline: Outline, pieces: Any, shape: tuple[int, int]) -> Bools:
    """Whether the runs of each line, which are as long as the outline's, are the outline's."""
    rows, stride = shape
    if not rows:
        return np.zeros(0, np.bool_)
    at = (np.arange(rows, dtype=np.int64) * stride)[:, None] + np.arange(0, stride, 2)
    runs = pieces.take(pa.array(at.reshape(-1)))
    expected = np.frombuffer(b"".join(outline.runs), np.uint8)
    found = np.frombuffer(runs.buffers()[2], np.uint8, rows * len(expected)).reshape(rows, len(expected))
    right: Bools = (found == expected).all(axis=1)
    return right
