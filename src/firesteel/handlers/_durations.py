"""Durations: summed up one by one, and shown as a table, as text or as csv."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

__all__ = ["DurationSummary", "Durations", "as_csv", "as_text", "write_whole"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DurationSummary:
    """What many durations were like. All times are in seconds.

    Where there was no duration, the total is 0 and what cannot be said is NaN, with the index -1.

    Attributes:
        count: How many there were.
        total_s: Their sum.
        min_s: The shortest.
        min_index: Which one that was, from 0; the first of equal ones.
        max_s: The longest.
        max_index: Which one that was, from 0; the first of equal ones.
        mean_s: Their mean.
        std_s: Their standard deviation, by ``count - 1``; 0 where there was one.
    """

    count: int
    total_s: float
    min_s: float
    min_index: int
    max_s: float
    max_index: int
    mean_s: float
    std_s: float


@final
class Durations:
    """Sums durations up as they come; its size does not grow.

    Source:
        Welford, "Note on a method for calculating corrected sums of squares and products",
        Technometrics 4(3), 1962.
    """

    __slots__ = ("_count", "_max_index", "_max_s", "_mean_s", "_min_index", "_min_s", "_squares")

    def __init__(self) -> None:
        self._count = 0
        self._mean_s = self._squares = 0.0
        self._min_s, self._max_s = math.inf, -math.inf
        self._min_index = self._max_index = -1

    def add(self, elapsed_s: float) -> None:
        """Take one more duration, in seconds."""
        index = self._count
        self._count += 1
        difference = elapsed_s - self._mean_s
        self._mean_s += difference / self._count
        self._squares += difference * (elapsed_s - self._mean_s)
        if elapsed_s < self._min_s:
            self._min_s, self._min_index = elapsed_s, index
        if elapsed_s > self._max_s:
            self._max_s, self._max_index = elapsed_s, index

    def summary(self) -> DurationSummary:
        """Give what the durations so far were like."""
        is_empty = self._count == 0
        return DurationSummary(
            count=self._count,
            total_s=self._mean_s * self._count,
            min_s=math.nan if is_empty else self._min_s,
            min_index=self._min_index,
            max_s=math.nan if is_empty else self._max_s,
            max_index=self._max_index,
            mean_s=math.nan if is_empty else self._mean_s,
            std_s=math.nan if is_empty else math.sqrt(self._squares / max(self._count - 1, 1)),
        )


def as_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give a table in columns; numbers stand on the right, at six digits."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    is_number = [
        all(_is_numeric(cell) for cell in column) for column in zip(*cells, strict=True)
    ] or [False] * len(head)
    lines = [list(head), ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    )


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give a table as comma-separated values, numbers in full."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place and then move it there, so that it is never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return "-" if math.isnan(cell) else f"{cell:.6g}"
    return str(cell)


def _is_numeric(cell: str) -> bool:
    return bool(cell) and (cell == "-" or cell.lstrip("-")[:1].isdigit())
