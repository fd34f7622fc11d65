"""What an analysis of drivers is given: columns by driver, the outcome, controls, the model's impacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.gap_inputs import read_blocks
from csimodels.analyses.reading import Scale, complete, listed
from csimodels.analyses.regressing import averaged, in_points, listed_or_none, require_distinct
from csimodels.checks import close_to
from csimodels.checks import scale as checked_scale
from csimodels.errors import OptionError, SpecError

__all__ = ["Asked", "Sample", "asked_columns", "checked_raise", "model_impacts", "read_sample"]

Array = NDArray[np.float64]
MOST, FEWEST, LEAST_ROWS, ROWS_EACH = 15, 2, 30, 3


class Asked(NamedTuple):
    """Columns by driver, of the outcome and of the controls; the scale of the answers, or None."""

    drivers: dict[str, tuple[str, ...]]
    outcome: tuple[str, ...]
    controls: tuple[str, ...]
    scale: Scale | None


class Sample(NamedTuple):
    """Complete rows: outcome (n,), drivers (n, k) and controls (n, c) with their names, rows left out."""

    y: Array
    X: Array
    C: Array
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    left_out: int


def asked_columns(outcome: Any, drivers: Any, controls: Any, scale: Any) -> Asked:
    """Return columns, checked.

    Raises
    ------
    OptionError
        Not columns, a column with two parts, one driver or more than fifteen.
    """
    given = drivers if isinstance(drivers, Mapping) else {name: name for name in listed("drivers", drivers)}
    if not all(isinstance(d, str) for d in given):
        hint = 'Give drivers by name, e.g. {"quality": ["Q1", "Q2"]}.'
        raise OptionError("option.drivers", f"drivers is {drivers!r}.", variable="drivers", value=drivers, hint=hint)
    blocks = {d: listed("drivers", c) for d, c in given.items()}
    if not FEWEST <= len(blocks) <= MOST:
        text, hint = f"There are {len(blocks)} drivers.", f"Give {FEWEST} to {MOST}; average columns, or leave some to controls=."
        raise OptionError("drivers.number", text, variable="drivers", value=len(blocks), hint=hint)
    wanted, others = listed("outcome", outcome), listed_or_none("controls", controls)
    require_distinct("drivers.column_twice", (("outcome", wanted), *((f"driver {d}", c) for d, c in blocks.items()), ("controls", others)))
    return Asked(blocks, wanted, others, checked_scale(scale, "scale"))


def read_sample(data: Any, asked: Asked, na_values: Any) -> Sample:
    """Read complete rows, in points from 0 to 100 where there is a scale; rows left out are warned of.

    Raises
    ------
    DataError, ScaleError
        Columns that cannot be read, answers beyond the scale, too few complete rows.
    """
    blocks: dict[str, tuple[Sequence[str], Scale | None]] = {f"the driver {d!r}": (c, asked.scale) for d, c in asked.drivers.items()}
    blocks |= {"the outcome's columns": (asked.outcome, asked.scale), "the controls": (asked.controls, None)}
    least = max(LEAST_ROWS, ROWS_EACH * (len(asked.drivers) + len(asked.controls)))
    columns = read_blocks(data, blocks, na_values)
    values, usable = complete(columns, least, "the analysis of drivers")
    at = {name: k for k, name in enumerate(columns.names)}
    scales = dict.fromkeys(columns.names, asked.scale)

    def mean(names: tuple[str, ...]) -> Array:
        return averaged(values[:, [at[n] for n in names]], names, scales)

    X = np.column_stack([mean(names) for names in asked.drivers.values()])
    C = in_points(values[:, [at[n] for n in asked.controls]], asked.controls, dict.fromkeys(asked.controls))
    return Sample(mean(asked.outcome), X, C, tuple(asked.drivers), asked.controls, int((~usable).sum()))


def checked_raise(delta: Any) -> float:
    """Return how far a driver is raised."""
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.number)) or not np.isfinite(delta) or delta <= 0:
        raise OptionError("option.delta", f"delta is {delta!r}.", variable="delta", value=delta, hint="Give a number above zero, e.g. 5.")
    return float(delta)


def model_impacts(model: Any, target: str | None, delta: float, drivers: Sequence[str]) -> pd.DataFrame | None:
    """Return impact, impact_ci_lower and impact_ci_upper of the constructs named like drivers, NaN where the model has none.

    Raises
    ------
    OptionError
        Not a result with impacts, or a target that it does not have.
    """
    if model is None:
        return None
    if not callable(getattr(model, "impact", None)) or not hasattr(getattr(model, "result", model), "spec"):
        text, hint = f"model is a {type(model).__name__}, which has no impacts.", "Give res, or res.bootstrap(df)."
        raise OptionError("drivers.model", text, variable="model", value=type(model).__name__, hint=hint)
    spec = getattr(model, "result", model).spec
    chosen = target if target is not None else spec.target
    if chosen is None or chosen not in spec.construct_names:
        text = f"The model has no construct {chosen!r} as a target."
        raise SpecError("drivers.target", text, variable="target", value=chosen, hint=close_to(str(chosen), spec.construct_names))
    return _looked_up(model.impact(delta), chosen, drivers)


def _looked_up(table: pd.DataFrame, target: str, drivers: Sequence[str]) -> pd.DataFrame:
    """Return the impacts on a target out of the table of a result, drivers by targets, or out of the long one of a bootstrap."""
    if "impact" in table.columns:
        rows = table[table["target"] == target].set_index("driver")[["impact", "ci_lower", "ci_upper"]]
    else:
        own = table[target] if target in table.columns else pd.Series(dtype=float)
        rows = pd.DataFrame({"impact": own, "ci_lower": np.nan, "ci_upper": np.nan})
    out = rows.reindex(list(drivers)).astype(float)
    return out.rename(columns={"ci_lower": "impact_ci_lower", "ci_upper": "impact_ci_upper"}).reset_index(drop=True)
