"""The public calls: orchestration only."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, overload

import numpy as np

from csimodels.additive import Moments
from csimodels.batch import fit_by
from csimodels.composite_results import composite_fit
from csimodels.errors import OptionError
from csimodels.estimators.estimate import Estimate, estimate_ml
from csimodels.estimators.pls_estimate import PLSEstimate, estimate_pls
from csimodels.estimators.preconditions import require_ml_data, require_pls_data
from csimodels.grouped import GroupedResults
from csimodels.judgement import judgements
from csimodels.partable import expand
from csimodels.preparation import Prepared, prepared
from csimodels.recode import recoded_moments, recoded_rows
from csimodels.results import CSIResults
from csimodels.spec import Indicator, ModelSpec
from csimodels.survey import complete_rows, fingerprint, read_answers, read_weights, say_what_went

__all__ = ["fit", "fit_acsi", "fit_ecsi"]


def fit(
    model: ModelSpec | str,
    data: Any,
    *,
    estimator: str = "ml",
    engine: str = "semopy",
    columns: Mapping[str, str] | None = None,
    items: Mapping[str, Sequence[str | Indicator]] | None = None,
    without: Sequence[str] = (),
    scale: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
    na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
    missing: str = "listwise",
    weights: Any = None,
    likelihood: str = "normal",
    std_lv: bool = False,
    scheme: str = "path",
    modes: str | Mapping[str, str] | None = None,
    tol: float = 1e-7,
    higher_order: str = "disjoint",
    consistent: Sequence[str] | None = None,
) -> CSIResults:
    """Fit a satisfaction-index model.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, mapping of arrays, array (n, p), or Moments
        Survey answers, one row a respondent, or their moments. Never changed.
    estimator : {"ml", "pls", "plsc"}
        Normal-theory maximum likelihood; partial least squares, as the national indices use; or consistent PLS.
    engine : {"semopy", "native"}
        For "ml": semopy, polished by the native kernel; or the native kernel alone.
    columns : mapping of item to column, optional
        Your column for an item of the spec; tables then show your name.
    items : mapping of construct to items, optional
        Blocks that your survey measures with other items.
    without : sequence of str
        Constructs or items that your survey does not have.
    scale : tuple, or mapping of item or construct to tuple, optional
        Theoretical (lowest, highest) answer where it is not the spec's. A tuple is the questionnaire's rating scale: items whose own scale
        differs from the spec's most common one, such as a 0/1 complaint, keep theirs.
    na_values : sequence, or mapping of item to sequence, optional
        Codes that mean "don't know".
    missing : {"listwise", "mean"}
        Drop rows with a missing answer, or replace it by the item's mean.
    weights : str or array (n,), optional
        Row weights. Estimates and indices use them; standard errors and fit are withheld.
    likelihood : {"normal", "wishart"}
        For "ml": divisor n, or n - 1 throughout.
    std_lv : bool
        For "ml": fix latent variances, instead of first loadings, at one.
    scheme : {"path", "factorial", "centroid"}
        For PLS: how constructs weight their neighbours.
    modes : {"A", "B", "unit"} or mapping of construct to one of them, optional
        For PLS: correlation weights, regression weights or equal ones. By default "B" for formative constructs, "A" for the others.
    tol : float
        For PLS: largest change of an outer weight at which the iterations stop.
    higher_order : {"disjoint", "embedded"}
        For PLS: two-stage approach to constructs that are measured by constructs.
    consistent : sequence of str, optional
        For "plsc": constructs whose correlations are corrected for attenuation; by default every reflective block of mode A.

    Returns
    -------
    CSIResults
        For a model of kind "composite_index" a CompositeResults: it has ``index`` too, but no estimator.

    Raises
    ------
    CSIError
        Bad input, with its code, variable, value and next step.
    IdentificationError
        The model cannot be identified; the construct is named.

    Warns
    -----
    ConvergenceWarning, ImproperSolutionWarning, CollinearityWarning, ScaleWarning, DataWarning, IndexWarning
        Also kept in ``warnings`` of the result.

    Notes
    -----
    ML: F = log|Sigma| + tr(S Sigma^-1) - log|S| - p is minimised until its Newton decrement vanishes (Joreskog 1969,
    doi:10.1007/BF02289343). PLS: Wold's algorithm on standardised items (Tenenhaus et al. 2005, doi:10.1016/j.csda.2004.03.005); it has no
    analytic standard errors, see :meth:`CSIResults.bootstrap`. PLSc: Dijkstra & Henseler 2015, doi:10.25300/MISQ/2015/39.2.02.

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit("acsi_1996", csi.load_acsi_demo(), engine="native")
    >>> 0 < res.csi < 100
    True
    """
    ready = prepared(
        model,
        estimator=estimator,
        engine=engine,
        columns=columns,
        items=items,
        without=without,
        scale=scale,
        na_values=na_values,
        missing=missing,
        weights=weights,
        likelihood=likelihood,
        std_lv=std_lv,
        scheme=scheme,
        modes=modes,
        tol=tol,
        higher_order=higher_order,
        consistent=consistent,
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        raw, rows, digest = _statistics(data, ready.spec, missing, weights, na_values)
    if ready.spec.scoring is not None:
        _warn([(w.category, str(w.message)) for w in heard])
        options = replace(ready.options, weighted=raw.weighted, fingerprint=digest)
        return cast("CSIResults", composite_fit(ready.spec, raw, options, tuple(str(w.message) for w in heard)))
    estimate, semopy_model, moments = _estimated(ready, raw, rows)
    options = replace(ready.options, weighted=moments.weighted, fingerprint=digest)
    said = [*((w.category, str(w.message)) for w in heard), *judgements(ready.spec, moments, estimate)]
    _warn(said)
    return CSIResults(ready.spec, moments, estimate, options, tuple(message for _, message in said), semopy_model)


def _estimated(ready: Prepared, raw: Moments, rows: np.ndarray | None) -> tuple[Estimate | PLSEstimate, Any, Moments]:
    """Return the estimate, semopy's own model if it ran, and the recoded moments."""
    if ready.plan is not None:
        require_pls_data(raw, ready.plan)
        moments = recoded_moments(raw, ready.spec)
        return estimate_pls(ready.plan, moments.cov, moments.rows, ready.options.tol), None, moments
    require_ml_data(raw)
    moments = recoded_moments(raw, ready.spec)
    n = moments.rows - 1 if ready.options.likelihood == "wishart" else moments.rows
    own = None if rows is None or moments.weighted else recoded_rows(rows, ready.spec)
    table = expand(ready.spec, ready.options.std_lv)
    estimate, model = estimate_ml(table, moments.cov * (moments.rows / n), n, ready.engine, own)
    return (replace(estimate, vcov=np.full_like(estimate.vcov, np.nan)) if moments.weighted else estimate), model, moments


