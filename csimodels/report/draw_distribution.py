"""The resamples of one quantity of a bootstrap as a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import known
from csimodels.errors import OptionError, SpecError
from csimodels.report.boot_content import interval_name
from csimodels.report.fonts import faces, printable
from csimodels.report.format import number, short_names
from csimodels.report.heat import say_nothing
from csimodels.report.plots import OTHER, TARGET, pale, title_with_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.bootstrapped import Bootstrap

__all__ = ["DISTRIBUTION_SIZE", "Quantity", "chosen_quantity", "draw_distribution"]

DISTRIBUTION_SIZE = (7.2, 4.4)
COLUMNS = ("std", "est")
MOST_BINS = 60


class Quantity(NamedTuple):
    """A quantity of a bootstrap: its name, its draws (B,), estimate and limits, and the decimals to write."""

    name: str
    draws: NDArray[np.float64]
    est: float
    lower: float
    upper: float
    digits: int


def chosen_quantity(boot: Bootstrap, construct: str | None, source: str | None, target: str | None, column: str) -> Quantity:
    """Return the quantity that the names stand for: a path by its ends, an index by its construct, by default the target's index."""
    if column not in COLUMNS:
        raise OptionError("option.column", f"column is {column!r}.", variable="column", value=column, hint=f"Use one of {COLUMNS}.")
    ends = (source, target)
    if (ends != (None, None) and construct is not None) or ends.count(None) == 1:
        raise OptionError(
            "option.quantity",
            f"construct is {construct!r}, source {source!r} and target {target!r}.",
            variable="construct",
            value=construct,
            hint="Give source= and target= for a path, or construct= for an index.",
        )
    if source is not None and target is not None:
        return _path(boot, source, target, column)
    return _index(boot, construct)


def _path(boot: Bootstrap, source: str, target: str, column: str) -> Quantity:
    """Return a path, standardised or not."""
    spec = boot.result.spec
    for name in (source, target):
        known(name, list(dict.fromkeys([*spec.construct_names, *boot.paths["source"], *boot.paths["target"]])), "construct", spec.name)
    table = boot.table
    at = np.flatnonzero((table["op"] == "~") & (table["lhs"] == target) & (table["rhs"] == source))
    if not at.size:
        raise SpecError(
            "spec.no_such_path",
            f"Model {spec.name!r} has no path {source!r} -> {target!r}.",
            variable=f"{target} ~ {source}",
            value=source,
            hint=f"boot.paths lists the {len(boot.paths)} paths.",
        )
    key = f"table.{column}" if f"table.{column}" in boot.samples else "table.est"
    limits = ("std_ci_lower", "std_ci_upper") if column == "std" else ("ci_lower", "ci_upper")
    row, kind = table.iloc[at[0]], "Standardised path" if column == "std" else "Path"
    short = short_names([source, target], 28)
    name = f"{kind} from {short[source]} to {short[target]}"
    est, lower, upper = (float(row[c]) for c in (column, *limits))
    return Quantity(name, boot.samples[key][at[0]], est, lower, upper, 3)


def _index(boot: Bootstrap, construct: str | None) -> Quantity:
    """Return the index of a construct."""
    spec, table = boot.result.spec, boot.index
    if construct is None and spec.target is None:
        raise SpecError(
            "index.no_target", f"Model {spec.name!r} has no target construct.", variable="target", value=None, hint="Say construct= here."
        )
    chosen = str(construct if construct is not None else spec.target)
    known(chosen, list(map(str, table.index)), "construct", spec.name)
    at = list(table.index).index(chosen)
    score, lower, upper = (float(v) for v in table.iloc[at][["score", "ci_lower", "ci_upper"]])
    return Quantity(f"Index of {short_names([chosen], 40)[chosen]} (0-100)", boot.samples["index.score"][at], score, lower, upper, 1)


def draw_distribution(boot: Bootstrap, quantity: Quantity, ax: Axes) -> Axes:
    """Draw the resamples of a quantity, its estimate as a solid line and the limits of its interval as dashed ones.

    Parameters
    ----------
    boot : Bootstrap
        Where the quantity is from.
    quantity : Quantity
        What to draw.
    ax : Axes
        Where to draw.
    """
    title_with_verdict(boot.result, ax)
    draws = quantity.draws[np.isfinite(quantity.draws)]
    if not draws.size:
        return say_nothing(ax, "No resample has a value.")
    colour = OTHER
    ax.hist(draws, bins=_bins(draws), facecolor=pale(colour), edgecolor=colour, linewidth=0.7, zorder=2)
    ax.axvline(quantity.est, color="black", linewidth=2.0, zorder=4, label=f"estimate {number(quantity.est, quantity.digits)}")
    if pd.notna(quantity.lower):
        _mark_interval(ax, quantity, interval_name(boot))
    left, right = ax.get_xlim()
    if left < 0 < right:
        ax.axvline(0, color="0.4", linestyle=":", linewidth=1.4, zorder=3, label="zero")
    name = printable(quantity.name)
    ax.set_xlabel(name, fontdict=faces(name), parse_math=False)
    ax.set_ylabel(f"Resamples (of {len(draws)})")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, frameon=False, fontsize=9)
    return ax


def _bins(draws: NDArray[np.float64]) -> int:
    """Return the number of bins by the rule of Freedman & Diaconis (1981), but not very many."""
    low, high = np.quantile(draws, [0.25, 0.75])
    step = 2.0 * float(high - low) / len(draws) ** (1 / 3)
    return int(np.clip(np.ceil(float(np.ptp(draws)) / step), 1, MOST_BINS)) if step > 0 else 1


def _mark_interval(ax: Axes, quantity: Quantity, interval: str) -> None:
    """Draw the limits of an interval and what lies between."""
    low, high = (number(v, quantity.digits) for v in (quantity.lower, quantity.upper))
    ax.axvspan(quantity.lower, quantity.upper, color="0.93", linewidth=0, zorder=0)
    for k, at in enumerate((quantity.lower, quantity.upper)):
        label = f"{interval} interval {low} to {high}" if k == 0 else "_nolegend_"
        ax.axvline(at, color=TARGET, linestyle="--", linewidth=1.7, zorder=4, label=label)
