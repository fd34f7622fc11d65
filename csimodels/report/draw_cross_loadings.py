"""Cross-loadings as a heat map: every item with every construct."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.report.heat import CERTAIN, DOUBTFUL, draw_cells, frame_cells
from csimodels.report.plots import title_with_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["draw_cross_loadings"]


def draw_cross_loadings(result: CSIResults, table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the correlation of every item with every construct; an item's own construct is framed, and dashed what is above it.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        Items by constructs.
    ax : Axes
        Where to draw.
    """
    title_with_verdict(result, ax)
    values = table.to_numpy(dtype=float)
    own = _own(result, table)
    with np.errstate(invalid="ignore"):
        weakest = np.where(own, np.abs(values), np.inf).min(axis=1, keepdims=True)
        above = ~own & (np.abs(values) > weakest)
    note = "\ndashed: above the own construct" if above.any() else ""
    ax.set_xlabel(f"Correlation of items and constructs\nframed: the item's own construct{note}")
    letters = draw_cells(ax, values, list(map(str, table.index)), list(map(str, table.columns)), (-1.0, 1.0), own | above)
    frame_cells(ax, own, CERTAIN, letters)
    frame_cells(ax, above, DOUBTFUL, letters)
    return ax


def _own(result: CSIResults, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which cells join an item with a construct that it belongs to."""
    items = {c.name: set(c.items) for c in result.spec.constructs}
    return np.array([[row in items.get(str(column), ()) for column in table.columns] for row in table.index], dtype=bool)
