"""What a model leaves of the covariances of the items, as a heat map."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names
from csimodels.report.heat import CERTAIN, draw_cells, explain_frames, frame_cells, say_nothing
from csimodels.report.plots import title_with_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["LIMITS", "draw_residuals"]

# A correlation that is .10 off is worth a look; normalised and standardised residuals are read as z values.
LIMITS = {"cor": 0.10, "cor.bentler": 0.10, "normalized": 1.96, "standardized": 1.96}
NAMES = {
    "cor": "Residual correlation",
    "cor.bentler": "Residual correlation (Bentler)",
    "raw": "Residual covariance",
    "normalized": "Normalised residual",
    "standardized": "Standardised residual",
}


def draw_residuals(result: CSIResults, table: pd.DataFrame, kind: str, ax: Axes) -> Axes:
    """Draw the residual of every pair of items below the diagonal; frames mark those beyond the limit, lines part the constructs.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        Items by items.
    kind : str
        Which residuals; those of "cor" have no diagonal.
    ax : Axes
        Where to draw.
    """
    title_with_verdict(result, ax)
    blocks = _blocks(result)
    names = [item for _, items in blocks for item in items]
    lower = np.tri(len(names), k=-1 if kind == "cor" else 0, dtype=bool)
    values = np.where(lower, table.loc[names, names].to_numpy(dtype=float), np.nan)
    found = np.abs(values[np.isfinite(values)])
    if not found.size:
        return say_nothing(ax, "No two items with a residual.")
    limit = LIMITS.get(kind, np.inf)
    ax.set_xlabel(f"{NAMES[kind]}: observed less implied")
    _part(ax, blocks, len(names))
    end = max(float(found.max()), limit if np.isfinite(limit) else 0.0) or 1.0
    with np.errstate(invalid="ignore"):
        beyond = np.abs(values) > limit
    letters = draw_cells(ax, values, names, names, (-end, end), beyond)
    frame_cells(ax, beyond, CERTAIN, letters)
    if np.isfinite(limit):
        explain_frames(ax, [(CERTAIN, f"beyond ±{limit:.2f}")])
    return ax


def _blocks(result: CSIResults) -> list[tuple[str, list[str]]]:
    """Return the items by the construct that they belong to first, in the order of the constructs."""
    owner = {item: c.name for c in reversed(result.spec.constructs) for item in c.items}
    order = {name: k for k, name in enumerate(result.spec.construct_names)}
    items = sorted(result.spec.items, key=lambda item: order.get(owner.get(item, ""), len(order)))
    return [(name, list(block)) for name, block in groupby(items, key=lambda item: owner.get(item, ""))]


def _part(ax: Axes, blocks: list[tuple[str, list[str]]], n: int) -> None:
    """Draw lines between constructs, and write their names at the right."""
    short, first = short_names([name for name, _ in blocks], 20), 0
    for name, items in blocks:
        edge = first - 0.5
        if first:
            ax.hlines(edge, -0.5, n - 0.5, color="0.6", linewidth=0.9, zorder=3)
            ax.vlines(edge, edge, n - 0.5, color="0.6", linewidth=0.9, zorder=3)
        text, middle = printable(short[name]), edge + len(items) / 2
        place = ax.get_yaxis_transform()
        ax.text(1.01, middle, text, faces(text), transform=place, va="center", fontsize=9, parse_math=False)
        first += len(items)
