"""The public calls: orchestration only."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, overload

from csimodels.batch import fit_by
from csimodels.composite_results import composite_fit
from csimodels.evidence import gathered
from csimodels.fitting import estimated
from csimodels.grouped import GroupedResults
from csimodels.imputed import pooled_fit
from csimodels.judgement import judgements
from csimodels.preparation import Prepared, prepared
from csimodels.results import CSIResults
from csimodels.sampling import mean_covariance
from csimodels.spec import Indicator, ModelSpec

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
    information: str | None = None,
    meanstructure: bool | None = None,
    ordinal: bool | Sequence[str] = False,
    parameterization: str = "delta",
    clusters: Any = None,
    strata: Any = None,
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
    data : pandas, polars or pyarrow frame, mapping of arrays, array (n, p), or Moments; or a list of frames for ``missing="mi"``
        Survey answers, one row a respondent, or their moments. Never changed.
    estimator : {"ml", "mlr", "mlm", "mlmv", "mlmvs", "mlf", "gls", "uls", "wls", "dwls", "wlsmv", "wlsm", "ulsmv", "pls", "plsc"}
        Normal-theory maximum likelihood; the same estimates with robust errors and statistics ("mlr" sandwich and Yuan-Bentler, "mlm"
        Satorra-Bentler, "mlmv" and "mlmvs" adjusted in mean and variance, "mlf" first-order errors); least squares, "wls" being ADF;
        for ordered items diagonally weighted ("wlsmv", "wlsm") or unweighted ("ulsmv") least squares with corrected statistics;
        partial least squares, as the national indices use; or consistent PLS.
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
    missing : {"listwise", "mean", "fiml", "two-stage", "mi", "em"}
        Drop rows with a missing answer, or replace it by the item's mean; "fiml" for maximum likelihood ("ml", "mlf", "mlr") of every
        answer that there is; "two-stage" for "ml" and "mlr" on the saturated moments; "mi" where ``data`` is a list of completed
        frames, pooled by Rubin's rules; "em" for PLS, on the moments that FIML of the saturated model gives.
    weights : str or array (n,), optional
        Row weights. Standard errors are then the sandwich's, and statistics scaled as for "mlr".
    likelihood : {"normal", "wishart"}
        For "ml": divisor n, or n - 1 throughout.
    std_lv : bool
        For "ml": fix latent variances, instead of first loadings, at one.
    information : {"expected", "observed"}, optional
        For "ml" and "mlr": what standard errors rest on; by default expected, observed under FIML and for "mlr".
    meanstructure : bool, optional
        For maximum likelihood: whether intercepts are parameters; by default where the model names one (``x ~ 1``) and under FIML.
    ordinal : bool or sequence of str
        For "wlsmv", "wlsm", "ulsmv", "wls", "dwls" and "uls": whether items, all or those named, are ordered categories of normal
        variables, whose correlations are then modelled. The 0-100 index is of the answers as given.
    parameterization : {"delta", "theta"}
        Of ordered items: whether the variables behind them have variance one, or their residuals.
    clusters, strata : str or array (n,), optional
        For maximum likelihood: groups of rows that were sampled together, and groups within which rows, or clusters, were sampled.
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
    doi:10.1007/BF02289343). Robust errors: White 1982, doi:10.2307/1912526; statistics: Satorra & Bentler 1994, Yuan & Bentler 2000,
    doi:10.1111/0081-1750.00078. FIML: Arbuckle 1996; robust fit under missing answers Zhang & Savalei 2023, doi:10.1037/met0000445; two
    stages: Savalei & Bentler 2009, doi:10.1080/10705510903008238. Imputation: Rubin 1987, doi:10.1002/9780470316696. ADF: Browne 1984,
    doi:10.1111/j.2044-8317.1984.tb00789.x.

    PLS: Wold's algorithm on standardised items (Tenenhaus et al. 2005, doi:10.1016/j.csda.2004.03.005); it has no
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
        information=information,
        meanstructure=meanstructure,
        ordinal=ordinal,
        parameterization=parameterization,
        scheme=scheme,
        modes=modes,
        tol=tol,
        higher_order=higher_order,
        consistent=consistent,
    )
    if ready.options.missing == "mi":
        return _pooled(ready, data, weights, na_values, clusters, strata)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        evidence = gathered(data, ready.spec, ready.options, weights, na_values, clusters, strata)
    raw, digest = evidence.moments, evidence.digest
    if ready.spec.scoring is not None:
        _warn([(w.category, str(w.message)) for w in heard])
        options = replace(ready.options, weighted=raw.weighted, fingerprint=digest)
        return cast("CSIResults", composite_fit(ready.spec, raw, options, tuple(str(w.message) for w in heard)))
    with warnings.catch_warnings(record=True) as fitting:
        warnings.simplefilter("always")
        estimate, semopy_model, moments = estimated(ready, evidence)
    options = replace(ready.options, weighted=moments.weighted, fingerprint=digest)
    spread = mean_covariance(evidence, ready.spec) if options.missing != "fiml" else None
    said = [*((w.category, str(w.message)) for w in [*heard, *fitting]), *judgements(ready.spec, moments, estimate)]
    _warn(said)
    return CSIResults(ready.spec, moments, estimate, options, tuple(message for _, message in said), spread, semopy_model)


def _pooled(ready: Prepared, frames: Any, weights: Any, na_values: Any, clusters: Any, strata: Any) -> CSIResults:
    """Fit completed data sets and pool them."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        estimate, moments, spread, said = pooled_fit(ready, frames, weights, na_values, clusters, strata)
    texts = dict.fromkeys((w.category, str(w.message)) for w in heard)
    said = [*texts, *said, *judgements(ready.spec, moments, estimate)]
    _warn(said)
    options = replace(ready.options, weighted=moments.weighted)
    return CSIResults(ready.spec, moments, estimate, options, tuple(message for _, message in said), spread)


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


def _warn(said: list[tuple[type[Warning], str]]) -> None:
    """Warn at the first frame outside the package."""
    depth, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        depth, frame = depth + 1, frame.f_back
    for category, message in said:
        warnings.warn(message, category, stacklevel=depth)
