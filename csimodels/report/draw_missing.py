"""Missing answers as a picture: the share of rows that miss each item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.fonts import faces, printable
from csimodels.report.format import pvalue, short_names
from csimodels.report.plots import OTHER, label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.missing import MissingAnswers

__all__ = ["draw", "size"]


def size(result: MissingAnswers) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.2, 1.4 + 0.3 * len(result.items)


def draw(result: MissingAnswers, ax: Axes) -> Axes:
    """Draw a bar for each item, its share written at the end.

    Parameters
    ----------
    result : MissingAnswers
        What is missing.
    ax : Axes
        Where to draw.
    """
    share = 100 * result.items["share"].to_numpy()
    rows = range(len(share))
    ax.barh(rows, share, color=OTHER, edgecolor="black", linewidth=0.6)
    for k, (x, n) in enumerate(zip(share, result.items["missing"], strict=True)):
        ax.annotate(f"{x:.1f} % ({n})", (float(x), k), (4, 0), textcoords="offset points", va="center", fontsize=9)
    names = short_names(result.items["item"], 28)
    label_rows(ax, [names[item] for item in result.items["item"]], [False] * len(share))
    ax.set(ylim=(len(share) - 0.4, -0.6), xlabel="Missing answers, % of rows (rows)")
    ax.set_xlim(0, max(1.0, 1.25 * float(share.max())))
    text = f"Missing answers of {result.n} rows"
    if len(result.mcar):
        row = result.mcar.iloc[0]
        text += f"\ncompletely at random: chi2({int(row['df'])}) = {row['chisq']:.1f}, p {_p(row['pvalue'])}"
    ax.set_title(printable(text), fontsize=10.5, fontdict=faces(text), parse_math=False)
    return ax


def _p(value: float) -> str:
    """Return a p-value with its sign of comparison."""
    text = pvalue(value)
    return text if text.startswith("<") else f"= {text}"
