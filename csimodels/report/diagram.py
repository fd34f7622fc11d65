"""The path diagram: constructs in boxes, standardised paths on arrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.report.axes import figure_of, settled
from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names, stars, width, wrap
from csimodels.report.header import is_pls, outer_modes, verdict
from csimodels.report.layout import BOX, Array, Edge, bends, curve, label_places, place
from csimodels.report.plots import title_with_verdict
from csimodels.report.wording import gap, named, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = [
    "LETTER",
    "LINE",
    "MARGIN",
    "NEGATIVE",
    "QUIET",
    "arrow_ends",
    "diagram_size",
    "draw_arrow",
    "draw_box",
    "draw_label",
    "draw_name",
    "draw_note",
    "draw_paths",
    "letter_scale",
    "picture",
    "wrapped",
]

MARGIN, FOOT, NARROWEST = 0.15, 0.4, 6.2
NOTE = "Standardised coefficients. * p < .05, ** p < .01, *** p < .001; dashed: p ≥ .05 or no p-value."
LINE, QUIET, NEGATIVE, FILL, TARGET_FILL = "#222222", "#666666", "#B5460F", "#F4F6F8", "#CFE3F3"
LETTER = 0.09


def _nodes(result: CSIResults) -> list[str]:
    """Return constructs, then observed variables that take part in paths; every item where there is neither."""
    ends = [*result.paths["source"], *result.paths["target"]]
    return list(dict.fromkeys([*result.spec.construct_names, *ends])) or list(result.spec.items)


def _arrows(result: CSIResults, nodes: list[str], estimates: CSIResults | Bootstrap) -> pd.DataFrame:
    """Return what is drawn as an arrow: paths, and what joins constructs of higher order with their parts."""
    columns = ["source", "target", "std", "pvalue", "inner"]
    parts = [t.assign(inner=k == 0)[columns] for k, t in enumerate((estimates.paths, *_of_higher_order(result, estimates))) if len(t)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    at = {name: k for k, name in enumerate(nodes)}
    return table.assign(s=[at[n] for n in table["source"]], t=[at[n] for n in table["target"]])


def _of_higher_order(result: CSIResults, estimates: CSIResults | Bootstrap) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return loadings of parts on constructs that they reflect, and weights of parts in constructs that they form."""
    table, names, modes = estimates.table, result.spec.construct_names, outer_modes(result)
    rows = table[table["lhs"].isin(names) & table["rhs"].isin(names)]
    formed = rows["lhs"].map(modes).isin(["B", "unit"])
    loadings = rows[(rows["op"] == "=~") & ~formed].rename(columns={"lhs": "source", "rhs": "target"})
    weights = rows[(rows["op"] == "<~") & formed].rename(columns={"rhs": "source", "lhs": "target"})
    return loadings, weights


@dataclass(frozen=True)
class Plan:
    """Hold a diagram before it is drawn.

    Attributes
    ----------
    nodes : list of str (n,)
        Names in boxes.
    arrows : DataFrame (k rows)
        source, target, std, pvalue, whether it is a path of the inner model, and the ends' positions s, t among the nodes.
    centre : array (n, 2)
        Centres of the boxes, inches.
    bend : list of float (k,)
        Curvature of each arrow.
    low, high : array (2,)
        Corners of the picture.
    """

    nodes: list[str]
    arrows: pd.DataFrame
    centre: Array
    bend: list[float]
    low: Array
    high: Array

    @property
    def edges(self) -> list[Edge]:
        """Ends of each arrow."""
        return [(int(s), int(t)) for s, t in zip(self.arrows["s"], self.arrows["t"], strict=True)]


def _plan(result: CSIResults, estimates: CSIResults | Bootstrap) -> Plan:
    """Return where everything goes."""
    nodes = _nodes(result)
    arrows = _arrows(result, nodes, estimates)
    edges = [(int(s), int(t)) for s, t in zip(arrows["s"], arrows["t"], strict=True)]
    return Plan(nodes, arrows, *picture(len(nodes), edges))


def arrow_ends(result: CSIResults) -> list[tuple[str, str]]:
    """Return source and target of every arrow, in the order of their ids."""
    arrows = _arrows(result, _nodes(result), result)
    return list(zip(arrows["source"], arrows["target"], strict=True))


