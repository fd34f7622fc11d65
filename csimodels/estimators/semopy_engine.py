"""The semopy engine: write an equivalent model under safe names, fit it, read the estimates back.

semopy and sympy parse strings, so that only names made here ever reach them.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.matrices import Layout
from csimodels.partable import ParameterTable

__all__ = ["SemopyFit", "expressible", "fit_semopy", "semopy_text"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SemopyFit:
    """What semopy found, before polishing.

    Attributes
    ----------
    model : semopy.Model
        The fitted model, under safe names.
    x : array (q,)
        Its free parameters.
    F : float
        Its discrepancy.
    success : bool
        Its optimiser's own flag.
    message : str
        Its optimiser's own words.
    """

    model: Any
    x: Array
    F: float
    success: bool
    message: str


def expressible(table: ParameterTable) -> str:
    """Return why semopy cannot express a model, or an empty string.

    semopy needs a first loading fixed at one for every construct: without a marker it fixes another loading silently or never ends. It
    has no place for a covariance between a construct and an observed outcome, nor for composites.
    """
    formed = next((r.lhs for r in table.rows if r.op == "<~"), "")
    if formed:
        return f"construct {formed!r} is a composite of its indicators"
    for c in table.latent:
        rows = [r for r in table.rows if r.op == "=~" and r.lhs == c]
        if not rows or rows[0].free or rows[0].value != 1.0:
            return f"construct {c!r} has no marker indicator"
    if not table.n_free:
        return "the model has no free parameters"
    if not any(r.op in ("=~", "~") for r in table.rows):
        return "the model has covariances alone"
    sources = {r.rhs for r in table.rows if r.op == "~"}
    for r in table.rows:
        ends = {r.lhs, r.rhs}
        if r.op == "~~" and len(ends) == 2 and len(ends & set(table.latent)) == 1 and not (ends & set(table.observed)) <= sources:
            return f"a covariance joins {r.lhs!r} and {r.rhs!r}, a construct and an observed outcome"
    return ""


@lru_cache(maxsize=64)
def semopy_text(table: ParameterTable, values: tuple[float, ...]) -> str:
    """Write a model in semopy's syntax.

    Every free parameter is named ``p1`` .. ``pq`` and every fixed one is written out, zero covariances included. A construct in a path
    that is measured by one item without error is written as that item: semopy's handling of zero error variances is wrong.

    Parameters
    ----------
    table : ParameterTable
        The model.
    values : tuple of float
        K parameter values, used for fixed parameters only.
    """
    safe = safe_names(table)
    lines = []
    for row, value in zip(table.rows, values, strict=True):
        left, right = safe[row.lhs], safe[row.rhs]
        if left == right and row.op == "=~":
            continue
        if row.lhs == row.rhs and _is_exact(table, row.lhs):
            continue
        factor = f"p{row.free}" if row.free else repr(value)
        lines.append(f"{left} {row.op} {factor}*{right}")
    return "\n".join(lines + _zero_covariances(table, safe))


def safe_names(table: ParameterTable) -> dict[str, str]:
    """Return a safe internal name for each construct and item."""
    safe = {name: f"x{k}" for k, name in enumerate(table.observed, start=1)}
    for k, c in enumerate(table.latent, start=1):
        item = _exact_item(table, c)
        safe[c] = safe[item] if item else f"eta{k}"
    return safe


def _exact_item(table: ParameterTable, construct: str) -> str:
    """Return the item that a construct equals, or an empty string.

    semopy takes an item as structural only if it explains something, or is explained without residual covariances.
    """
    rows = [r for r in table.rows if r.op == "=~" and r.lhs == construct]
    is_source = any(r.op == "~" and construct == r.rhs for r in table.rows)
    is_target = any(r.op == "~" and construct == r.lhs for r in table.rows)
    covaries = any(r.op == "~~" and r.lhs != r.rhs and construct in (r.lhs, r.rhs) for r in table.rows)
    if len(rows) != 1 or rows[0].rhs not in table.observed or not (is_source or (is_target and not covaries)):
        return ""
    error = next((r for r in table.rows if r.op == "~~" and r.lhs == r.rhs == rows[0].rhs), None)
    return rows[0].rhs if error is not None and not error.free and error.value == 0.0 else ""


def _is_exact(table: ParameterTable, name: str) -> bool:
    """Return whether an item stands for its construct, so that it has no error variance of its own."""
    return any(r.op == "=~" and r.rhs == name and _exact_item(table, r.lhs) == name for r in table.rows)


def _zero_covariances(table: ParameterTable, safe: dict[str, str]) -> list[str]:
    """Fix at zero the exogenous covariances that the model does not have, which semopy would add by itself."""
    targets = {r.lhs for r in table.rows if r.op == "~"} | {r.rhs for r in table.rows if r.op == "=~"}
    sources = {r.rhs for r in table.rows if r.op == "~"}
    exogenous = [n for n in (*table.latent, *table.observed) if n not in targets and (n in table.latent or n in sources)]
    given = {frozenset((r.lhs, r.rhs)) for r in table.rows if r.op == "~~"}
    pairs = [(a, b) for i, a in enumerate(exogenous) for b in exogenous[i + 1 :] if frozenset((a, b)) not in given]
    return [f"{safe[a]} ~~ 0.0*{safe[b]}" for a, b in pairs]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep semopy's log lines and warnings back: what matters of them is in its flag and message, which are reported."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def fit_semopy(table: ParameterTable, lay: Layout, full: Array, S: Array, n: int, rows: Array | None) -> SemopyFit:
    """Fit a model by a fresh ``semopy.Model`` under one BLAS thread.

    Parameters
    ----------
    table, lay : ParameterTable, Layout
        The model.
    full : array (K,)
        Parameter values, used for fixed parameters only.
    S : array (p, p)
        Sample covariance matrix, used where there are no rows.
    n : int
        Number of rows.
    rows : array (n, p) or None
        The data.
    """
    import pandas as pd
    import semopy

    names = [f"x{k}" for k in range(1, lay.p + 1)]
    with one_thread("semopy"), _quiet(), np.errstate(all="ignore"):
        model = semopy.Model(semopy_text(table, tuple(full.tolist())))
        if rows is None:
            result = model.fit(cov=pd.DataFrame(S, index=names, columns=names), n_samples=n)
        else:
            result = model.fit(pd.DataFrame(rows, columns=names))
    place = {name: k for k, name in enumerate(name for name, parameter in model.parameters.items() if parameter.active)}
    x = model.param_vals[[place[f"p{k}"] for k in range(1, lay.q + 1)]]
    return SemopyFit(model, x, float(result.fun), bool(result.success), str(result.message))
