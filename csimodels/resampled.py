"""The bootstrap of a result."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from csimodels import indices
from csimodels.bootstrapped import Bootstrap
from csimodels.bootstrapping import Drawn, jackknifed, resampled
from csimodels.checks import level as checked_level
from csimodels.codes import read_codes
from csimodels.defined import with_defined_draws
from csimodels.errors import CollinearityWarning, ConvergenceWarning, DataError, EstimationError, ImproperSolutionWarning, OptionError
from csimodels.exact_fit import exact_fit_table
from csimodels.fitted_rows import fitted_rows
from csimodels.inference.intervals import acceleration
from csimodels.options import INCOMPLETE, LEAST_SQUARES, ORDERED
from csimodels.recipes import recipe_for
from csimodels.refit import original
from csimodels.resample import Units, units_of

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["Resampled", "check_resampling"]

Array = NDArray[Any]
KINDS = ("percentile", "bca", "normal")
FEWEST = 2


class Resampled:
    """Add the bootstrap to a result."""

    def bootstrap(
        self,
        data: Any,
        n_boot: int = 5000,
        seed: int = 1,
        *,
        ci: str = "percentile",
        level: float = 0.95,
        strata: Any = None,
        clusters: Any = None,
        weights: Any = None,
        index_weights: indices.Rule = "estimated",
        exact_fit: bool = False,
        n_jobs: int = 1,
    ) -> Bootstrap:
        """Bootstrap every quantity of the result, weights of the index among them.

        Parameters
        ----------
        data : frame, mapping or array
            The frame that was fitted.
        n_boot : int
            Resamples, at least 2.
        seed : int
            Seed; the same seed gives the same numbers for any ``n_jobs``.
        ci : {"percentile", "bca", "normal"}
            Intervals: quantiles; bias-corrected and accelerated; normal around the estimate less its bias.
        level : float
            Coverage, between 0 and 1.
        strata : str or array (n,), optional
            Groups within which rows are drawn.
        clusters : str or array (n,), optional
            Groups of rows that are drawn whole.
        weights : str or array (n,), optional
            Row weights of the fit; a column is remembered.
        index_weights : {"estimated", "equal", "standardised"} or mapping of item to weight
            Rule for the weights of the 0-100 index.
        exact_fit : bool
            Also draw from data made to fit the model, for quantiles of the fit measures (Bollen & Stine).
        n_jobs : int
            Threads.

        Returns
        -------
        Bootstrap

        Raises
        ------
        DataError
            The frame or the weights are not the fitted ones, or a label is missing.
        OptionError
            An option that is not allowed.
        EstimationError
            Fewer than two resamples converged.

        Warns
        -----
        ConvergenceWarning, ImproperSolutionWarning, CollinearityWarning
            Resamples that failed or are inadmissible; standard errors made up by a few resamples. Also kept in ``warnings``.

        Notes
        -----
        Rows are drawn with replacement and the model is estimated again on each draw (Efron 1979, doi:10.1214/aos/1176344552). No sign is
        changed to agree with the original. Answers that the fit replaced by a mean are not replaced again.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> boot.n_failed
        0
        """
        result = cast("CSIResults", self)
        _require_resampled(result)
        check_resampling(n_boot, seed, ci, n_jobs)
        checked_level(level)
        recipe = recipe_for(result.spec, result.estimate, result.moments, index_weights)
        rows, usable = fitted_rows(result, data, weights)
        units = _units(data, usable, strata, clusters)
        drawn = resampled(result.estimate, recipe, rows, units, n_boot, seed, n_jobs, None)
        _require_members(drawn, n_boot)
        accelerations = None
        if ci == "bca":
            left_out = with_defined_draws(jackknifed(result.estimate, recipe, rows, units), result.spec, result.estimate)
            accelerations = {k: acceleration(v) for k, v in left_out.items()}
        fit = exact_fit_table(result, recipe, rows, units, n_boot, seed, n_jobs) if exact_fit else None
        points = with_defined_draws(original(result.estimate, recipe, result.moments), result.spec, result.estimate)
        boot = Bootstrap(
            result,
            with_defined_draws(drawn.samples, result.spec, result.estimate),
            points,
            n_boot,
            drawn.n_failed,
            drawn.n_inadmissible,
            seed,
            ("rows" if clusters is None else "clusters") + ("" if strata is None else " within strata"),
            recipe.rule,
            ci,
            level,
            accelerations,
            exact_fit=fit,
        )
        said = _said(boot)
        object.__setattr__(boot, "warnings", tuple(text for _, text in said))
        for category, text in said:
            warnings.warn(text, category, stacklevel=2)
        return boot


def _require_resampled(result: CSIResults) -> None:
    """Refuse what the kernel of resamples does not estimate: least squares, incomplete rows, means, constraints."""
    estimate, options = result.estimate, result.options
    why = {
        f"the estimator {options.estimator!r}": options.estimator in (*LEAST_SQUARES, *ORDERED),
        f"missing={options.missing!r}": options.missing in (*INCOMPLETE, "mi"),
        "a mean structure": getattr(estimate, "mean", None) is not None,
        "constraints (==)": getattr(estimate, "constraints", None) is not None,
    }
    for what, there in why.items():
        if there:
            raise OptionError(
                "bootstrap.estimator",
                f"Resamples are estimated by maximum likelihood of covariances or by PLS; this fit has {what}.",
                variable="estimator",
                value=what,
                hint='Bootstrap a fit of missing="listwise" or "mean".'
                if options.estimator in ("pls", "plsc")
                else "Use its own robust standard errors, or bootstrap a fit without it.",
            )


def check_resampling(n_boot: Any, seed: Any, ci: Any = "percentile", n_jobs: Any = 1) -> None:
    """Check the options of a bootstrap."""
    for name, value, lowest in (("n_boot", n_boot, FEWEST), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < lowest:
            raise OptionError(
                f"option.{name}", f"{name} is {value!r}.", variable=name, value=value, hint=f"Give a whole number of at least {lowest}."
            )
    if ci not in KINDS:
        raise OptionError("option.ci", f"ci is {ci!r}.", variable="ci", value=ci, hint=f"Use one of {KINDS}.")
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0:
        raise OptionError("option.n_jobs", f"n_jobs is {n_jobs!r}.", variable="n_jobs", value=n_jobs, hint="Give threads, or -1 for all.")


def _units(data: Any, usable: Array, strata: Any, clusters: Any) -> Units:
    """Return what is drawn among the usable rows."""
    n = len(usable)
    stratum = None if strata is None else read_codes(data, strata, n, "strata")[usable]
    cluster = None if clusters is None else read_codes(data, clusters, n, "clusters")[usable]
    if stratum is not None and cluster is not None:
        pairs = {(c, s) for c, s in zip(cluster.tolist(), stratum.tolist(), strict=True)}
        if len(pairs) > len(set(cluster.tolist())):
            raise DataError(
                "clusters.across_strata",
                "A cluster has rows in two strata.",
                variable="clusters",
                value=len(pairs),
                hint="Clusters must lie within strata.",
            )
    units = units_of(int(usable.sum()), stratum, cluster)
    if units.size < FEWEST or (cluster is not None and min(map(len, units.strata)) < FEWEST):
        raise DataError(
            "clusters.too_few",
            "There is only one cluster to draw from.",
            variable="clusters",
            value=units.size,
            hint="Bootstrap rows, or merge strata.",
        )
    return units


def _require_members(drawn: Drawn, n_boot: int) -> None:
    if n_boot - drawn.n_failed < FEWEST:
        raise EstimationError(
            "bootstrap.all_failed",
            f"{drawn.n_failed} of {n_boot} resamples did not converge.",
            variable="n_boot",
            value=drawn.n_failed,
            hint='The model is too large for these data: leave constructs or items out, or use estimator="pls".',
        )


def _said(boot: Bootstrap) -> list[tuple[type[Warning], str]]:
    """Return what has to be said about the resamples."""
    said: list[tuple[type[Warning], str]] = []
    if boot.n_failed:
        share = boot.n_failed / boot.n_boot
        why = "have no solution (no convergence, or an item that does not vary) and are left out."
        said.append((ConvergenceWarning, f"{boot.n_failed} of {boot.n_boot} resamples ({share:.1%}) {why}"))
    if boot.n_inadmissible:
        share = boot.n_inadmissible / boot.n_boot
        text = f"{boot.n_inadmissible} of {boot.n_boot} resamples ({share:.1%}) are inadmissible; they are kept."
        said.append((ImproperSolutionWarning, text))
    heavy = boot.spread("table.est").heavy
    if heavy.any():
        t = boot.result.table[heavy]
        names = [f"{a} {op} {b}" for a, op, b in zip(t["lhs"], t["op"], t["rhs"], strict=True)]
        said.append(
            (
                CollinearityWarning,
                f"A few resamples make up the standard error of {', '.join(names[:6])}{' and others' if len(names) > 6 else ''}: the "
                "optimum is nearly flat there, as among collinear constructs. Read their percentile intervals, not their standard errors.",
            )
        )
    return said
