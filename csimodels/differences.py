"""Differences of the 0-100 index between independent samples: two firms, two waves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.bootstrapped import Bootstrap
from csimodels.checks import level as checked_level
from csimodels.comparable import chosen, require_comparable, require_same_rule, results_of
from csimodels.composite_results import CompositeResults
from csimodels.inference.information import interval, z_test
from csimodels.inference.intervals import spread
from csimodels.labels import text_column, text_index
from csimodels.results import CSIResults

__all__ = ["index_difference"]

Array = NDArray[Any]
PAIRING_SEED = 0


class Uncertainty(NamedTuple):
    """Standard errors and limits of differences, all (constructs,)."""

    se: Array
    lower: Array
    upper: Array


def index_difference(
    a: CSIResults | CompositeResults | Bootstrap,
    b: CSIResults | CompositeResults | Bootstrap,
    *,
    level: float = 0.95,
    constructs: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compare the 0-100 indices of two independent samples, such as two firms or two waves.

    Parameters
    ----------
    a, b : CSIResults, CompositeResults or Bootstrap
        Two results, or two bootstraps of results, of different respondents. Both by the same family of estimators.
    level : float
        Coverage of the intervals, between 0 and 1; the level of a bootstrap is not used.
    constructs : sequence of str, optional
        Constructs to compare; by default all that both have.

    Returns
    -------
    DataFrame
        By construct, in the order of ``a``: ``a`` and ``b`` (index points), ``difference`` (a - b), ``se``, ``z``, ``pvalue`` (two-sided
        normal), ``ci_lower``, ``ci_upper`` and ``weights``: "fixed" for results, "re-estimated" for bootstraps. For weighted results se
        and what follows from it are NaN, as in their index: bootstrap them.

    Raises
    ------
    OptionError
        Something else than two results or two bootstraps; the same answers in both; maximum likelihood against PLS, or other modes or
        weight rules; no common construct, or an unknown one; a level that is not between 0 and 1.
    CSIError
        A construct that does not mean the same in both models, such as complaint behaviour and complaint handling.
    ScaleError, MissingStatisticError
        An item without a theoretical scale; moments without means.

    Notes
    -----
    se = sqrt(se_a^2 + se_b^2), the samples being independent. Errors of results take the index weights as fixed (Fornell et al. 1996,
    doi:10.1177/002224299606000403); those of bootstraps know that they are estimated. Intervals of results are normal. Intervals of
    bootstraps are quantiles of the differences between members of the two bootstraps, which are paired at random (Efron & Tibshirani 1993,
    doi:10.1007/978-1-4899-4541-9), also where the bootstraps were asked for "bca"; only if both were asked for "normal" they are normal
    around the difference less its bias. p-values are not adjusted for the number of constructs. Items and their theoretical scales may
    differ: whether a construct measured by other items is the same is for the reader to judge.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> one, two = (csi.fit_acsi(df[df["firm"] == firm], estimator="pls") for firm in df["firm"].unique()[:2])
    >>> table = csi.index_difference(one, two, constructs=["satisfaction"])
    >>> bool(table.loc["satisfaction", "difference"] == one.csi - two.csi)
    True
    """
    checked_level(level)
    first, second = results_of(a, b)
    names = chosen(list(a.index.index), list(b.index.index), constructs)
    require_comparable(first, second, names)
    if isinstance(a, Bootstrap) and isinstance(b, Bootstrap):
        require_same_rule(a, b)
    scores = [side.index.loc[names, "score"].to_numpy() for side in (a, b)]
    difference = scores[0] - scores[1]
    if isinstance(a, Bootstrap) and isinstance(b, Bootstrap):
        s, weights = _of_bootstraps(a, b, names, difference, level), "re-estimated"
    else:
        s, weights = _of_results(first, second, names, difference, level), "fixed"
    z, p = z_test(difference, s.se)
    columns = {"a": scores[0], "b": scores[1], "difference": difference, "se": s.se, "z": z, "pvalue": p}
    columns |= {"ci_lower": s.lower, "ci_upper": s.upper, "weights": text_column((weights,) * len(names))}
    return pd.DataFrame(columns, index=text_index(tuple(names), "construct"))


def _of_results(a: CSIResults, b: CSIResults, names: list[str], difference: Array, level: float) -> Uncertainty:
    """Return the spread of differences with the weights of both indices taken as fixed."""
    se = np.hypot(*(side.index.loc[names, "se"].to_numpy() for side in (a, b)))
    return Uncertainty(se, *interval(difference, se, level))


def _of_bootstraps(a: Bootstrap, b: Bootstrap, names: list[str], difference: Array, level: float) -> Uncertainty:
    """Return the spread of differences between two bootstrap distributions."""
    rows = [side.index.index.get_indexer(pd.Index(names)) for side in (a, b)]
    own = [side.spread("index.score") for side in (a, b)]
    se = np.hypot(*(s.se[at] for s, at in zip(own, rows, strict=True)))
    if a.ci == b.ci == "normal":
        bias = own[0].bias[rows[0]] - own[1].bias[rows[1]]
        return Uncertainty(se, *interval(difference - bias, se, level))
    draws = [side.samples["index.score"][at] for side, at in zip((a, b), rows, strict=True)]
    paired = spread(difference, _paired(*draws), "percentile", level)
    return Uncertainty(se, paired.lower, paired.upper)


def _paired(a: Array, b: Array) -> Array:
    """Return differences of members of two bootstraps, paired at random.

    Paired in order they would not be independent: with the same seed and the same number of rows, member k of both draws the same row
    numbers, and rows that are sorted by the answers then carry a correlation into the difference.
    """
    kept = min(a.shape[1], b.shape[1])
    order = np.random.default_rng(PAIRING_SEED).permutation(b.shape[1])[:kept]
    out: Array = a[:, :kept] - b[:, order]
    return out
