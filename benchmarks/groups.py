"""A thousand groups in one call, end to end, beside loops of semopy and seminr fits."""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

import csimodels as csi
from benchmarks import floors
from benchmarks.peers import natural_text, seminr_loop, semopy_loop
from benchmarks.race import Side, clocked, race
from csimodels.estimators.matrices import layout
from csimodels.grouped import GroupedResults
from csimodels.partable import expand

GROUPS, ROWS, MODEL = 1000, 250, "acsi_1996"


def survey() -> pd.DataFrame:
    """Return a survey of a thousand firms."""
    data = csi.simulate(MODEL, n=GROUPS * ROWS, seed=1)
    return data.assign(firm=[f"firm {row // ROWS:04d}" for row in range(len(data))])


def firms(data: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the rows of one firm after another."""
    for start in range(0, len(data), ROWS):
        yield data.iloc[start : start + ROWS]


def whole(data: pd.DataFrame, estimator: str) -> GroupedResults:
    """Fit all firms and compute the tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = csi.fit_by(MODEL, data, by="firm", estimator=estimator)
    _ = found.index, found.table, found.groups, found.failures
    return found


def run() -> None:
    """Print one race for each estimator."""
    data, spec = survey(), csi.load_model(MODEL)
    text, one_by_one = natural_text(spec), firms(data[list(spec.items)])
    values = data[list(spec.items)].to_numpy()
    semopy = Side("semopy, loop of fresh models", clocked(lambda: semopy_loop(text, (next(one_by_one) for _ in range(4)))), 4)
    seminr = Side("seminr (Python), loop of estimate_pls", clocked(lambda: seminr_loop(spec, (next(one_by_one) for _ in range(4)))), 4)
    sums = Side("floor: products of the rows", clocked(lambda: floors.group_moments(values, GROUPS)), GROUPS, floor=True)
    for estimator, others in (("ml", [semopy, _scoring(data, values)]), ("pls", [seminr, semopy, sums])):
        ours = Side("csimodels, fit_by + tables", clocked(lambda e=estimator: whole(data, e)), GROUPS)
        race(f"{estimator.upper()}, {GROUPS:,} groups of {ROWS} rows, ACSI model ({len(spec.items)} items)", "groups", ours, others)


def _scoring(data: pd.DataFrame, values: np.ndarray) -> Side:
    """Return the products of the rows and the linear algebra of as many evaluations as the groups take."""
    mean = whole(data, "ml").groups["evaluations"].mean()
    S, H = floors.definite(GROUPS, values.shape[1]), floors.definite(GROUPS, layout(expand(csi.load_model(MODEL))).q)
    sums, evaluation = clocked(lambda: floors.group_moments(values, GROUPS)), clocked(lambda: floors.evaluation(S, H))
    return Side(f"floor: sums, LAPACK x {mean:.1f} evaluations", lambda: sums() + mean * evaluation(), GROUPS, floor=True)
