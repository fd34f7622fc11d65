"""The zone of tolerance: perceptions against the adequate and the desired level of a service."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from csimodels.analyses.gap_inputs import read_blocks, texts
from csimodels.analyses.gap_tests import mean_interval, require_variation, shares, t_tests
from csimodels.analyses.reading import Array, Columns, Scale, complete
from csimodels.checks import level as checked_level
from csimodels.checks import scale as checked_scale
from csimodels.errors import CSIWarning, DataWarning, OptionError
from csimodels.presented import Presented

__all__ = ["ZoneOfTolerance", "zone_of_tolerance"]

LEAST = 10
NOTHING = 1e-9
BELOW, WITHIN, ABOVE, INCONSISTENT = "below", "within", "above", "inconsistent"
PLACES = (BELOW, WITHIN, ABOVE, INCONSISTENT)
SIDES = ("adequate", "desired", "perceived")
ASSUMPTIONS = (
    "All three levels are answered on the same scale by the same people; the adequate level is the least that a customer would accept, the "
    "desired level what the customer hopes for.",
    "MSA = perceived - adequate and MSS = perceived - desired are difference scores: where their parts correlate they are less reliable "
    "than these, and desired levels near the top of the scale leave MSS little room above zero.",
    "The place of an item compares means and ignores their errors (for these see the tests of MSA and MSS); shares compare each "
    "respondent's own answers, and a perception on either edge is within.",
    "Respondents whose adequate level exceeds their desired one have no zone: they are a share of their own, and stay in the means.",
    "Items use all rows that answer their three columns; the whole uses complete rows. t tests take rows as independent, means as normal.",
)


@dataclass(frozen=True, eq=False, repr=False)
class ZoneOfTolerance(Presented):
    """Present perceptions beside the adequate and the desired level.

    Made by :func:`zone_of_tolerance`. MSA is perceived - adequate (measure of service adequacy), MSS perceived - desired (superiority).

    Attributes
    ----------
    items : DataFrame
        One row an item: name, n, adequate, desired, perceived (means), perceived_ci_lower, perceived_ci_upper, width (desired -
        adequate), msa, mss, place (below, within or above the zone; inconsistent where desired is below adequate).
    measures : DataFrame
        Two rows an item: name, measure (msa, mss), n, est, sd, se, t, df, pvalue, pvalue_holm (over the items of a measure), ci_lower,
        ci_upper.
    shares : DataFrame
        Four rows an item: name, zone (below, within, above, inconsistent), n, share, ci_lower, ci_upper; shares sum to one.
    overall : DataFrame
        Of respondents' means over the items: measure (adequate, desired, perceived, width, msa, mss), n, est, se, ci_lower, ci_upper, and
        for msa and mss t, df, pvalue, pvalue_holm.
    overall_shares : DataFrame
        The same four shares of respondents' means.
    n, n_complete : int
        Rows of the data, and those complete in every item.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Zone of tolerance"
    titles: ClassVar[dict[str, str]] = {
        "items": "Levels and zones of items",
        "measures": "Service adequacy (MSA) and superiority (MSS)",
        "shares": "Respondents below, within and above their zone",
        "overall": "Means over all items",
        "overall_shares": "Respondents' means below, within and above their zone",
    }
    picture: ClassVar[str] = "zone"

    items: pd.DataFrame
    measures: pd.DataFrame
    shares: pd.DataFrame
    overall: pd.DataFrame
    overall_shares: pd.DataFrame
    n: int
    n_complete: int
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


class _Triples(NamedTuple):
    """Columns of the three levels in the same order, and what each item is called."""

    adequate: tuple[str, ...]
    desired: tuple[str, ...]
    perceived: tuple[str, ...]
    names: tuple[str, ...]


class _Levels(NamedTuple):
    """Answers to the three questions of one item, (n,) each."""

    adequate: Array
    desired: Array
    perceived: Array


