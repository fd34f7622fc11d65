"""Run a bootstrap: draw, fit again block by block, and collect every quantity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.progress import shown
from csimodels.refit import Recipe, Refitted, refit
from csimodels.resample import MomentStack, Rows, Units, blocks_of, bootstrap_stack, jackknife_stack

if TYPE_CHECKING:
    from csimodels.estimators.estimate import Estimate
    from csimodels.estimators.pls_estimate import PLSEstimate

__all__ = ["Drawn", "jackknifed", "resampled"]

Array = NDArray[Any]


class Drawn(NamedTuple):
    """Quantities (rows, kept members) by key, and how many members failed or are inadmissible."""

    samples: dict[str, Array]
    n_failed: int
    n_inadmissible: int


def resampled(
    estimate: Estimate | PLSEstimate, recipe: Recipe, rows: Rows, units: Units, n_boot: int, seed: int, n_jobs: int, transform: Array | None
) -> Drawn:
    """Return every quantity of ``n_boot`` resamples.

    Blocks of members and their random streams depend on ``n_boot`` and ``seed`` alone, so that the numbers are the same for any ``n_jobs``.
    """
    blocks = blocks_of(n_boot)
    streams = np.random.default_rng(seed).spawn(len(blocks))
    one = partial(_block, estimate, recipe, rows, units, transform)
    tasks = [(rng, stop - start) for rng, (start, stop) in zip(streams, blocks, strict=True)]
    with one_thread():
        return _collected(shown(_done(one, tasks, n_jobs), n_boot, lambda block: len(block.ok)))


def _block(
    estimate: Estimate | PLSEstimate,
    recipe: Recipe,
    rows: Rows,
    units: Units,
    transform: Array | None,
    rng: np.random.Generator,
    members: int,
) -> Refitted:
    """Return one block of resamples."""
    stack = bootstrap_stack(rows, units, rng, members)
    return refit(estimate, recipe, stack if transform is None else transformed(stack, transform))


def transformed(stack: MomentStack, A: Array) -> MomentStack:
    """Return moments whose covariances are A S A' (Bollen & Stine 1992, doi:10.1177/0049124192021002004)."""
    cov = np.einsum("ijb,kj->ikb", np.einsum("ij,jkb->ikb", A, stack.cov), A)
    return stack._replace(cov=cov)


def _done(one: Any, tasks: list[tuple[np.random.Generator, int]], n_jobs: int) -> Iterator[Refitted]:
    """Yield the blocks in order, computed by one thread or more."""
    if n_jobs == 1 or len(tasks) == 1:
        yield from (one(*task) for task in tasks)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(delayed(one)(*task) for task in tasks)


def _collected(done: Iterator[Refitted]) -> Drawn:
    """Return the members that converged, side by side; the others are counted."""
    parts, failed, improper = list[dict[str, Array]](), 0, 0
    for block in done:
        parts.append({key: value if block.ok.all() else value[:, block.ok] for key, value in block.values.items()})
        failed += int((~block.ok).sum())
        improper += int((block.ok & ~block.proper).sum())
    return Drawn({key: np.concatenate([part[key] for part in parts], axis=1) for key in parts[0]}, failed, improper)


def jackknifed(estimate: Estimate | PLSEstimate, recipe: Recipe, rows: Rows, units: Units) -> dict[str, Array]:
    """Return every quantity with one unit left out at a time, NaN where a fit failed."""
    with one_thread():
        found = refit(estimate, recipe, jackknife_stack(rows, units))
    return {key: np.where(found.ok, value, np.nan) for key, value in found.values.items()}
