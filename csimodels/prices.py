"""Price tolerance: two branch questions on the price into one item."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import scale as checked_scale
from csimodels.elements import Scale
from csimodels.errors import DataError, DataWarning, OptionError, ScaleError
from csimodels.frames import read_block

__all__ = ["price_tolerance"]

Array = NDArray[np.float64]
ASKED = ("repurchase", "up", "down")


def price_tolerance(
    repurchase: Any,
    up: Any,
    down: Any,
    *,
    likely: float = 6,
    cap: float = 25,
    scale: Scale = (1, 10),
    repurchase_scale: Scale = (1, 10),
) -> pd.Series:
    """Combine the two branch questions on the price into the item ``price_tolerance``.

    Parameters
    ----------
    repurchase : array-like (n,)
        Likelihood of buying again, on ``repurchase_scale``.
    up : array-like (n,)
        Percent by which the price could rise before the respondent would definitely not buy again; asked of the likely ones.
    down : array-like (n,)
        Percent, as a positive number, by which the price would have to fall for the respondent to buy again; asked of the others.
    likely : float
        Lowest answer to ``repurchase`` that counts as likely.
    cap : float
        Largest percentage that counts; larger ones are taken for it.
    scale : tuple of float
        Lowest and highest value of the item: a fall by ``cap`` and a rise by ``cap``.
    repurchase_scale : tuple of float
        Theoretical lowest and highest answer to ``repurchase``.

    Returns
    -------
    Series
        ``price_tolerance``, floats on ``scale``, with the row labels of the first Series given. NaN where ``repurchase`` or the answer to
        the respondent's own branch is missing.

    Raises
    ------
    DataError
        Answers that are not numeric, not of one length or not labelled alike; a negative or infinite percentage; an answer other than
        zero to the question that the respondent should not have been asked.
    ScaleError
        A malformed scale, or ``repurchase`` outside its scale.
    OptionError
        ``likely`` that divides nobody, or ``cap`` that is not a positive number.

    Warns
    -----
    DataWarning
        Percentages above ``cap``, and respondents without an answer in their own branch; both are counted.

    Notes
    -----
    The reservation price r is up for the likely and -down for the others, in percent and limited to [-cap, cap]; the item is
    lo + (hi - lo) (r + cap) / (2 cap). The other branch is empty by design and is not a missing answer; zero there counts as empty. Codes
    for no answer must be missing values already: 98 would be taken for 98 percent and limited. The questions are those of the American
    index (Fornell et al. 1996, doi:10.1177/002224299606000403), whose exact rescaling is not published.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.price_tolerance([10, 8, 2], up=[25, 0, None], down=[None, None, 12.5]).tolist()
    [10.0, 5.5, 3.25]
    """
    (lo, hi), answers = _required_scale(scale, "price_tolerance"), _required_scale(repurchase_scale, "repurchase")
    _check_options(likely, cap, answers)
    (repeat, rise, fall), labels = _read(repurchase, up, down)
    _check_repurchase(repeat, answers)
    _check_percentages(rise, fall)
    asked, is_likely = ~np.isnan(repeat), repeat >= likely
    _check_branch("down", asked & is_likely, fall, labels)
    _check_branch("up", asked & ~is_likely, rise, labels)
    own = np.where(is_likely, rise, fall)
    _say(own[asked], cap)
    reservation = np.where(is_likely, 1.0, -1.0) * np.minimum(own, cap)
    item = lo + (hi - lo) * ((reservation + cap) / (2 * cap))
    return pd.Series(np.where(asked, np.clip(item, lo, hi), np.nan), index=labels, name="price_tolerance")


def _required_scale(value: Any, owner: str) -> Scale:
    """Return a scale that may not be left open."""
    found = checked_scale(() if value is None else value, owner)
    assert found is not None
    return found


def _check_options(likely: Any, cap: Any, answers: Scale) -> None:
    if not _is_number(likely) or not answers[0] < likely <= answers[1]:
        raise OptionError(
            "option.likely",
            f"likely is {likely!r} on a scale from {answers[0]:g} to {answers[1]:g}.",
            variable="likely",
            value=likely,
            hint="Give the lowest answer that counts as likely, above the lowest of the scale, or say repurchase_scale=.",
        )
    if not _is_number(cap) or not 0 < cap < np.inf:
        raise OptionError("option.cap", f"cap is {cap!r}.", variable="cap", value=cap, hint="Give a positive percentage, e.g. 25.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _read(*given: Any) -> tuple[Array, pd.Index]:
    """Return the three columns as floats (3, n), missing answers as NaN, and the labels of the rows."""
    columns = {}
    for name, values in zip(ASKED, given, strict=True):
        if np.ndim(values) != 1:
            raise DataError(
                "price.not_a_column",
                f"{name} has {np.ndim(values)} dimensions.",
                variable=name,
                value=type(values).__name__,
                hint="Give one value a respondent; missing ones for a question that nobody was asked.",
            )
        columns[name] = pd.Series(values)
    labels = _labels([name for name, values in zip(ASKED, given, strict=True) if isinstance(values, pd.Series)], columns)
    frame = pd.DataFrame({name: column.reset_index(drop=True) for name, column in columns.items()})
    return read_block(frame, ASKED).values.T, labels


def _labels(labelled: list[str], columns: dict[str, pd.Series]) -> pd.Index:
    """Return the labels of the rows; all columns must have the same rows."""
    first = labelled[0] if labelled else ASKED[0]
    for name, column in columns.items():
        if len(column) != len(columns[first]):
            raise DataError(
                "price.length",
                f"{name} has {len(column)} values, {first} has {len(columns[first])}.",
                variable=name,
                value=len(column),
                hint="Give one value a respondent in each.",
            )
        if name in labelled and not column.index.equals(columns[first].index):
            raise DataError(
                "price.labels",
                f"The row labels of {name} are not those of {first}.",
                variable=name,
                value=first,
                hint="Take all three from one frame, or give arrays.",
            )
    return columns[first].index


def _check_repurchase(repeat: Array, answers: Scale) -> None:
    outside = repeat[(repeat < answers[0]) | (repeat > answers[1])]
    if outside.size:
        raise ScaleError(
            "scale.out_of_range",
            f"repurchase holds {outside[0]:g} in {outside.size} row(s) outside its scale ({answers[0]:g}, {answers[1]:g}).",
            variable="repurchase",
            value=float(outside[0]),
            hint="Make codes for no answer missing first, or say repurchase_scale=(lowest, highest).",
        )


def _check_percentages(rise: Array, fall: Array) -> None:
    for name, values in (("up", rise), ("down", fall)):
        bad = values[(values < 0) | np.isinf(values)]
        if bad.size:
            raise DataError(
                "price.bad_percentage",
                f"{name} holds {bad[0]:g} in {bad.size} row(s).",
                variable=name,
                value=float(bad[0]),
                hint="Give the size of the change in percent, e.g. 10 for a fall of 10 %.",
            )


def _check_branch(name: str, others: NDArray[np.bool_], values: Array, labels: pd.Index) -> None:
    """Refuse answers to a question by respondents who should have been asked the other one."""
    wrong = np.flatnonzero(others & (np.nan_to_num(values) != 0))
    if wrong.size:
        raise DataError(
            "price.wrong_branch",
            f"{name} is answered in {wrong.size} row(s) of the other branch, first in row {labels[wrong[0]]!r} with {values[wrong[0]]:g}.",
            variable=name,
            value=int(wrong.size),
            hint="up is for answers to repurchase from likely= on, down for those below: check likely= and which column is which.",
        )


def _say(own: Array, cap: float) -> None:
    """Warn of percentages that were limited and of branches left unanswered."""
    above, empty = int((own > cap).sum()), int(np.isnan(own).sum())
    if above:
        warnings.warn(
            f"{above} of {own.size} percentages are above the cap of {cap:g} and are taken for it. Codes for no answer must be missing.",
            DataWarning,
            stacklevel=3,
        )
    if empty:
        warnings.warn(f"{empty} of {own.size} respondents did not answer the price question of their branch.", DataWarning, stacklevel=3)
