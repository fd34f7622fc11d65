"""The results of many groups, as long tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import level as checked_level
from csimodels.errors import MissingStatisticError
from csimodels.estimators.matrices import layout
from csimodels.groupfit import GroupFits
from csimodels.grouping import Groups
from csimodels.indices import checked_delta
from csimodels.inference.information import interval, z_test
from csimodels.labels import text_column
from csimodels.measures.ml_quantities import explained
from csimodels.measures.outline import Outline
from csimodels.options import COVARIANCE, Options
from csimodels.partable import expand
from csimodels.pls_tables import pls_rows
from csimodels.spec import ModelSpec

__all__ = ["GroupedResults"]

Array = NDArray[Any]
FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "d_uls", "srmr_saturated", "d_uls_saturated")


@dataclass(frozen=True, eq=False, repr=False)
class GroupedResults:
    """Present the fits of all groups of a survey as long tables, one block of rows a group.

    Made by :func:`csimodels.fit_by`. The first columns of every table are the grouping columns. Groups without a solution are in
    ``failures`` and in no other table.

    Attributes
    ----------
    spec : ModelSpec
        The model as fitted.
    options : Options
        How it was fitted.
    warnings : tuple of str
        What was said.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> res = csi.fit_by("acsi_1996", df, by="firm", estimator="pls")
    >>> res.index.columns[:3].tolist()
    ['firm', 'construct', 'score']
    """

    spec: ModelSpec
    options: Options
    outline: Outline
    data: Groups
    fits: GroupFits
    reasons: dict[int, str]
    warnings: tuple[str, ...] = ()

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Every group: labels, rows, dropped, imputed, converged, admissible, evaluations, reason (why there is no solution)."""
        d, f = self.data, self.fits
        columns = {"rows": d.rows, "dropped": d.dropped, "imputed": d.imputed, "converged": f.converged}
        columns |= {"admissible": f.converged & f.proper, "evaluations": f.evaluations}
        return d.keys.assign(**columns, reason=[self.reasons.get(g, "") for g in range(len(d.rows))])

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Groups without a solution: labels, rows, reason."""
        rows = self.groups.loc[~self.fits.converged, [*self.data.keys.columns, "rows", "reason"]]
        return rows.reset_index(drop=True)

    @cached_property
    def _kept(self) -> Array:
        return np.flatnonzero(self.fits.converged)

    def _values(self, key: str) -> Array:
        """Return a quantity group after group."""
        out: Array = self.fits.values[key][:, self._kept].T.ravel()
        return out

    def _long(self, names: dict[str, tuple[str, ...]], columns: dict[str, Array]) -> pd.DataFrame:
        """Return labels of groups, then names repeated for each of them, then columns."""
        count = len(next(iter(names.values())))
        keys = self.data.keys.iloc[np.repeat(self._kept, count)].reset_index(drop=True)
        again = np.tile(np.arange(count), len(self._kept))
        return keys.assign(**{name: text_column(values).take(again) for name, values in names.items()}, **columns)

    def _named(self, numbers: Any) -> tuple[str, ...]:
        return tuple(self.outline.plan.constructs[j] for j in numbers)

    @cached_property
    def index(self) -> pd.DataFrame:
        """The 0-100 index: labels, construct, score, se, ci_lower, ci_upper, weights (taken as fixed, estimated in each group)."""
        return self.index_table()

    def index_table(self, level: float = 0.95) -> pd.DataFrame:
        """Return the 0-100 index of every construct in every group.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            Labels, construct, score, se, ci_lower, ci_upper, weights.

        Raises
        ------
        MissingStatisticError
            An item has no theoretical scale.
        OptionError
            level is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_by("acsi_1996", csi.load_acsi_demo(), by="firm", estimator="pls")
        >>> len(res.index_table(0.9)) == 6 * len(res.groups)
        True
        """
        self._require_scales()
        score = self._values("index.score")
        se = np.full(len(score), np.nan) if self.data.weighted else self._values("index.se")
        lower, upper = interval(score, se, checked_level(level))
        columns = {"score": score, "se": se, "ci_lower": lower, "ci_upper": upper}
        return self._long({"construct": self._named(self.outline.indexed)}, columns).assign(weights="fixed")

    def _require_scales(self) -> None:
        if "index.score" not in self.fits.values and self._kept.size:
            raise MissingStatisticError(
                "index.no_scale",
                "The 0-100 index needs the theoretical scale of every item.",
                variable="scale",
                value=None,
                hint="Say scale=(lowest, highest) in fit_by() or ModelSpec.from_lavaan().",
            )

    @cached_property
    def table(self) -> pd.DataFrame:
        """Parameter table: labels, lhs op rhs label free est se z pvalue ci_lower ci_upper std; se are unknown after PLS."""
        if self.options.estimator in COVARIANCE:
            rows = expand(self.spec, self.options.std_lv).rows
            names = {k: tuple(getattr(r, k) for r in rows) for k in ("lhs", "op", "rhs", "label")}
            free = np.array([r.free for r in rows])
            se = np.full(len(free) * len(self._kept), np.nan) if self.data.weighted else self._values("table.se")
        else:
            lhs, op, rhs, estimated = zip(*pls_rows(self.outline.plan), strict=True)
            names = {"lhs": lhs, "op": op, "rhs": rhs, "label": ("",) * len(lhs)}
            free = np.where(estimated, np.cumsum(estimated), 0)
            se = np.full(len(free) * len(self._kept), np.nan)
        est = self._values("table.est")
        z, p = z_test(est, se)
        lower, upper = interval(est, se)
        columns = {"free": np.tile(free, len(self._kept)), "est": est, "se": se, "z": z, "pvalue": p, "ci_lower": lower, "ci_upper": upper}
        std = self._values("table.std" if "table.std" in self.fits.values else "table.est")
        return self._long(names, columns | {"std": std})

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Structural paths: labels, source, target, est, se, z, pvalue, ci_lower, ci_upper, std."""
        rows = self.table[self.table["op"] == "~"].rename(columns={"lhs": "target", "rhs": "source"})
        kept = [c for c in rows.columns if c not in ("op", "label", "free", "source", "target")]
        keys = list(self.data.keys.columns)
        return rows[[*keys, "source", "target", *kept[len(keys) :]]].reset_index(drop=True)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Effects: labels, source, target, direct, indirect, total; raw ones after ML, standardised ones after PLS."""
        pairs = self.outline.effects
        names = {"source": self._named([s for s, _ in pairs]), "target": self._named([t for _, t in pairs])}
        return self._long(names, {e: self._values(f"effects.{e}") for e in ("direct", "indirect", "total")})

    @cached_property
    def rsquared(self) -> pd.DataFrame:
        """Explained variance of endogenous constructs: labels, construct, rsquared."""
        targets = self._named([t for t, _ in self.outline.plan.equations])
        names = targets
        if self.options.estimator in COVARIANCE:
            table = expand(self.spec, self.options.std_lv)
            lay = layout(table)
            names = tuple((*lay.structural, *table.observed)[k] for k in explained(table, lay))
        at = [names.index(t) for t in targets]
        values = self.fits.values["rsquared.rsquared"][at][:, self._kept].T.ravel()
        return self._long({"construct": targets}, {"rsquared": values})

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Reliability of blocks: labels, construct, alpha, alpha_raw, rho_a (PLS), rho_c, ave."""
        measures = [m for m in ("alpha", "alpha_raw", "rho_a", "rho_c", "ave") if f"reliability.{m}" in self.fits.values]
        names = {"construct": self._named(range(self.outline.plan.latent))}
        return self._long(names, {m: self._values(f"reliability.{m}") for m in measures})

    @cached_property
    def fit_measures(self) -> pd.DataFrame:
        """Fit measures, a row a group: chisq, df, pvalue, cfi, tli, rmsea, srmr; after PLS srmr and d_uls."""
        keys = self.data.keys.iloc[self._kept].reset_index(drop=True)
        out = keys.assign(**{m: self._values(f"fit.{m}") for m in FIT if f"fit.{m}" in self.fits.values})
        if self.data.weighted and self.options.estimator in COVARIANCE:
            out[["chisq", "pvalue", "cfi", "tli", "rmsea"]] = np.nan
        return out

    def impact(self, delta: float = 5) -> pd.DataFrame:
        """Return impacts on indices in every group.

        Parameters
        ----------
        delta : float
            Rise of the driver's index, in points.

        Returns
        -------
        DataFrame
            Labels, driver, target, impact.

        Raises
        ------
        MissingStatisticError
            An item has no theoretical scale.
        OptionError
            delta is not a finite number other than zero.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_by("acsi_1996", csi.load_acsi_demo(), by="firm", estimator="pls").impact().columns[-1]
        'impact'
        """
        self._require_scales()
        pairs = self.outline.impacts
        names = {"driver": self._named([s for s, _ in pairs]), "target": self._named([t for _, t in pairs])}
        return self._long(names, {"impact": checked_delta(delta) * self._values("impact.impact")})

    def __repr__(self) -> str:
        from csimodels.report.grouped import brief_groups

        return brief_groups(self)

    def _repr_html_(self) -> str:
        from csimodels.report.grouped import notebook_groups

        return notebook_groups(self)