@overload
def fit_acsi(data: Any, *, by: None = None, **options: Any) -> CSIResults: ...
@overload
def fit_acsi(data: Any, *, by: str | Sequence[str], **options: Any) -> GroupedResults: ...
def fit_acsi(data: Any, *, by: str | Sequence[str] | None = None, **options: Any) -> CSIResults | GroupedResults:
    """Fit the American Customer Satisfaction Index model.

    Parameters
    ----------
    data : frame, mapping, array or Moments
        Survey answers; see :func:`fit`.
    by : str or sequence of str, optional
        Grouping columns, to fit every group at once; see :func:`fit_by`.
    **options
        Keyword arguments of :func:`fit`, or of :func:`fit_by`.

    Returns
    -------
    CSIResults or GroupedResults

    Raises
    ------
    CSIError
        As :func:`fit`.

    References
    ----------
    Fornell, Johnson, Anderson, Cha & Bryant 1996, doi:10.1177/002224299606000403.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.fit_acsi(csi.load_acsi_demo(), engine="native").spec.name
    'acsi_1996'
    """
    return fit("acsi_1996", data, **options) if by is None else fit_by("acsi_1996", data, by, **options)


@overload
def fit_ecsi(data: Any, *, by: None = None, **options: Any) -> CSIResults: ...
@overload
def fit_ecsi(data: Any, *, by: str | Sequence[str], **options: Any) -> GroupedResults: ...
def fit_ecsi(data: Any, *, by: str | Sequence[str] | None = None, **options: Any) -> CSIResults | GroupedResults:
    """Fit the European Customer Satisfaction Index model in the form of the mobile-phone study.

    Parameters
    ----------
    data : frame, mapping, array or Moments
        Survey answers; see :func:`fit`.
    by : str or sequence of str, optional
        Grouping columns, to fit every group at once; see :func:`fit_by`.
    **options
        Keyword arguments of :func:`fit`, or of :func:`fit_by`.

    Returns
    -------
    CSIResults or GroupedResults

    Raises
    ------
    CSIError
        As :func:`fit`.

    References
    ----------
    Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, doi:10.1016/j.csda.2004.03.005.

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.simulate("ecsi_mobile_2005", n=400, seed=1)
    >>> csi.fit_ecsi(survey, engine="native").spec.name
    'ecsi_mobile_2005'
    """
    return fit("ecsi_mobile_2005", data, **options) if by is None else fit_by("ecsi_mobile_2005", data, by, **options)


def _statistics(data: Any, spec: ModelSpec, missing: str, weights: Any, na_values: Any) -> tuple[Moments, np.ndarray | None, str]:
    """Return the moments of the model's items, and the rows with their checksum where there are rows."""
    if isinstance(data, Moments):
        for name, given in (
            ("weights", weights is not None),
            ("na_values", na_values is not None),
            ("missing", missing != "listwise"),
        ):
            if given:
                raise OptionError(
                    "option.moments_are_final",
                    f"{name}= has no meaning for moments.",
                    variable=name,
                    value={"weights": weights, "na_values": na_values, "missing": missing}[name],
                    hint="Give it to moments() when they are computed.",
                )
        return data.select(spec.items), None, ""
    block = read_answers(data, spec, na_values)
    values, w, usable, imputed = complete_rows(block, missing, read_weights(data, weights, block))
    say_what_went(usable, imputed)
    found = Moments.from_rows(values, block.items, w, int((~usable).sum()), imputed)
    return replace(found, points=spec.scoring is not None), values, fingerprint(block)


def _warn(said: list[tuple[type[Warning], str]]) -> None:
    """Warn at the first frame outside the package."""
    depth, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        depth, frame = depth + 1, frame.f_back
    for category, message in said:
        warnings.warn(message, category, stacklevel=depth)
