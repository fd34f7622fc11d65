"""An outcome where expectations were missed, met and exceeded, and in narrower bands of the gap."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.gap_tests import mean_interval, shares

__all__ = ["band_table", "zone_table"]

Array = NDArray[np.float64]
ZONES = {"loss": -1.0, "neutral": 0.0, "gain": 1.0}
LEAST, FEW_VALUES, BANDS_A_SIDE = 10, 10, 8


def zone_table(gap: Array, y: Array, level: float) -> pd.DataFrame:
    """Return how many respondents are at each side of zero, and their mean outcome."""
    side = np.sign(gap)
    table = shares({name: int((side == s).sum()) for name, s in ZONES.items()}, level, "zone")
    means = [mean_interval(y[side == s], level) for s in ZONES.values()]
    return table.assign(**dict(zip(("mean_outcome", "outcome_ci_lower", "outcome_ci_upper"), np.array(means).T, strict=True)))


def band_table(gap: Array, y: Array, level: float) -> pd.DataFrame:
    """Return the mean outcome by bands of the gap, which do not cross zero.

    On a side with at most ten different gaps each is a band of its own, on others there are about eight bands; a band with fewer than ten
    respondents is joined with its neighbour further in.
    """
    side, rows = np.sign(gap), []
    for s in ZONES.values():
        own, answers = gap[side == s], y[side == s]
        band = _bands(np.abs(own)) if s else np.zeros(len(own), dtype=int)
        for k in range(int(band.max(initial=-1)) + 1):
            inside = own[band == k]
            rows.append((inside.mean(), inside.min(), inside.max(), len(inside), *mean_interval(answers[band == k], level)))
    table = pd.DataFrame(rows, columns=["gap", "lowest", "highest", "n", "mean_outcome", "ci_lower", "ci_upper"])
    return table.sort_values("gap", ignore_index=True)


def _bands(size: Array) -> NDArray[np.int_]:
    """Return the band of each gap of one side, counted from zero outwards."""
    values, place, counts = np.unique(size, return_inverse=True, return_counts=True)
    enough = LEAST if len(values) <= FEW_VALUES else max(LEAST, len(size) / BANDS_A_SIDE)
    band, filled = np.zeros(len(values), dtype=int), 0
    for k, count in enumerate(counts):
        band[k] = band[k - 1] + (filled >= enough) if k else 0
        filled = count + (0 if filled >= enough else filled)
    if filled < LEAST:
        band[band == band[-1]] = max(band[-1] - 1, 0)
    return np.asarray(band[place])
