"""The routes of a mediation as a picture: every effect with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.fonts import printable
from csimodels.report.format import number
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.mediating import Mediation

__all__ = ["draw", "size"]

SUMS = {"direct": "direct effect", "indirect": "indirect, all routes", "total": "total effect"}


def _rows(result: Mediation) -> pd.DataFrame:
    """Return direct effect, routes, all routes and total effect from top to bottom."""
    effects = result.effects.reset_index()
    routes = result.routes.rename(columns={"route": "effect"})
    parts = [effects.iloc[:1], routes, *([effects.iloc[1:2]] if len(routes) > 1 else []), effects.iloc[2:]]
    return pd.concat([p[["effect", "est", "ci_lower", "ci_upper"]] for p in parts], ignore_index=True)


def size(result: Mediation) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.0, 1.5 + 0.42 * len(_rows(result))


def draw(result: Mediation, ax: Axes) -> Axes:
    """Draw every effect with its interval; sums are squares in bold, routes are dots."""
    rows = _rows(result)
    sums = [name in SUMS for name in rows["effect"]]
    for k, (_, row) in enumerate(rows.iterrows()):
        colour, marker = (TARGET, "s") if sums[k] else (OTHER, "o")
        if pd.notna(row["ci_lower"]):
            ax.plot([row["ci_lower"], row["ci_upper"]], [k, k], color=colour, linewidth=1.6)
        ax.plot(row["est"], k, marker=marker, color=colour, markersize=7)
        ax.annotate(number(row["est"]), (float(row["est"]), k), (0, 7), textcoords="offset points", ha="center", fontsize=9)
    ax.axvline(0, color="0.5", linewidth=0.8)
    label_rows(ax, [printable(SUMS.get(name, str(name))) for name in rows["effect"]], sums)
    ax.set(ylim=(len(rows) - 0.4, -0.8), xlabel=f"Effect with {100 * result.level:g} % interval")
    ax.set_title(printable(f"From {result.source} to {result.target}"), fontsize=11)
    return ax
