"""The customer journey as a picture: stages from left to right, touchpoints by rating, use and impact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names, wrap
from csimodels.report.point_labels import label_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.journeys import Journey

__all__ = ["draw", "size"]

# What a slope says, by colour and by mark: a colour alone is not seen by everybody.
KINDS = {
    "raises": ("#0072B2", "^", "better rated, higher outcome"),
    "lowers": ("#D55E00", "v", "better rated, lower outcome"),
    "open": ("0.45", "o", "no slope established"),
    "none": ("0.75", "s", "no slope: too few users, or all alike"),
}
SMALL, LARGE, HALF = 30.0, 230.0, 0.36
LEAST_SPAN = 20.0


def size(result: Journey) -> tuple[float, float]:
    """Return a figure size in inches."""
    return max(8.0, 1.5 + 0.95 * len(result.touchpoints), 2.2 * len(result.stages)), 6.2


def draw(result: Journey, ax: Axes) -> Axes:
    """Draw touchpoints at their mean rating, larger the more customers use them, marked by what the outcome has to do with them."""
    table = _placed(result)
    seen = table[table["mean"].notna()]
    for k, (_, stage) in enumerate(result.stages.iterrows()):
        ax.axvspan(k - 0.5, k + 0.5, color="0.96" if k % 2 else "white", zorder=0, linewidth=0)
        label = "mean of the stage" if k == 0 else None
        ax.plot([k - 0.45, k + 0.45], [stage["mean"]] * 2, color="0.2", linestyle=":", linewidth=1.3, zorder=1, label=label)
    for kind, rows in seen.groupby("kind", sort=False):
        colour, marker, said = KINDS[str(kind)]
        fill = "white" if kind == "open" else colour
        ax.scatter(
            rows["x"], rows["mean"], s=rows["area"], marker=marker, facecolor=fill, edgecolor=colour, linewidths=1.4, zorder=3, label=said
        )
    _frame(ax, result, seen)
    lines = [np.array([[k - 0.45, m], [k + 0.45, m]]) for k, m in enumerate(result.stages["mean"]) if np.isfinite(m)]
    label_points(ax, seen[["x", "mean"]].to_numpy(dtype=float), _texts(result, seen), lines, np.sqrt(seen["area"].to_numpy()) / 2 + 2.0)
    return ax


def _placed(result: Journey) -> pd.DataFrame:
    """Return touchpoints with their place from left to right, the area of their mark and the kind of their slope."""
    table = result.touchpoints.copy()
    order, groups = {s: k for k, s in enumerate(result.stages["stage"])}, table.groupby("stage", sort=False)
    counts, place = groups["touchpoint"].transform("size"), groups.cumcount()
    table["x"] = table["stage"].map(order) + np.where(counts > 1, HALF * (2 * place / np.maximum(counts - 1, 1) - 1), 0.0)
    table["area"] = SMALL + (LARGE - SMALL) * table["share"]
    sure = table["pvalue_holm"] < 1 - result.level
    table["kind"] = np.select([table["est"].isna(), sure & (table["est"] > 0), sure], ["none", "raises", "lowers"], "open")
    return table


def _texts(result: Journey, seen: pd.DataFrame) -> list[str]:
    """Return names with use and impact."""
    short = short_names(map(str, seen["touchpoint"]), 22)
    column = "impact_5" if "impact_5" in seen else "est"
    values = ["" if pd.isna(v) else f", {v:+.{1 if column == 'impact_5' else 2}f}" for v in seen[column]]
    return [f"{short[str(n)]}\n{100 * s:.0f} %{v}" for n, s, v in zip(seen["touchpoint"], seen["share"], values, strict=True)]


def _frame(ax: Axes, result: Journey, seen: pd.DataFrame) -> None:
    """Set limits, names of the stages, title and legend."""
    low, high = float(seen["mean"].min()), float(seen["mean"].max())
    margin = 0.15 * (high - low) + max((LEAST_SPAN if result.scaled else 1.0) - (high - low), 0.0) / 2
    ax.set(xlim=(-0.5, len(result.stages) - 0.5), ylim=(low - margin, high + margin))
    ax.set_ylabel("Mean rating of the users" + (", 0-100" if result.scaled else ""))
    short = short_names(map(str, result.stages["stage"]), 24)
    names = [printable(f"{short[str(s)]}\nn = {n}") for s, n in zip(result.stages["stage"], result.stages["n"], strict=True)]
    ax.set_xticks(range(len(names)), names)
    for tick in ax.get_xticklabels():
        tick.set(parse_math=False, **faces(tick.get_text()))
    ax.tick_params(axis="x", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    _title(ax, result)
    handles = ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, frameon=False, fontsize=9).legend_handles
    for handle in handles[1:]:
        handle.set_sizes([60.0])  # type: ignore[union-attr]


def _title(ax: Axes, result: Journey) -> None:
    """Say what the numbers at the marks are, and which touchpoints nobody used."""
    outcome = ", ".join(result.outcome)
    points = (
        "points of the outcome for 5 points of the rating" if "impact_5" in result.touchpoints else "slope of the outcome on the rating"
    )
    empty = [str(n) for n in result.touchpoints.loc[result.touchpoints["n"] == 0, "touchpoint"]]
    lines = [f"Journey, outcome: {short_names([outcome], 50)[outcome]}", f"at the marks, by size: share of users; then {points}"]
    lines += wrap(f"nobody used: {', '.join(empty)}", 90) if empty else []
    text = printable("\n".join(line.strip() for line in lines))
    ax.set_title(text, fontsize=10, fontdict=faces(text), parse_math=False)