def zone_of_tolerance(
    data: Any,
    adequate: str | Sequence[str],
    desired: str | Sequence[str],
    perceived: str | Sequence[str],
    *,
    names: str | Sequence[str] | None = None,
    scale: Scale | None = None,
    na_values: Any = None,
    level: float = 0.95,
) -> ZoneOfTolerance:
    """Place perceptions below, within or above the zone of tolerance.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        The survey, one row a respondent. Never changed.
    adequate, desired, perceived : str or sequence of str
        Columns of the least acceptable level, the hoped-for level and the perceived service; triples by their order.
    names : str or sequence of str, optional
        What the items are called; by default the columns of ``perceived``.
    scale : tuple, optional
        (lowest, highest) possible answer of all three.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    ZoneOfTolerance
        ``items``, ``measures``, ``shares``, ``overall``, ``overall_shares``.

    Raises
    ------
    OptionError
        Columns that make no triples (``zone.unpaired``), a column given twice (``zone.same_column``), names that are too few or repeat
        (``zone.names``).
    ScaleError
        Answers beyond the scale.
    DataError
        Fewer than ten complete rows (``analysis.too_few_rows``), or a MSA or MSS without variation (``zone.no_variation``).

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing; respondents whose adequate level exceeds their desired one.
    CSIWarning
        An item whose desired level is below its adequate level on average.

    Notes
    -----
    MSA = P - A, MSS = P - D (Zeithaml, Berry & Parasuraman 1993, doi:10.1177/0092070393211001; Parasuraman, Zeithaml & Berry 1994,
    Journal of Retailing 70, 201-230). The zone of an item lies between the means of A and D. Intervals of means are Student's, those of
    shares Wilson's (1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> import numpy as np
    >>> from csimodels.analyses.zone import zone_of_tolerance
    >>> rng = np.random.default_rng(1)
    >>> a, d, p = rng.integers(2, 6, 99), rng.integers(6, 10, 99), rng.integers(4, 9, 99)
    >>> zone_of_tolerance({"least": a, "hoped": d, "got": p}, "least", "hoped", "got", scale=(1, 9)).items["place"].tolist()
    ['within']
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        triples, asked, answered = _triples(adequate, desired, perceived, names), checked_level(level), checked_scale(scale, "scale")
        columns = read_blocks(data, {"the three levels": ([n for side in triples[:3] for n in side], answered)}, na_values)
        found = _analyse(triples, columns, asked)
    for w in caught:
        warnings.warn(w.message, stacklevel=2)
    return replace(found, warnings=tuple(str(w.message) for w in caught if issubclass(w.category, CSIWarning)))


def _triples(adequate: Any, desired: Any, perceived: Any, names: Any) -> _Triples:
    """Return columns and names, checked."""
    sides = [texts(option, given) for option, given in zip(SIDES, (adequate, desired, perceived), strict=True)]
    sizes = tuple(map(len, sides))
    if len(set(sizes)) > 1:
        text = "There are {} adequate, {} desired and {} perceived columns.".format(*sizes)
        raise OptionError("zone.unpaired", text, variable="perceived", value=sizes, hint="Give as many of each, in the same order.")
    every = [n for side in sides for n in side]
    twice = [n for n in every if every.count(n) > 1]
    if twice:
        text = f"Column {twice[0]!r} is given {every.count(twice[0])} times."
        raise OptionError("zone.same_column", text, variable=twice[0], value=twice[0], hint="Give every level its own column.")
    labels = sides[2] if names is None else texts("names", names)
    if len(labels) != sizes[0] or len(set(labels)) < len(labels):
        text = f"{sizes[0]} items cannot be called {labels!r}."
        raise OptionError("zone.names", text, variable="names", value=labels, hint="Give one different name an item.")
    return _Triples(sides[0], sides[1], sides[2], labels)


def _analyse(triples: _Triples, columns: Columns, level: float) -> ZoneOfTolerance:
    """Return every table."""
    values, _ = complete(columns, LEAST, "the means over all items")
    k = len(triples.names)
    items = [_answered(columns.values[:, [j, k + j, 2 * k + j]]) for j in range(k)]
    whole = _Levels(*(side.mean(axis=1) for side in np.split(values, 3, axis=1)))
    measures = _measures(triples.names, items, level)
    table, parts = _item_table(triples.names, items, level), _shares(triples.names, items, level)
    _say_what_is_odd(table, parts)
    overall = _shares(("",), [whole], level).drop(columns="name")
    return ZoneOfTolerance(table, measures, parts, _overall(whole, level), overall, len(columns.values), len(values), level)


def _answered(values: Array) -> _Levels:
    """Return the rows that answer all three questions."""
    return _Levels(*values[np.isfinite(values).all(axis=1)].T)


def _item_table(names: tuple[str, ...], items: list[_Levels], level: float) -> pd.DataFrame:
    """Return means, zones and places."""
    rows = []
    for name, item in zip(names, items, strict=True):
        a, d, (p, low, high) = float(item.adequate.mean()), float(item.desired.mean()), mean_interval(item.perceived, level)
        place = str(_places(_Levels(np.array([a]), np.array([d]), np.array([p])))[0])
        rows.append((name, len(item.perceived), a, d, p, low, high, d - a, p - a, p - d, place))
    columns = ["name", "n", *SIDES, "perceived_ci_lower", "perceived_ci_upper", "width", "msa", "mss", "place"]
    return pd.DataFrame(rows, columns=columns)


def _places(x: _Levels) -> Array:
    """Return the place of each perception; the edges are within, and a zone that ends below its beginning is none."""
    under, over = x.perceived < x.adequate - NOTHING, x.perceived > x.desired + NOTHING
    placed = np.where(under, BELOW, np.where(over, ABOVE, WITHIN))
    return np.where(x.adequate > x.desired + NOTHING, INCONSISTENT, placed)


def _measures(names: tuple[str, ...], items: list[_Levels], level: float) -> pd.DataFrame:
    """Return the tests of MSA and MSS, item by item; Holm's adjustment is over the items of a measure."""
    parts = []
    for measure, side in (("msa", "adequate"), ("mss", "desired")):
        differences = [x.perceived - getattr(x, side) for x in items]
        require_variation([f"{measure.upper()} of {n!r}" for n in names], differences, "zone.no_variation")
        tested = t_tests(differences, level).drop(columns="d_z")
        parts.append(pd.concat([pd.DataFrame({"name": names, "measure": measure}), tested], axis=1))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _shares(names: tuple[str, ...], items: list[_Levels], level: float) -> pd.DataFrame:
    """Return how many respondents are below, within and above their zone, and how many have none."""
    tables = []
    for name, item in zip(names, items, strict=True):
        place = _places(item)
        table = shares({z: int((place == z).sum()) for z in PLACES}, level, "zone")
        table.insert(0, "name", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _overall(x: _Levels, level: float) -> pd.DataFrame:
    """Return means of respondents' means, with tests of MSA and MSS."""
    gaps = {"msa": x.perceived - x.adequate, "mss": x.perceived - x.desired}
    require_variation([f"{name.upper()} of the whole" for name in gaps], list(gaps.values()), "zone.no_variation")
    tested = t_tests(list(gaps.values()), level).drop(columns=["d_z", "sd"])
    tested.insert(0, "measure", list(gaps))
    levels = {**x._asdict(), "width": x.desired - x.adequate}
    rows = [(name, len(v), *_mean(v, level)) for name, v in levels.items()]
    means = pd.DataFrame(rows, columns=["measure", "n", "est", "se", "ci_lower", "ci_upper"])
    return pd.concat([means, tested], ignore_index=True)[list(tested.columns)]


def _mean(values: Array, level: float) -> tuple[float, float, float, float]:
    """Return a mean, its standard error and its interval."""
    mean, low, high = mean_interval(values, level)
    return mean, float(values.std(ddof=1)) / len(values) ** 0.5, low, high


def _say_what_is_odd(items: pd.DataFrame, parts: pd.DataFrame) -> None:
    """Warn of items without a zone on average, and of respondents without one."""
    upside = items.loc[items["place"] == INCONSISTENT, "name"]
    if len(upside):
        text = f"The desired level is below the adequate level on average in {', '.join(map(repr, upside))}: are the columns exchanged?"
        warnings.warn(text, CSIWarning, stacklevel=2)
    odd = parts[(parts["zone"] == INCONSISTENT) & (parts["n"] > 0)]
    if len(odd):
        named = ", ".join(f"{name!r} ({n})" for name, n in zip(odd["name"], odd["n"], strict=True))
        text = f"The adequate level exceeds the desired one in some rows of {named}: they count as inconsistent, and stay in the means."
        warnings.warn(text, DataWarning, stacklevel=2)
