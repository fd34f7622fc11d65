"""Heterotrait-monotrait ratios as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.heat import CERTAIN, DOUBTFUL, draw_cells, explain_frames, frame_cells, say_nothing
from csimodels.report.plots import title_with_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["LIMITS", "draw_htmt"]

LIMITS = (0.85, 0.90)


def draw_htmt(result: CSIResults, table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the ratio of every pair of constructs below the diagonal; frames mark those above the limits.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        Constructs by constructs, symmetric; NaN where there is no ratio.
    ax : Axes
        Where to draw.
    """
    title_with_verdict(result, ax)
    values = np.where(np.tri(len(table), k=-1, dtype=bool), table.to_numpy(dtype=float), np.nan)
    if not np.isfinite(values).any():
        return say_nothing(ax, "No two constructs with a ratio.")
    ax.set_xlabel("Heterotrait-monotrait ratio (HTMT)")
    names, (low, high) = list(map(str, table.index)), LIMITS
    with np.errstate(invalid="ignore"):
        doubtful, certain = (values > low) & ~(values > high), values > high
    letters = draw_cells(ax, values, names, names, (0.0, 1.0), doubtful | certain)
    frame_cells(ax, doubtful, DOUBTFUL, letters)
    frame_cells(ax, certain, CERTAIN, letters)
    explain_frames(ax, [(DOUBTFUL, f"above {low:.2f}"), (CERTAIN, f"above {high:.2f}")])
    return ax
