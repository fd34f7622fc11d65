"""An index from wave to wave as a picture: scores with a ribbon, a gap and a rule at every break, one panel line a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.tracker import Tracking

__all__ = ["draw", "size"]

LETTERS, MOST_RIBBONS = 9.0, 4
# A line is known by its mark and dashes as well as by its colour.
STYLES = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", "--"),
    ("#009E73", "^", "-."),
    ("#CC79A7", "D", ":"),
    ("#56B4E9", "v", (0, (5, 1))),
    ("#E69F00", "P", (0, (3, 1, 1, 1))),
    ("#000000", "X", (0, (1, 1))),
)


def size(result: Tracking) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 2.6 + max(5.4, 0.75 * len(result.order)), 4.8


def draw(result: Tracking, ax: Axes) -> Axes:
    """Draw the scores of each label in time; with few labels the intervals as ribbons, with many as bars.

    Parameters
    ----------
    result : Tracking
        Scores by wave.
    ax : Axes
        Where to draw.
    """
    groups = _groups(result)
    for k, (name, rows) in enumerate(groups.items()):
        _draw_label(ax, k, name, rows, result, len(groups))
    if len(result.composition) and len(groups) == 1:
        _draw_adjusted(ax, result)
    _draw_published(ax, result)
    for b in _breaks(result):
        ax.axvline(b - 0.5, color="0.3", linewidth=1.2, linestyle=":")
        ax.annotate(
            "new series", (b - 0.5, 1.0), (4, -4), xycoords=("data", "axes fraction"), textcoords="offset points", va="top", fontsize=8
        )
    _name(ax, result, len(groups))
    return ax


def _groups(result: Tracking) -> dict[str, pd.DataFrame]:
    """Return the waves of each label, by its short name."""
    if not result.labels:
        return {"": result.waves}
    names = [" / ".join(map(str, row)) for row in result.waves[list(result.labels)].itertuples(index=False)]
    short = short_names(names, 26)
    return {short[name]: result.waves[[n == name for n in names]] for name in dict.fromkeys(names)}


def _draw_label(ax: Axes, k: int, name: str, rows: pd.DataFrame, result: Tracking, labels: int) -> None:
    """Draw one label, series by series."""
    colour, mark, dashes = STYLES[k % len(STYLES)]
    shift = 0.0 if labels <= MOST_RIBBONS else 0.3 * (k / max(labels - 1, 1) - 0.5)
    for number, (_, part) in enumerate(rows.groupby("series", sort=False)):
        x = np.array([result.order.index(w) for w in part[result.wave]]) + shift
        low, score, high = (part[c].to_numpy(dtype=float) for c in ("ci_lower", "score", "ci_upper"))
        label = printable(name or "index") if number == 0 else None
        ax.plot(x, score, color=colour, marker=mark, linestyle=dashes, linewidth=1.8, markeredgecolor="black", label=label, zorder=3)
        if labels <= MOST_RIBBONS and len(x) > 1:
            ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, zorder=1)
        else:
            ax.errorbar(x, score, yerr=[score - low, high - score], fmt="none", ecolor=colour, elinewidth=1.0, capsize=2.5, zorder=2)


def _draw_adjusted(ax: Axes, result: Tracking) -> None:
    """Draw the index with one mix of customers in every wave."""
    x = [result.order.index(w) for w in result.composition[result.wave]]
    y = result.composition["adjusted"]
    ax.plot(
        x, y, color="black", marker="D", markerfacecolor="white", linestyle="--", linewidth=1.2, label="same mix in every wave", zorder=4
    )


def _draw_published(ax: Axes, result: Tracking) -> None:
    """Draw the scores as they were published."""
    rows = result.restatements
    if len(rows):
        x = [result.order.index(w) for w in rows[result.wave]]
        ax.plot(x, rows["published"], color="black", marker="x", linestyle="", markersize=8, label="as published", zorder=5)


def _breaks(result: Tracking) -> list[int]:
    """Return the places of the waves that begin a new series."""
    series = result.waves.drop_duplicates(result.wave).set_index(result.wave)["series"]
    numbers = [int(series[w]) for w in result.order]
    return [k for k in range(1, len(numbers)) if numbers[k] != numbers[k - 1]]


def _name(ax: Axes, result: Tracking, labels: int) -> None:
    """Name axes, lines and picture."""
    waves = [printable(str(w)) for w in result.order]
    ax.set_xticks(range(len(waves)), waves, rotation=45 if max(map(len, waves)) > 9 else 0)
    for tick in ax.get_xticklabels():
        tick.set(parse_math=False, **faces(tick.get_text()))
    ax.set(xlabel=None, ylabel=f"Index with {100 * result.level:g} % intervals")
    ax.grid(axis="y", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if labels > 1 or len(ax.get_legend_handles_labels()[1]) > 1:
        legend = ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=LETTERS)
        for entry in legend.get_texts():
            entry.set(parse_math=False, **faces(entry.get_text()))
    text = printable(f"{result.headline}: {short_names([result.construct], 50)[result.construct]}" if result.construct else result.headline)
    ax.set_title(text, fontsize=11, fontdict=faces(text), parse_math=False)
