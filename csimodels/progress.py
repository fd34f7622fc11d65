"""A progress bar for what takes longer than a second."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["shown"]

T = TypeVar("T")
PATIENCE = 1.0


def shown(done: Iterable[T], total: int, members: Callable[[T], int]) -> Iterator[T]:
    """Pass blocks of resamples on, with a progress bar once a second has gone by.

    Parameters
    ----------
    done : iterable
        Blocks as they are computed.
    total : int
        Resamples in all blocks together.
    members : callable
        How many resamples a block holds.
    """
    begun, bar, count = time.perf_counter(), None, 0
    for block in done:
        count += members(block)
        if bar is None and count < total and time.perf_counter() - begun > PATIENCE:
            bar = _bar(total)
        if bar is not None:
            bar.update(count - bar.n)
        yield block
    if bar is not None:
        bar.close()


def _bar(total: int) -> Any:
    """Return a progress bar on the error stream: a widget in Jupyter where there are widgets, text elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm
    return tqdm(total=total, unit=" resamples", leave=False)
