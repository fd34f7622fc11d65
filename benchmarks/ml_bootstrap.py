"""The ML bootstrap of the ACSI-shaped model on the real ECSI survey, end to end, beside semopy and lavaan."""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

import csimodels as csi
from benchmarks import floors
from benchmarks.peers import natural_text, semopy_loop
from benchmarks.pls_bootstrap import tables
from benchmarks.r_peers import lavaan_seconds
from benchmarks.race import Side, clocked, race
from csimodels.bootstrapped import Bootstrap
from csimodels.estimators.ml import minimise_near

RESAMPLES, THAN_SEMOPY, THAN_LAVAAN = 1000, 50, 30


def resamples(data: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield bootstrap samples without end."""
    rng = np.random.default_rng(1)
    while True:
        yield data.iloc[rng.integers(0, len(data), len(data))]


def whole(spec: csi.ModelSpec, data: pd.DataFrame) -> Bootstrap:
    """Fit, bootstrap, and compute every table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        boot = csi.fit(spec, data, engine="native").bootstrap(data, n_boot=RESAMPLES, seed=1)
    tables(boot)
    return boot


def run() -> None:
    """Print the race, then the shares of resamples without a proper solution."""
    spec, data = csi.load_model("ecsi_mobile_2005").without("image"), csi.load_mobi()
    text, drawn = natural_text(spec), resamples(data[list(spec.items)])
    ours = Side("csimodels, fit + bootstrap + tables", clocked(lambda: whole(spec, data)), RESAMPLES)
    others = [
        Side("semopy, loop of fresh models", clocked(lambda: semopy_loop(text, (next(drawn) for _ in range(6)))), 6, THAN_SEMOPY),
        Side("lavaan, bootstrapLavaan", lambda: lavaan_seconds(spec, data, 20), 20, THAN_LAVAAN),
        *bare(spec, data, drawn),
    ]
    race("ML bootstrap, ACSI-shaped model, ECSI survey (250 x 19), every table with intervals", "resamples", ours, others)
    boot = whole(spec, data)
    failed, improper = boot.n_failed / boot.n_boot, boot.n_inadmissible / boot.n_boot
    print(f"Resamples that did not converge (left out): {failed:.1%}; inadmissible (kept): {improper:.1%}")


def bare(spec: csi.ModelSpec, data: pd.DataFrame, drawn: Iterator[pd.DataFrame]) -> list[Side]:
    """Return the kernel alone, and the linear algebra of as many evaluations as it takes."""
    values, own = data[list(spec.items)].to_numpy(), csi.fit(spec, data, engine="native").estimate
    S = np.stack([np.cov(next(drawn).to_numpy().T, bias=True) for _ in range(RESAMPLES)])
    H = floors.definite(RESAMPLES, own.layout.q)
    mean = minimise_near(own.layout, S, own.x, own.S).evaluations.mean()
    sums, evaluation = clocked(lambda: floors.resampled_moments(values, RESAMPLES)), clocked(lambda: floors.evaluation(S, H))
    kernel = clocked(lambda: minimise_near(own.layout, S, own.x, own.S))
    return [
        Side("native kernel alone, estimates", kernel, RESAMPLES, floor=True),
        Side(f"floor: sums, LAPACK x {mean:.1f} evaluations", lambda: sums() + mean * evaluation(), RESAMPLES, floor=True),
    ]
