"""Common-method variance as a picture: the full collinearity of every construct beside its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.common_method import CommonMethod

__all__ = ["draw", "size"]


def size(result: CommonMethod) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.4, 1.6 + 0.42 * len(result.collinearity)


def draw(result: CommonMethod, ax: Axes) -> Axes:
    """Draw a bar for each construct, hatched where it is above the limit, and the limit as a dashed line.

    Parameters
    ----------
    result : CommonMethod
        Checks of common-method variance.
    ax : Axes
        Where to draw.
    """
    table = result.collinearity
    for k, row in enumerate(table.to_dict("records")):
        colour, hatch = (TARGET, "//") if row["above"] else (OTHER, "")
        ax.barh(k, row["vif"], color=colour, edgecolor="black", linewidth=0.6, hatch=hatch)
        ax.annotate(f"{row['vif']:.2f}", (row["vif"], k), (4, 0), textcoords="offset points", va="center", fontsize=9)
    limit = float(table["limit"].iloc[0])
    ax.axvline(limit, color="black", linestyle="--", linewidth=1.0)
    ax.annotate(f"limit {limit:g}", (limit, -0.55), (4, 0), textcoords="offset points", va="center", fontsize=9)
    names = short_names(table["construct"], 28)
    label_rows(ax, [names[c] for c in table["construct"]], table["above"].tolist())
    ax.set(ylim=(len(table) - 0.4, -0.9), xlabel="Variance inflation of the construct given all others")
    ax.set_xlim(0, 1.15 * max(limit, float(table["vif"].max())))
    text = f"Common-method variance\nfirst component {100 * result.eigenvalues['share'].iloc[0]:.0f} % of the items' variance"
    if len(result.common_factor):
        text += f", common factor {100 * result.common_factor['share'].iloc[0]:.1f} %"
    ax.set_title(printable(text), fontsize=10.5, fontdict=faces(text), parse_math=False)
    return ax
