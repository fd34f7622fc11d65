"""The 0-100 index of every construct as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.colors import to_rgb

from csimodels.report.fonts import faces, printable
from csimodels.report.format import number, short_names
from csimodels.report.header import model_title, verdict
from csimodels.report.wording import named, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["OTHER", "TARGET", "draw_index", "index_size", "label_rows", "pale", "title_with_verdict"]

TARGET, OTHER, ALARM = "#D55E00", "#0072B2", "#B00020"


def index_size(table: pd.DataFrame) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.0, 1.4 + 0.42 * len(table)


def draw_index(result: CSIResults, table: pd.DataFrame, ax: Axes, interval: str) -> Axes:
    """Draw the index of every construct as a dot with its interval; the target by colour, mark and weight.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        By construct: score, ci_lower, ci_upper.
    ax : Axes
        Where to draw.
    interval : str
        What the intervals are.
    """
    names = [named(str(name)) for name in table.index]
    short = short_names(names, 28)
    for k, (name, row) in enumerate(table.iterrows()):
        _draw_row(ax, k, row, name == result.spec.target)
    bold = [name == result.spec.target for name in table.index]
    label_rows(ax, [short[name] for name in names], bold)
    ax.set(xlim=(0, 100), ylim=(len(table) - 0.4, -0.6), xlabel=_caption(table, interval))
    title_with_verdict(result, ax)
    return ax


def label_rows(ax: Axes, names: Sequence[str], bold: Sequence[bool]) -> None:
    """Put names at the left of rows 0, 1, ..., some in bold, and take away the frame."""
    ax.set_yticks(range(len(names)), [printable(name) for name in names])
    for tick, heavy in zip(ax.get_yticklabels(), bold, strict=True):
        tick.set(parse_math=False, **faces(tick.get_text()), weight="bold" if heavy else "normal")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


def pale(colour: str) -> tuple[float, ...]:
    """Return a colour thinned with white; opaque, because SVG prints a hatch over a transparent colour invisibly."""
    return tuple(0.65 + 0.35 * part for part in to_rgb(colour))


def _draw_row(ax: Axes, k: int, row: pd.Series, target: bool) -> None:
    """Draw one construct: a guiding line, a dot, its interval with caps and its value; the target's dot is a diamond of another colour."""
    colour, score = (TARGET if target else OTHER), float(row["score"])
    ax.hlines(k, 0, 100, color="0.8", linestyle=":", linewidth=1.0)
    ax.plot(score, k, "D" if target else "o", color=colour, markersize=8.5, markeredgecolor="white", clip_on=False)
    if pd.notna(row["ci_lower"]):
        ends = [[score - row["ci_lower"]], [row["ci_upper"] - score]]
        ax.errorbar(score, k, xerr=ends, color="black", capsize=4, linewidth=1.3, zorder=3)
    edge = score if pd.isna(row["ci_upper"]) else float(row["ci_upper"])
    inside = edge > 88
    end = min(score, float(row["ci_lower"]) if pd.notna(row["ci_lower"]) else score) if inside else edge
    weight = "bold" if target else "normal"
    ax.annotate(
        number(score, 1),
        (end, k),
        (-10 if inside else 10, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        weight=weight,
        bbox={"boxstyle": "square,pad=0.05", "fc": ax.get_facecolor(), "ec": "none"},
    )


def _caption(table: pd.DataFrame, interval: str) -> str:
    if table["ci_lower"].isna().all():
        return say("Index (0-100); no intervals, because standard errors are withheld")
    return say(f"Index (0-100) with {interval} interval")


def title_with_verdict(result: CSIResults, ax: Axes) -> None:
    """Put the model's name above a picture, and what is wrong with the solution above that."""
    title = short_names([model_title(result)], 70)[model_title(result)]
    shout = say(verdict(result).partition(":")[0])
    text = f"{shout}\n{title}" if shout else title
    ax.set_title(printable(text), color=ALARM if shout else "black", fontsize=11, fontdict=faces(text), parse_math=False)
