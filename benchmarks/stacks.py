"""A thousand resamples: our kernel on one stack beside a loop of semopy fits."""

import time

import numpy as np

import csimodels as csi
from benchmarks.one_fit import natural_text, semopy_alone
from csimodels.blas import one_thread
from csimodels.estimators.matrices import layout
from csimodels.estimators.ml import minimise
from csimodels.estimators.starts import start
from csimodels.partable import expand

RESAMPLES, LOOP = 1000, 10


def run() -> None:
    """Print milliseconds per resample."""
    spec, data = csi.load_model("ecsi_mobile_2005").without("image"), csi.load_mobi()
    table = expand(spec)
    values = data[list(spec.items)].to_numpy()
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(values), (RESAMPLES, len(values)))
    with one_thread():
        began = time.perf_counter()
        S = np.stack([np.cov(values[rows].T, bias=True) for rows in draws])
        solution = minimise(layout(table), S, start(table, layout(table), S), tol=1e-8, max_evaluations=25)
        ours = (time.perf_counter() - began) / RESAMPLES * 1e3
    text = natural_text(spec)
    began = time.perf_counter()
    for rows in draws[:LOOP]:
        semopy_alone(text, data.iloc[rows])
    theirs = (time.perf_counter() - began) / LOOP * 1e3
    print(f"\nResamples of the ACSI-shaped model, estimates alone\n{'loop of semopy fits':44s} {theirs:6.2f} ms each")
    print(f"{'native kernel on a stack of 1,000':44s} {ours:6.2f} ms each   {theirs / ours:.1f} x faster")
    print(f"{'':44s} {np.mean(solution.converged):.1%} converged within 25 evaluations")
