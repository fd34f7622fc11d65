"""What a bootstrap says of every quantity of a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.importance import checked_target, construct_map, item_map
from csimodels.inference.information import z_test
from csimodels.inference.intervals import Spread, spread
from csimodels.labels import text_column, text_index
from csimodels.outlines import outline_for
from csimodels.report.boot_mixin import DrawnBootstrap

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from csimodels.results import CSIResults

__all__ = ["Bootstrap"]

Array = NDArray[Any]
EFFECTS = ("direct", "indirect", "total")


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap(DrawnBootstrap):
    """Present bootstrap standard errors, intervals and p-values under the property names of a result.

    Made by :meth:`CSIResults.bootstrap`. Resamples that did not converge are left out and counted; inadmissible
    ones (a negative variance, a loading beyond one, construct covariances that are not positive definite) are kept and counted.
    p-values are two-sided normal ones of estimate / se.

    Attributes
    ----------
    result : CSIResults
        The fitted model.
    samples : dict of arrays (rows, members)
        Quantities of the resamples that converged, e.g. ``samples["index.score"]`` in the order of ``index``.
    n_boot, n_failed, n_inadmissible : int
        Resamples drawn, left out, and kept though inadmissible.
    seed : int
        Seed of the random numbers.
    drawn : str
        What was drawn: "rows", "rows within strata", "clusters" or "clusters within strata".
    index_weights : str
        Rule for the weights of the index.
    ci : {"percentile", "bca", "normal"}
        Kind of interval.
    level : float
        Coverage.
    warnings : tuple of str
        What was said about the resamples.
    exact_fit : DataFrame or None
        Fit measures with quantiles under the model, where asked for.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
    >>> boot.index.columns.tolist()
    ['score', 'se', 'ci_lower', 'ci_upper', 'bias', 'weights']
    """

    result: CSIResults
    samples: dict[str, Array]
    points: dict[str, Array]
    n_boot: int
    n_failed: int
    n_inadmissible: int
    seed: int
    drawn: str
    index_weights: str
    ci: str
    level: float
    accelerations: dict[str, Array] | None = None
    warnings: tuple[str, ...] = ()
    exact_fit: pd.DataFrame | None = None
    _spreads: dict[str, Spread] = field(default_factory=dict)

    def spread(self, key: str) -> Spread:
        """Return standard errors, bias and limits of one quantity, computed once."""
        if key not in self._spreads:
            a = None if self.accelerations is None else self.accelerations[key]
            self._spreads[key] = spread(self.points[key], self.samples[key], self.ci, self.level, a)
        return self._spreads[key]

    def _columns(self, key: str, name: str) -> dict[str, Any]:
        """Return the columns of a quantity that has a table of its own."""
        s = self.spread(key)
        _, p = z_test(self.points[key], s.se)
        return {name: self.points[key], "se": s.se, "pvalue": p, "ci_lower": s.lower, "ci_upper": s.upper, "bias": s.bias}

    @cached_property
    def table(self) -> pd.DataFrame:
        """Parameter table in the result's columns, with bootstrap standard errors and intervals, also of standardised values."""
        out = self.result.table.copy()
        s = self.spread("table.est")
        z, p = z_test(out["est"].to_numpy(), s.se)
        out = out.assign(se=s.se, z=z, pvalue=p, ci_lower=s.lower, ci_upper=s.upper)
        std = self.spread("table.std" if "table.std" in self.samples else "table.est")
        return out.assign(std_se=std.se, std_ci_lower=std.lower, std_ci_upper=std.upper, bias=s.bias)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Structural paths: source, target, estimates, standardised values with intervals, expected and estimated signs."""
        rows = self.table[self.table["op"] == "~"].reset_index(drop=True)
        signs = self.result.paths[["expected_sign", "estimated_sign", "sign_agrees"]]
        kept = rows.drop(columns=["op", "group", "label", "free"]).rename(columns={"lhs": "target", "rhs": "source"})
        return kept[["source", "target", *kept.columns[2:]]].join(signs)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings by construct and indicator."""
        return self._measurement("=~")

    @cached_property
    def outer_weights(self) -> pd.DataFrame:
        """Outer weights of PLS by construct and indicator; no rows after maximum likelihood."""
        return self._measurement("<~")

    def _measurement(self, op: str) -> pd.DataFrame:
        rows = self.table[self.table["op"] == op].reset_index(drop=True)
        return rows.drop(columns=["op", "group", "label", "free"]).rename(columns={"lhs": "construct", "rhs": "indicator"})

    @cached_property
    def index(self) -> pd.DataFrame:
        """The 0-100 index with errors that know its weights are estimated: score, se, ci_lower, ci_upper, bias, weights."""
        self.result.index_table()  # says by name why a model without scales has no map
        s = self.spread("index.score")
        columns = {"score": self.points["index.score"], "se": s.se, "ci_lower": s.lower, "ci_upper": s.upper, "bias": s.bias}
        names = self._names(self._outline.indexed)
        source = "re-estimated" if self.index_weights in ("estimated", "standardised") else "fixed"
        return pd.DataFrame(columns | {"weights": text_column((source,) * len(names))}, index=text_index(names, "construct"))

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Direct, indirect and total effects, each with ``*_se``, ``*_pvalue``, ``*_ci_lower`` and ``*_ci_upper``; also standardised."""
        out = self.result.effects[["source", "target"]].copy()
        for name in (*EFFECTS, *(f"{e}_std" for e in EFFECTS)):
            key = f"effects.{name}" if f"effects.{name}" in self.samples else f"effects.{name.removesuffix('_std')}"
            s = self.spread(key)
            _, p = z_test(self.points[key], s.se)
            columns = {"": self.points[key], "_se": s.se, "_pvalue": p, "_ci_lower": s.lower, "_ci_upper": s.upper}
            out = out.assign(**{f"{name}{suffix}": value for suffix, value in columns.items()})
        return out

    @cached_property
    def rsquared(self) -> pd.DataFrame:
        """Explained variance: rsquared, se, pvalue, ci_lower, ci_upper, bias."""
        return pd.DataFrame(self._columns("rsquared.rsquared", "rsquared"), index=self.result.rsquared.index)

    @cached_property
    def f2(self) -> pd.DataFrame:
        """Effect sizes of paths: source, target, f2, se, pvalue, ci_lower, ci_upper, bias."""
        return self.result.f2[["source", "target"]].assign(**self._columns("f2.f2", "f2"))

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios: construct_a, construct_b, htmt, se, pvalue, ci_lower, ci_upper, bias."""
        pairs = self._outline.rivals
        names = {"construct_a": self._names([a for a, _ in pairs]), "construct_b": self._names([b for _, b in pairs])}
        return self._labelled(names, self._columns("htmt.htmt", "htmt"))

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Reliability of blocks: construct, measure (alpha, rho_c, ...), value, se, ci_lower, ci_upper, bias."""
        names = self._names(range(self._outline.plan.latent))
        parts = []
        for measure in [m for m in ("alpha", "alpha_raw", "rho_a", "rho_c", "ave") if f"reliability.{m}" in self.samples]:
            part = self._labelled({"construct": names}, self._columns(f"reliability.{measure}", "value"))
            part.insert(1, "measure", measure)
            parts.append(part.drop(columns="pvalue"))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Shares of the items in their index: construct, indicator, share, se, pvalue, ci_lower, ci_upper, bias."""
        self.result.index_table()  # says by name why a model without scales has no map
        return self.result.weights[["construct", "indicator"]].assign(**self._columns("weights.share", "share"))

    def impact(self, delta: float = 5) -> pd.DataFrame:
        """Return impacts on indices with their errors.

        Parameters
        ----------
        delta : float
            Rise of the driver's index, in points.

        Returns
        -------
        DataFrame
            Columns driver, target, impact, se, pvalue, ci_lower, ci_upper, bias.

        Raises
        ------
        OptionError
            delta is not a finite number other than zero.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200).impact().columns[2]
        'impact'
        """
        self.result.impact(delta)
        columns = self._columns("impact.impact", "impact")
        for name in ("impact", "se", "ci_lower", "ci_upper", "bias"):
            columns[name] = delta * columns[name]
        if delta < 0:
            columns |= {"se": -columns["se"], "ci_lower": columns["ci_upper"], "ci_upper": columns["ci_lower"]}
        pairs = self._outline.impacts
        return self._labelled({"driver": self._names([s for s, _ in pairs]), "target": self._names([t for _, t in pairs])}, columns)

    def ipma(self, target: str | None = None, level: str = "construct") -> pd.DataFrame:
        """Return the importance-performance map with the errors of both.

        Parameters
        ----------
        target : str, optional
            Construct whose index is to rise; by default the model's target.
        level : {"construct", "indicator"}
            Whether drivers are constructs or their items.

        Returns
        -------
        DataFrame
            construct (and indicator), then importance and performance, each with ``*_se``, ``*_ci_lower`` and ``*_ci_upper``.

        Raises
        ------
        CSIError
            No scales or means, no target or an unknown one, an unknown level.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200).ipma().columns[2]
        'importance_se'
        """
        self.result.index_table()  # says by name why a model without scales has no map
        outline = self._outline
        chosen = checked_target(self.result.spec, target, self._names(outline.indexed), level)
        labels, importance, performance = (construct_map if level == "construct" else item_map)(outline, chosen)
        columns: dict[str, Any] = {}
        for name, product in (("importance", importance), ("performance", performance)):
            est, samples = (np.prod([values[key][rows] for key, rows in product], axis=0) for values in (self.points, self.samples))
            s = spread(est, samples, "percentile" if self.ci == "bca" else self.ci, self.level)
            columns |= {name: est, f"{name}_se": s.se, f"{name}_ci_lower": s.lower, f"{name}_ci_upper": s.upper}
        return self._labelled(labels, columns)

    @cached_property
    def _outline(self) -> Any:
        return outline_for(self.result.spec, self.result.estimate)

    def _names(self, numbers: Any) -> tuple[str, ...]:
        return tuple(self._outline.plan.constructs[j] for j in numbers)

    @staticmethod
    def _labelled(names: dict[str, tuple[str, ...]], columns: dict[str, Any]) -> pd.DataFrame:
        return pd.DataFrame({k: text_column(v) for k, v in names.items()} | columns)

    def __repr__(self) -> str:
        from csimodels.report.bootstrapped import brief_bootstrap

        return brief_bootstrap(self)

    def _repr_html_(self) -> str:
        from csimodels.report.bootstrapped import notebook_bootstrap

        return notebook_bootstrap(self)

    def summary(self) -> Summary:
        """Return the summary, warnings first.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            Prints as text; ``as_html()``, ``as_latex()`` (booktabs) and ``as_csv()`` give the other formats.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> "Structural paths" in boot.summary().as_text()
        True
        """
        from csimodels.report.bootstrapped import summarise_bootstrap

        return summarise_bootstrap(self)
