"""Aggregated scores as a picture: a tree from the total down to the finest level, every score with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.report.axes import figure_of
from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from csimodels.analyses.aggregation import Aggregate

__all__ = ["draw", "size"]

LETTERS, COLUMNS, INDENT = 9.0, 30, "    "
# From the finest level up.
COLOURS, MARKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"), ("o", "s", "^", "v", "P")
TOTAL = ("#000000", "D")
OTHERS = "all others"


def _rows(result: Aggregate) -> pd.DataFrame:
    """Return every score above its members, with its depth above the finest level and the row of its parent (-1 for the total)."""
    index = result.index
    out: list[dict[str, Any]] = []
    depth = {name: k for k, name in enumerate((*result.levels, index["level"].iloc[-1]))}
    members = {key: part.index.tolist() for key, part in index.groupby(["level", "parent"], sort=False)}
    below = {name: inner for inner, name in zip(depth, list(depth)[1:], strict=False)}
    waiting = [(len(index) - 1, -1)]
    while waiting:
        at, above = waiting.pop()
        row: dict[Any, Any] = index.loc[at].to_dict()
        own = members.get((below.get(row["level"], ""), row["label"]), []) if row["members"] else []
        waiting += [(k, len(out)) for k in reversed(own)]
        out.append({**row, "depth": depth[row["level"]], "above": above})
    return pd.DataFrame(out)


def size(result: Aggregate) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.6, 1.8 + 0.32 * len(result.index)


def draw(result: Aggregate, ax: Axes) -> Axes:
    """Draw scores with intervals by level, and lines from the score of a parent to those of its members.

    Parameters
    ----------
    result : Aggregate
        Scores by level.
    ax : Axes
        Where to draw.
    """
    rows = _rows(result)
    for k, (_, row) in enumerate(rows.iterrows()):
        _draw_row(ax, k, row, len(result.levels))
    _join(ax, rows)
    _label_tree(ax, rows)
    _write_scores(ax, rows)
    ax.set(ylim=(len(rows) - 0.4, -1.4), xlabel=f"Score with {100 * result.level:g} % interval")
    ax.grid(axis="x", color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(*_key(result), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, frameon=False, fontsize=LETTERS)
    text = printable(f"{result.headline}: {short_names([result.construct], 50)[result.construct]}" if result.construct else result.headline)
    ax.set_title(text, fontsize=11, pad=26, fontdict=faces(text), parse_math=False)
    return ax


def _style(depth: int, levels: int) -> tuple[str, str]:
    """Return colour and mark of a level; the total has its own."""
    return TOTAL if depth == levels else (COLOURS[depth % len(COLOURS)], MARKS[depth % len(MARKS)])


def _draw_row(ax: Axes, k: int, row: pd.Series, levels: int) -> None:
    """Draw one score; members that were not surveyed are hollow."""
    colour, mark = _style(row["depth"], levels)
    ax.plot([row["ci_lower"], row["ci_upper"]], [k, k], color=colour, linewidth=2.2, marker="|", markersize=7, zorder=3)
    face = "white" if row["label"] == OTHERS else colour
    ax.plot(row["score"], k, marker=mark, markersize=7, markerfacecolor=face, markeredgecolor=colour, zorder=4)


def _join(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw a line down from every parent at its score, and from there to the score of each member."""
    known = rows[(rows["above"] >= 0) & rows["score"].notna()]
    for above in known["above"].unique().tolist():
        members, score = known[known["above"] == above], rows["score"].iloc[above]
        ax.plot([score, score], [above, members.index[-1]], color="0.55", linewidth=0.9, linestyle=":", zorder=1)
        ax.hlines(members.index, score, members["score"], color="0.55", linewidth=0.9, linestyle=":", zorder=1)


def _label_tree(ax: Axes, rows: pd.DataFrame) -> None:
    """Put names at the left, members indented below their parent, and take away the frame."""
    short, top = short_names(rows["label"].astype(str), COLUMNS), int(rows["depth"].max())
    names = [INDENT * (top - d) + printable(short[str(name)]) for name, d in zip(rows["label"], rows["depth"], strict=True)]
    ax.set_yticks(range(len(names)), names)
    ticks = ax.get_yticklabels()
    for tick, depth in zip(ticks, rows["depth"], strict=True):
        tick.set(parse_math=False, **faces(tick.get_text()), weight="bold" if depth else "normal", ha="left")
    widest = max(tick.get_window_extent().width for tick in ticks) * 72 / figure_of(ax).dpi
    ax.tick_params(axis="y", length=0, pad=widest + 6)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _write_scores(ax: Axes, rows: pd.DataFrame) -> None:
    """Write each score, its share of the parent and how much of it is covered in a column at the right of the axes."""
    side = ax.get_yaxis_transform()
    ax.text(1.02, -0.9, "score  share of parent", transform=side, fontsize=LETTERS, color="0.3", va="center")
    for k, (_, row) in enumerate(rows.iterrows()):
        share = "" if row["above"] < 0 else f"  {100 * row['share']:.0f} %"
        part = f" ({100 * row['coverage']:.0f} % covered)" if 0 < row["coverage"] < 0.995 else ""
        text = f"{fixed(row['score'], 1)}{share}{part}" if row["coverage"] > 0 else "no score"
        ax.text(1.02, k, text, transform=side, fontsize=LETTERS, va="center", weight="bold" if row["depth"] else "normal")


def _key(result: Aggregate) -> tuple[list[Artist], list[str]]:
    """Return what the marks mean."""
    from matplotlib.lines import Line2D

    names = (*result.levels, "whole")
    styles = [_style(depth, len(result.levels)) for depth in range(len(names))]
    marks: list[Artist] = [Line2D([], [], linestyle="", marker=mark, markersize=7, color=colour) for colour, mark in styles]
    return marks[::-1], [printable(name) for name in names[::-1]]