def picture(n: int, edges: list[Edge]) -> tuple[Array, list[float], Array, Array]:
    """Return centres of boxes, bends of arrows, and the corners of the picture with room for a note beneath."""
    centre = np.array(place(n, tuple(edges)))
    bend = bends(centre, edges)
    half = np.array(BOX) / 2
    lines = [curve(centre[s], centre[t], r) for (s, t), r in zip(edges, bend, strict=True)]
    points = np.vstack([centre - half, centre + half, *lines])
    low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    widen = np.array([max(NARROWEST - float(high[0] - low[0]), 0.0) / 2, 0.0])
    return centre, bend, low - widen - [0.0, FOOT], high + widen


def diagram_size(result: CSIResults) -> tuple[float, float]:
    """Return a figure size in inches at which letters fit their boxes."""
    plan = _plan(result, result)
    wide, tall = plan.high - plan.low
    return float(wide) + 0.1, float(tall) + (0.6 if verdict(result) else 0.4)


def wrapped(name: str, columns: int = 15) -> str:
    """Return a name on at most two lines, broken where words end if they do."""
    if width(name) <= columns:
        return name
    cut = [k for k in range(1, len(name)) if name[k - 1] in " _.-/" and width(name[:k].rstrip()) <= columns]
    good = [k for k in cut if width(name[k:]) <= columns]
    if good:
        k = min(good, key=lambda i: abs(width(name[:i]) - width(name[i:])))
        return f"{name[:k].rstrip()}\n{name[k:]}"
    k = next(i for i in range(len(name), 0, -1) if width(name[:i]) <= columns)
    return f"{name[:k]}\n{name[k:]}"


def draw_paths(result: CSIResults, ax: Axes, bootstrap: Bootstrap | None = None) -> Axes:
    """Draw the path diagram.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    ax : Axes
        Where to draw; letters shrink with it.
    bootstrap : Bootstrap, optional
        Where p-values are from; by default the fit itself.
    """
    plan = _plan(result, bootstrap or result)
    left, bottom, right, top = map(float, (*plan.low, *plan.high))
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.axis("off")
    title_with_verdict(result, ax)
    scale = letter_scale(ax, right - left, top - bottom)
    boxes = _draw_boxes(result, ax, plan, scale)
    texts = [fixed(v) + stars(p) for v, p in zip(plan.arrows["std"], plan.arrows["pvalue"], strict=True)]
    places = label_places(plan.centre, plan.edges, plan.bend, [LETTER * len(t) + 0.06 for t in texts])
    for k, text in enumerate(texts):
        _draw_estimate(ax, plan, boxes, k, scale)
        draw_label(ax, places[k], text, 9.5 * scale)
    draw_note(ax, plan.low, wrap(_note(result, plan.arrows), int((right - left - 2 * MARGIN) / LETTER * 1.25)), scale)
    return ax


def draw_note(ax: Axes, low: Array, lines: list[str], scale: float) -> None:
    """Write beneath the picture what its arrows say."""
    note = printable("\n".join(line.strip() for line in lines))
    text = ax.text(float(low[0]) + MARGIN, float(low[1]) + FOOT / 2, note, fontdict=faces(note), fontsize=9.5 * scale, va="center")
    text.set_in_layout(False)


def letter_scale(ax: Axes, wide: float, tall: float) -> float:
    """Return the size of letters relative to a full-size diagram."""
    extent = settled(ax)
    return float(np.clip(min(extent.width / wide, extent.height / tall) / figure_of(ax).dpi, 0.35, 1.1))


def _note(result: CSIResults, arrows: pd.DataFrame) -> str:
    """Return what the arrows say."""
    parts = [NOTE]
    if arrows["pvalue"].isna().all():
        parts = [
            "Standardised coefficients. Dashed, because "
            + ("PLS has no p-values before a bootstrap." if is_pls(result) else "no p-value is known.")
        ]
    if not arrows["inner"].all():
        parts.append("Thin with open heads: a construct of higher order and its parts.")
    parts += ["Under row weights there are no p-values."] if result.withheld else []
    return gap().join(map(say, parts))


