"""One fit to answers that are missing or ordered, beside lavaan: full-information likelihood and weighted least squares."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import csimodels as csi
from benchmarks.one_fit import asked_for
from benchmarks.r_peers import lavaan_fit_seconds
from benchmarks.race import Side, clocked, race

ORACLE = Path(__file__).parents[1] / "tests" / "oracle"
FIML_THAN_LAVAAN, WLSMV_THAN_LAVAAN, BEST_OF = 30, 10, 3
FIVE = dict(zip(range(1, 11), [1, 1, 1, 1, 1, 2, 3, 4, 5, 5], strict=True))


def model_of(case: str) -> str:
    """Return the model of an oracle as a lavaan user writes it."""
    text: str = json.loads((ORACLE / "json" / f"{case}.json").read_text())["model"]
    return text


def with_holes() -> pd.DataFrame:
    """Return the ECSI survey without the answers that the mask of the tests takes out."""
    data = csi.load_mobi().astype(float)
    for column, rows in json.loads((ORACLE / "masks" / "mobi_missing10.json").read_text())["missing_rows_by_column"].items():
        data.loc[data.index[rows], column] = np.nan
    return data


def quietly(spec: csi.ModelSpec, data: pd.DataFrame, options: dict[str, Any]) -> None:
    """Fit, and compute the parameter table, fit measures and the index."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked_for(csi.fit(spec, data, engine="native", **options))


def best(seconds: Callable[[], float]) -> float:
    """Return the fastest of a few runs, as lavaan's script does."""
    return min(seconds() for _ in range(BEST_OF))


def beside_lavaan(title: str, model: str, data: pd.DataFrame, options: dict[str, Any], theirs: str, target: float) -> None:
    """Print one race; theirs is what lavaan's call takes beyond model and data."""
    spec = csi.ModelSpec.from_lavaan(model, scale=(1, data.max(axis=None)))
    own = data[list(spec.items)]
    run = clocked(lambda: quietly(spec, own, options))
    ours = Side("csimodels, fit + tables", lambda: best(run), 1)
    race(title, "fits", ours, [Side("lavaan, sem() alone", lambda: lavaan_fit_seconds(model, own, theirs, BEST_OF), 1, target)])


def run() -> None:
    """Print the race under missing answers, then the one of ordered answers."""
    data = with_holes()
    model = model_of("b6_acsi_fiml_missing10")
    share = data[list(csi.ModelSpec.from_lavaan(model).items)].isna().to_numpy().mean()
    title = f"FIML, ACSI-shaped model, ECSI survey (250 x 19), {share:.0%} of answers missing, best of {BEST_OF}"
    beside_lavaan(title, model, data, {"missing": "fiml"}, 'missing = "fiml"', FIML_THAN_LAVAAN)
    title = f"WLSMV, three constructs, ECSI survey in five categories (250 x 10), best of {BEST_OF}"
    five, ordered = csi.load_mobi().replace(FIVE), 'ordered = names(data), estimator = "WLSMV"'
    beside_lavaan(title, model_of("b18_qvs_ordinal_wlsmv"), five, {"estimator": "wlsmv", "ordinal": True}, ordered, WLSMV_THAN_LAVAAN)
