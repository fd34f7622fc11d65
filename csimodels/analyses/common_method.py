"""Common-method variance: Harman's single factor, full collinearity, and a common factor of all items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.method_factor import common_factor, one_factor
from csimodels.errors import CSIError, OptionError
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.labels import text_column
from csimodels.presented import Presented

__all__ = ["CommonMethod", "common_method"]

Array = NDArray[np.float64]
COMPOSITES, FACTORS, HALF = 3.3, 5.0, 0.5
ASSUMPTIONS = (
    "None of these checks proves that answers are free of common-method variance: a small first eigenvalue may hide it, and a large one "
    "may be a real general factor such as satisfaction itself (Podsakoff et al. 2003, doi:10.1037/0021-9010.88.5.879).",
    "The limit of full collinearity is 3.3 for composites and 5 for constructs free of measurement error (Kock & Lynn 2012, "
    "doi:10.17705/1jais.00302; Kock 2015, doi:10.4018/ijec.2015100101).",
    "The common factor loads alike, in standard deviations, on every reflective item and is independent of the constructs. It takes up "
    "anything that all items share, method or substance, and is told from the constructs only by items that differ in their loadings.",
)


@dataclass(frozen=True, eq=False, repr=False)
class CommonMethod(Presented):
    """Present checks of common-method variance.

    Made by :func:`common_method`.

    Attributes
    ----------
    eigenvalues : DataFrame
        Of the items' correlations: number, eigenvalue, share. The first share is Harman's.
    models : DataFrame
        Fit of one factor for all items, of the model, and of the model with a common factor: model, chisq, df, cfi, rmsea, srmr.
    common_factor : DataFrame
        One row: share (of each item's variance that the common factor takes), se, chisq (difference), df, pvalue (one-sided, since a
        variance cannot be negative), loading (standardised, the root of the share).
    paths : DataFrame
        source, target, std, std_common (with the common factor), change.
    collinearity : DataFrame
        construct, vif (of its regression on all others), limit, above.
    assumptions, warnings : tuple of str
        What the checks rest on, and what was said.
    """

    headline: ClassVar[str] = "Common-method variance"
    titles: ClassVar[dict[str, str]] = {
        "eigenvalues": "Harman: eigenvalues of the items' correlations",
        "models": "One factor against the model",
        "common_factor": "A common factor of all items",
        "paths": "Paths without and with the common factor",
        "collinearity": "Full collinearity of the constructs",
    }
    picture: ClassVar[str] = "common_method"

    eigenvalues: pd.DataFrame
    models: pd.DataFrame
    common_factor: pd.DataFrame
    paths: pd.DataFrame
    collinearity: pd.DataFrame
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def common_method(result: Any) -> CommonMethod:
    """Check a fitted model for common-method variance.

    Parameters
    ----------
    result : CSIResults
        A fit by any estimator; of ordered items the polychoric correlations are used.

    Returns
    -------
    CommonMethod
        Tables eigenvalues, models, common_factor, paths and collinearity. Those of one factor and of a common factor are maximum-likelihood
        fits of the same moments; where the model has none, they are empty and ``warnings`` says why.

    Raises
    ------
    OptionError
        Not the result of a path model.

    Notes
    -----
    Harman's single-factor test: the share of the first unrotated component. Full collinearity: the diagonal of the inverse of the
    constructs' correlations. The common factor has loadings sd_i, and its variance, the share, is the one parameter that is added
    (Podsakoff et al. 2003, doi:10.1037/0021-9010.88.5.879); the test halves the p-value of chi-square with one degree of freedom (Self &
    Liang 1987, doi:10.1080/01621459.1987.10478472).

    Examples
    --------
    >>> import csimodels as csi
    >>> checks = csi.common_method(csi.fit_acsi(csi.load_acsi_demo(), engine="native"))
    >>> bool(checks.eigenvalues.loc[0, "share"] < 0.5)
    True
    """
    if not hasattr(result, "construct_correlations"):
        text, hint = f"The result is a {type(result).__name__}.", "Give what fit() returns for a path model."
        raise OptionError("common_method.not_a_result", text, variable="result", value=type(result).__name__, hint=hint)
    S = _moments(result)
    said: list[str] = []
    values = _eigenvalues(S)
    if values["share"].iloc[0] > HALF:
        said.append(f"The first component takes {100 * values['share'].iloc[0]:.0f} % of the items' variance, more than half.")
    collinearity = _collinearity(result)
    for row in collinearity[collinearity["above"]].to_dict("records"):
        said.append(f"Construct {row['construct']!r} has a full collinearity of {row['vif']:.1f}, above {row['limit']:g}.")
    try:
        single = one_factor(result.spec, S, result.moments.rows)
        models, factor, paths, more = common_factor(result, S)
        said += more
        return CommonMethod(values, pd.concat([single, models], ignore_index=True), factor, paths, collinearity, warnings=tuple(said))
    except CSIError as error:
        said.append(f"Maximum likelihood has no fit of this model: {error}")
    return CommonMethod(values, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), collinearity, warnings=tuple(said))


def _moments(result: Any) -> Array:
    """Return the covariances of the items (p, p): of ordered ones what lies behind them."""
    return np.asarray(result.estimate.S if getattr(result.estimate, "ordinal", ()) else result.moments.cov)


def _eigenvalues(S: Array) -> pd.DataFrame:
    """Return the eigenvalues of the correlations and their shares."""
    sd = np.sqrt(np.diagonal(S))
    value = np.linalg.eigvalsh(S / np.outer(sd, sd))[::-1]
    return pd.DataFrame({"number": np.arange(1, len(value) + 1), "eigenvalue": value, "share": value / len(value)})


def _collinearity(result: Any) -> pd.DataFrame:
    """Return the variance inflation of every construct given all others."""
    R: Any = result.construct_correlations
    inflation = np.diagonal(np.linalg.pinv(R.to_numpy(), hermitian=True))
    limit = COMPOSITES if isinstance(result.estimate, PLSEstimate) else FACTORS
    return pd.DataFrame({"construct": text_column(tuple(R.columns)), "vif": inflation, "limit": limit, "above": inflation > limit})