def _draw_boxes(result: CSIResults, ax: Axes, plan: Plan, scale: float) -> list[FancyBboxPatch]:
    """Draw a box for each construct and observed variable, with explained variance inside."""
    short = short_names(map(named, plan.nodes), 26)
    boxes: list[FancyBboxPatch] = []
    for name, at in zip(plan.nodes, plan.centre, strict=True):
        target, latent = name == result.spec.target, name in result.spec.construct_names
        explained = [f"R² = {fixed(result.rsquared[name])}"] if name in result.rsquared.index else []
        text = "\n".join([wrapped(short[named(name)]), *explained])
        boxes.append(draw_box(ax, len(boxes), at, scale, latent, target))
        draw_name(ax, at, text, 9.5 * scale, target)
    return boxes


def draw_box(ax: Axes, k: int, at: Array, scale: float, latent: bool, target: bool) -> FancyBboxPatch:
    """Draw the k-th box: a construct rounded, an observed variable square, the target stronger."""
    from matplotlib.patches import FancyBboxPatch

    shape = "round,pad=0,rounding_size=0.16" if latent else "square,pad=0"
    corner = (at[0] - BOX[0] / 2, at[1] - BOX[1] / 2)
    box = FancyBboxPatch(corner, *BOX, boxstyle=shape, ec=LINE, fc=TARGET_FILL if target else FILL)
    box.set(linewidth=(2.0 if target else 1.0) * scale, zorder=3, gid=f"construct-{k}")
    ax.add_patch(box)
    return box


def draw_name(ax: Axes, at: Array, text: str, size: float, bold: bool = False) -> None:
    """Write a text of some lines into a box."""
    text = printable(text)
    style = {"fontsize": size, "weight": "bold" if bold else "normal", **faces(text)}
    ax.text(float(at[0]), float(at[1]), text, style, ha="center", va="center", zorder=4, parse_math=False, linespacing=1.1)


def _draw_estimate(ax: Axes, plan: Plan, boxes: list[FancyBboxPatch], k: int, scale: float) -> None:
    """Draw one arrow: the stronger the path the thicker, dashed unless it is significant."""
    (s, t), row = plan.edges[k], plan.arrows.iloc[k]
    std, inner = float(row["std"]), bool(row["inner"])
    thick = 0.9 + 1.3 * float(np.nan_to_num(min(abs(std), 1.0)))
    style = {"linestyle": "-" if float(row["pvalue"]) < 0.05 else "--", "color": NEGATIVE if std <= -0.005 else LINE if inner else QUIET}
    ends = (plan.centre[s], plan.centre[t])
    draw_arrow(
        ax, ends, (boxes[s], boxes[t]), plan.bend[k], scale, inner, linewidth=(thick if inner else 1.0) * scale, gid=f"arrow-{k}", **style
    )


def draw_arrow(
    ax: Axes,
    ends: tuple[Array, Array],
    boxes: tuple[FancyBboxPatch, FancyBboxPatch],
    bend: float,
    scale: float,
    inner: bool,
    **style: Any,
) -> None:
    """Draw an arrow from box to box; its head is open where it joins a construct of higher order with a part."""
    from matplotlib.patches import FancyArrowPatch

    arrow = FancyArrowPatch(
        tuple(ends[0]),
        tuple(ends[1]),
        patchA=boxes[0],
        patchB=boxes[1],
        shrinkA=0,
        shrinkB=1,
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle=f"{'-|>' if inner else '->'},head_length=0.45,head_width=0.22",
        mutation_scale=14 * scale,
        zorder=2,
        **style,
    )
    ax.add_patch(arrow)


def draw_label(ax: Axes, at: Array, text: str, size: float, ringed: bool = False) -> None:
    """Write the label of an arrow over it, in a ring if wanted; in another colour if it is negative."""
    colour = NEGATIVE if text.startswith(("-", "−")) else LINE
    shape = {"boxstyle": "circle,pad=0.15", "ec": colour, "lw": size / 9.5} if ringed else {"boxstyle": "square,pad=0.08", "ec": "none"}
    ax.text(
        float(at[0]),
        float(at[1]),
        text,
        ha="center",
        va="center",
        zorder=5,
        fontsize=size,
        color=colour,
        bbox={"fc": figure_of(ax).get_facecolor(), **shape},
    )
