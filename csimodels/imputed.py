"""Multiple imputation: fits of completed data sets pooled by Rubin's rules into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.errors import DataError, DataWarning, EstimationError, OptionError
from csimodels.estimators.estimate import Baseline, Estimate
from csimodels.estimators.matrices import fill, implied, parameters
from csimodels.estimators.means import implied_mean
from csimodels.evidence import Evidence, gathered
from csimodels.fit_tables import model_df
from csimodels.fitting import estimated
from csimodels.inference.rubin import between, pooled_likelihood_ratio, pooled_statistic, pooled_vcov
from csimodels.inference.scaled import ScaledTest
from csimodels.measures.fit import baseline
from csimodels.preparation import Prepared
from csimodels.sampling import mean_covariance

__all__ = ["Imputed", "pooled_fit"]

Array = NDArray[Any]


class Imputed(NamedTuple):
    """Hold a pooled fit: estimate, recoded moments, covariance matrix of the item means (p, p), what has to be said."""

    estimate: Estimate
    moments: Moments
    mean_vcov: Array | None
    said: list[tuple[type[Warning], str]]


def pooled_fit(ready: Prepared, frames: Any, weights: Any, na_values: Any, clusters: Any, strata: Any) -> Imputed:
    """Fit a model to each of several completed data sets, and pool by Rubin's rules (Rubin 1987, doi:10.1002/9780470316696).

    Parameters
    ----------
    ready : Prepared
        Model and options.
    frames : sequence of frames
        The completed data sets, with the same rows.
    weights, na_values, clusters, strata
        As in ``fit``; the same for all data sets.
    """
    whole = replace(ready, options=replace(ready.options, missing="listwise"))
    found = [gathered(frame, ready.spec, whole.options, weights, na_values, clusters, strata) for frame in _frames(frames)]
    _require_alike(found)
    fits = [estimated(whole, e) for e in found]
    kept = [k for k, (estimate, _, _) in enumerate(fits) if estimate.converged]
    said = _lost(len(fits), len(kept))
    estimates = [fits[k][0] for k in kept]
    moments = [fits[k][2] for k in kept]
    spreads = [mean_covariance(found[k], ready.spec) for k in kept]
    return Imputed(pooled([e for e in estimates if isinstance(e, Estimate)]), _moments(moments), _mean_vcov(moments, spreads), said)


def _frames(frames: Any) -> Sequence[Any]:
    """Return the data sets, checked to be several."""
    if not isinstance(frames, (list, tuple)) or len(frames) < 2:
        text = 'missing="mi" takes a list of completed frames, two or more.'
        hint = "Give the frames that the imputation made, e.g. [frame_1, ..., frame_20]."
        raise OptionError("option.imputations", text, variable="data", value=type(frames).__name__, hint=hint)
    return frames


def _require_alike(found: list[Evidence]) -> None:
    """Refuse data sets with missing answers, or with other rows."""
    for k, e in enumerate(found):
        if e.moments.dropped:
            text = f"Data set {k + 1} has {e.moments.dropped} rows with a missing answer, or without weight."
            hint = 'Impute every answer of the model, or use missing="fiml".'
            raise DataError("imputations.incomplete", text, variable="data", value=k + 1, hint=hint)
        if e.moments.rows != found[0].moments.rows:
            text = f"Data set {k + 1} has {e.moments.rows} rows, the first {found[0].moments.rows}."
            raise DataError("imputations.rows", text, variable="data", value=k + 1, hint="Give completed versions of one survey.")


def _lost(m: int, kept: int) -> list[tuple[type[Warning], str]]:
    """Return what has to be said about data sets without a solution; refuse fewer than two solutions."""
    if kept < 2:
        text = f"Only {kept} of {m} completed data sets have a solution."
        raise EstimationError("imputations.converged", text, variable="data", value=kept, hint="Fit one of them alone to see why.")
    return [(DataWarning, f"{m - kept} of {m} completed data sets have no solution and are left out.")] if kept < m else []


def pooled(fits: list[Estimate]) -> Estimate:
    """Return fits of completed data sets as one.

    The chi-square statistic of maximum likelihood is D3 as chi-square, of least squares D2; scaling factors are means.

    Parameters
    ----------
    fits : list of Estimate
        Converged solutions of one model.
    """
    first = fits[0]
    if any(e.table.n_free != first.table.n_free or len(e.full) != len(first.full) for e in fits):
        text = "The completed data sets do not have the same categories of ordered items."
        hint = "Impute ordered items by answers that were given."
        raise DataError("imputations.categories", text, variable="ordinal", value=first.ordinal, hint=hint)
    x = np.array([e.x for e in fits])
    vcov, info = pooled_vcov(x, np.array([e.vcov for e in fits]))
    full, S = np.mean([e.full for e in fits], axis=0), np.mean([e.S for e in fits], axis=0)
    lay = first.layout
    mean = None if first.mean is None else np.mean([e.mean for e in fits if e.mean is not None], axis=0)
    full[lay.estimated] = x.mean(axis=0)[lay.free[lay.estimated] - 1]
    if first.dependent is None:
        full = parameters(lay, x.mean(axis=0)[None], S[None], None if mean is None else mean[None])[0]
    imp = implied(fill(lay, full[None]))
    Sigma = np.mean([e.Sigma for e in fits], axis=0) if first.ordinal else imp.Sigma[0]
    mu = None if mean is None else implied_mean(lay, full[None], imp)[0]
    whole = replace(first, x=x.mean(axis=0), full=full, vcov=vcov, S=S, Sigma=Sigma, mean=mean, mu=mu, pooled=info)
    return replace(whole, **_statistics(fits, whole))


def _statistics(fits: list[Estimate], whole: Estimate) -> dict[str, Any]:
    """Return discrepancy, test and baseline of the pooled fit."""
    n, x = whole.n, [whole.table.observed.index(name) for name in whole.table.fixed_x]
    bases = [e.baseline or Baseline(*baseline(e.S, e.n, x)) for e in fits]
    own, own_0 = np.array([n * e.F for e in fits]), np.array([b.chisq for b in bases])
    df, df_0 = model_df(whole), bases[0].df
    if whole.weight is None and not whole.ordinal:
        alone = np.diag(np.diagonal(whole.S))
        alone[np.ix_(x, x)] = whole.S[np.ix_(x, x)]
        chisq = pooled_likelihood_ratio(own, np.array([n * _ratio(e, whole, whole.Sigma, whole.mu) for e in fits]), df)
        chisq_0 = pooled_likelihood_ratio(own_0, np.array([n * _ratio(e, whole, alone, whole.mean) for e in fits]), df_0)
    else:
        chisq, chisq_0 = pooled_statistic(own, df), pooled_statistic(own_0, df_0)
    base = Baseline(chisq_0, df_0, _mean_test([b.test for b in bases]))
    gfi = None if whole.gfi is None else float(np.mean([e.gfi for e in fits if e.gfi is not None]))
    return {"F": chisq / n, "test": _mean_test([e.test for e in fits]), "baseline": base, "gfi": gfi, "complete": None, "tangent": None}


def _ratio(e: Estimate, whole: Estimate, Sigma: Array, mu: Array | None) -> float:
    """Return twice the log-likelihood ratio a row of one data set, of the pooled saturated moments against others."""
    return _discrepancy(e, Sigma, mu) - _discrepancy(e, whole.S, whole.mean)


def _discrepancy(e: Estimate, Sigma: Array, mu: Array | None) -> float:
    """Return log|Sigma| + tr(T Sigma^-1), T = S + d d' where means are modelled."""
    inverse = np.linalg.inv(Sigma)
    d = np.zeros(len(Sigma)) if e.mean is None or mu is None else e.mean - mu
    return float(np.linalg.slogdet(Sigma)[1] + np.einsum("ij,ji->", inverse, e.S) + d @ inverse @ d)


def _mean_test(tests: list[ScaledTest | None]) -> ScaledTest | None:
    """Return the mean correction of a statistic."""
    known = [t for t in tests if t is not None]
    if not known:
        return None
    return ScaledTest(known[0].method, *(float(np.mean([getattr(t, k) for t in known])) for k in ("df", "factor", "shift", "c")))


def _moments(parts: list[Moments]) -> Moments:
    """Return mean moments of completed data sets."""
    means = [m.mean for m in parts if m.mean is not None]
    return replace(parts[0], mean=np.mean(means, axis=0), cov=np.mean([m.cov for m in parts], axis=0))


def _mean_vcov(parts: list[Moments], spreads: list[Array | None]) -> Array:
    """Return the covariance matrix of the pooled item means (p, p) by Rubin's rules."""
    within = [m.cov / (m.rows - 1) if own is None else own for m, own in zip(parts, spreads, strict=True)]
    means = np.array([m.mean for m in parts])
    return np.asarray(np.mean(within, axis=0) + (1.0 + 1.0 / len(parts)) * between(means))
