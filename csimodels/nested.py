"""Nested models compared: likelihood-ratio tests, scaled where the fits are robust."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from csimodels.errors import CSIWarning, OptionError
from csimodels.estimators.estimate import Estimate
from csimodels.inference.difference import shifted_difference
from csimodels.measures.fit import rmsea
from csimodels.results import CSIResults

__all__ = ["anova"]

COLUMNS = ["df", "aic", "bic", "chisq", "scaling_factor", "chisq_diff", "df_diff", "pvalue", "rmsea"]
SCALED = ("satorra.bentler", "yuan.bentler.mplus")
ADJUSTED = ("scaled.shifted", "mean.var.adjusted")


def anova(*results: CSIResults) -> pd.DataFrame:
    """Compare nested models of the same rows.

    Parameters
    ----------
    *results : CSIResults
        Two fits or more by the same estimator, to the same rows and items.

    Returns
    -------
    DataFrame
        One row a model, the least restricted first: df, aic, bic, chisq, scaling_factor (robust fits), and of the difference to the row
        above chisq_diff (scaled for robust fits), df_diff, pvalue, rmsea.

    Raises
    ------
    OptionError
        ``anova.results`` (fewer than two covariance-structure fits), ``anova.data`` (other rows or items), ``anova.estimator``,
        ``anova.df`` (equal degrees of freedom), ``anova.scaling`` (the scaled difference does not exist, or the correction of the fits
        has no difference test).

    Warns
    -----
    CSIWarning
        The restricted model fits better: the models are not nested, or a fit did not converge.

    Notes
    -----
    T_0 - T_1 with df_0 - df_1 degrees of freedom. For robust fits it is divided by (df_0 c_0 - df_1 c_1) / (df_0 - df_1), the c being the
    scaling factors (Satorra & Bentler 2001, doi:10.1007/BF02296192); for "mlmv", "mlmvs", "wlsmv" and "ulsmv" it is scaled and shifted
    (Satorra 2000, doi:10.1007/978-1-4615-4603-0_17), as by lavaan and Mplus' DIFFTEST. That models are nested is not checked beyond this.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> free = csi.ModelSpec.from_lavaan("f =~ expect_overall + expect_custom + expect_reliab + qual_overall")
    >>> equal = csi.ModelSpec.from_lavaan("f =~ expect_overall + a*expect_custom + a*expect_reliab + qual_overall")
    >>> csi.anova(csi.fit(free, df, engine="native"), csi.fit(equal, df, engine="native"))["df_diff"].tolist()
    [nan, 1.0]
    """
    _require_comparable(results)
    ordered = sorted(results, key=lambda r: r.fit_measures["df"])
    rows = [_row(ordered[0], None)] + [_row(b, a) for a, b in pairwise(ordered)]
    return pd.DataFrame(rows, columns=COLUMNS, index=pd.Index(_names(ordered), name="model"))


def _names(results: list[CSIResults]) -> list[str]:
    """Return names of models, numbered where they are alike."""
    names = [r.spec.name for r in results]
    return [f"{n} ({k + 1})" if names.count(n) > 1 else n for k, n in enumerate(names)]


def _require_comparable(results: tuple[Any, ...]) -> None:
    """Refuse what likelihood-ratio tests cannot compare."""
    if len(results) < 2 or not all(isinstance(r, CSIResults) and isinstance(r.estimate, Estimate) for r in results):
        text, hint = f"anova() was given {len(results)} result(s), or others than of covariance structures.", "Give two fits or more."
        raise OptionError("anova.results", text, variable="results", value=len(results), hint=hint)
    first = results[0]
    for r in results[1:]:
        if set(r.spec.items) != set(first.spec.items) or not _same_rows(r, first):
            text = f"The models are fitted to different items or rows: n = {first.moments.rows} and {r.moments.rows}."
            raise OptionError("anova.data", text, variable="results", value=r.spec.name, hint="Fit both to the same rows and items.")
        if (r.options.estimator, r.options.missing, r.options.likelihood) != (
            first.options.estimator,
            first.options.missing,
            first.options.likelihood,
        ):
            text = f"The models are fitted by {first.options.estimator!r} and {r.options.estimator!r}, or with other treatments."
            raise OptionError("anova.estimator", text, variable="estimator", value=r.options.estimator, hint="Fit both alike.")


def _same_rows(a: CSIResults, b: CSIResults) -> bool:
    """Return whether two fits have the same moments, in whatever order of items."""
    order = [a.spec.items.index(i) for i in b.spec.items]
    return a.moments.rows == b.moments.rows and bool(np.allclose(a.moments.cov[np.ix_(order, order)], b.moments.cov, rtol=1e-8, atol=1e-10))


def _row(less: CSIResults, more: CSIResults | None) -> tuple[float, ...]:
    """Return a model's fit and its difference to a less restricted one."""
    f, test = less.fit_measures, less.estimate.test if isinstance(less.estimate, Estimate) else None
    head = (f["df"], f.get("aic", np.nan), f.get("bic", np.nan), f["chisq"], test.c if test is not None else np.nan)
    if more is None:
        return (*head, *(np.nan,) * 4)
    g = more.fit_measures
    df, statistic = f["df"] - g["df"], f["chisq"] - g["chisq"]
    if df <= 0:
        text = f"Both models have {f['df']:g} degrees of freedom: neither restricts the other."
        raise OptionError("anova.df", text, variable="df", value=float(f["df"]), hint="Give models of which one restricts the other.")
    if statistic < -1e-6 * max(1.0, f["chisq"]):
        _warn(less)
    scaled = _scaled(less, more, statistic, df)
    n = float(less.estimate.n)
    return (*head, scaled, df, float(chdtrc(df, max(scaled, 0.0))), rmsea(max(scaled, 0.0), df, n))


def _warn(less: CSIResults) -> None:
    text = f"The model {less.spec.name!r} restricts another but fits better: they are not nested, or a fit did not converge."
    warnings.warn(text, CSIWarning, stacklevel=4)


def _scaled(less: CSIResults, more: CSIResults, statistic: float, df: float) -> float:
    """Return the difference of statistics, corrected where the fits are."""
    own, wider = (getattr(r.estimate, "tangent", None) for r in (less, more))
    test = getattr(less.estimate, "test", None)
    if own is not None and wider is not None and test is not None and test.method in ADJUSTED:
        if less.spec.items != more.spec.items:
            text, hint = "The models have their items in other orders.", "Write both with the constructs in one order."
            raise OptionError("anova.data", text, variable="results", value=less.spec.name, hint=hint)
        return shifted_difference(statistic, df, own, wider)
    return statistic / _scaling(less, more, df)


def _scaling(less: CSIResults, more: CSIResults, df: float) -> float:
    """Return the scaling factor of a difference, one for fits that are not robust."""
    tests = [r.estimate.test if isinstance(r.estimate, Estimate) else None for r in (less, more)]
    if tests[0] is None and tests[1] is None:
        return 1.0
    parts = [
        0.0 if r.fit_measures["df"] == 0 else r.fit_measures["df"] * t.c for r, t in zip((less, more), tests, strict=True) if t is not None
    ]
    known = all(t is None or t.method in SCALED for t in tests)
    factor = (parts[0] - parts[1]) / df if known and len(parts) == 2 else np.nan
    if not factor > 0:
        text = "The scaled difference does not exist." if known else f"{tests[0].method!r} has no difference test here."  # type: ignore[union-attr]
        hint = 'Fit with estimator="mlr" or "mlm"; where the factor is negative, use wald_test().'
        raise OptionError("anova.scaling", text, variable="estimator", value=float(factor), hint=hint)
    return float(factor)
