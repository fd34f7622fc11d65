"""The public calls: orchestration only."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from csimodels.adapt import adapted
from csimodels.additive import Moments
from csimodels.catalog import as_spec
from csimodels.errors import OptionError
from csimodels.estimators.estimate import estimate_ml
from csimodels.estimators.preconditions import require_ml_data, require_reflective
from csimodels.inference.identification import require_identified
from csimodels.judgement import judgements
from csimodels.partable import expand
from csimodels.recode import recoded_moments, recoded_rows
from csimodels.results import CSIResults, Options
from csimodels.spec import Indicator, ModelSpec
from csimodels.survey import complete_rows, fingerprint, read_answers, read_weights, say_what_went

__all__ = ["fit", "fit_acsi", "fit_ecsi"]

CHOICES = {
    "estimator": ("ml",),
    "engine": ("semopy", "native"),
    "likelihood": ("normal", "wishart"),
    "missing": ("listwise", "mean"),
}


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
) -> CSIResults:
    """Fit a satisfaction-index model.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, mapping of arrays, array (n, p), or Moments
        Survey answers, one row a respondent, or their moments. Never changed.
    estimator : {"ml"}
        Normal-theory maximum likelihood.
    engine : {"semopy", "native"}
        semopy, polished by the native kernel; or the native kernel alone.
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
        Divisor n, or n - 1 throughout.
    std_lv : bool
        Fix latent variances, instead of first loadings, at one.

    Returns
    -------
    CSIResults

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
    F = log|Sigma| + tr(S Sigma^-1) - log|S| - p is minimised until its Newton decrement vanishes (Joreskog 1969, doi:10.1007/BF02289343).

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit("acsi_1996", csi.load_acsi_demo(), engine="native")
    >>> 0 < res.csi < 100
    True
    """
    _check_choices(estimator=estimator, engine=engine, likelihood=likelihood, missing=missing)
    _check_flag("std_lv", std_lv)
    spec = adapted(as_spec(model), without, items, columns, scale)
    require_reflective(spec)
    table = expand(spec, std_lv)
    require_identified(table)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        raw, rows, digest = _statistics(data, spec, missing, weights, na_values)
    require_ml_data(raw)
    moments = recoded_moments(raw, spec)
    n = moments.rows - 1 if likelihood == "wishart" else moments.rows
    estimate, semopy_model = estimate_ml(
        table,
        moments.cov * (moments.rows / n),
        n,
        engine,
        None if rows is None or moments.weighted else recoded_rows(rows, spec),
    )
    options = Options(estimator, likelihood, std_lv, missing, _frozen(na_values), moments.weighted, digest)
    if moments.weighted:
        estimate = replace(estimate, vcov=np.full_like(estimate.vcov, np.nan))
    said = [*((w.category, str(w.message)) for w in heard), *judgements(spec, moments, estimate)]
    _warn(said)
    return CSIResults(spec, moments, estimate, options, tuple(message for _, message in said), semopy_model)


def fit_acsi(data: Any, **options: Any) -> CSIResults:
    """Fit the American Customer Satisfaction Index model.

    Parameters
    ----------
    data : frame, mapping, array or Moments
        Survey answers; see :func:`fit`.
    **options
        Keyword arguments of :func:`fit`.

    Returns
    -------
    CSIResults

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
    return fit("acsi_1996", data, **options)


def fit_ecsi(data: Any, **options: Any) -> CSIResults:
    """Fit the European Customer Satisfaction Index model in the form of the mobile-phone study.

    Parameters
    ----------
    data : frame, mapping, array or Moments
        Survey answers; see :func:`fit`.
    **options
        Keyword arguments of :func:`fit`.

    Returns
    -------
    CSIResults

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
    return fit("ecsi_mobile_2005", data, **options)


def _check_choices(**given: str) -> None:
    for name, value in given.items():
        if value not in CHOICES[name]:
            raise OptionError(
                f"option.{name}",
                f"{name} is {value!r}.",
                variable=name,
                value=value,
                hint=f"Use one of {CHOICES[name]}.",
            )


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise OptionError(f"option.{name}", f"{name} is {value!r}.", variable=name, value=value, hint="Use True or False.")


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
    return Moments.from_rows(values, block.items, w, int((~usable).sum()), imputed), values, fingerprint(block)


def _frozen(na_values: Any) -> Any:
    if na_values is None or isinstance(na_values, Mapping):
        return None if na_values is None else {k: tuple(v) for k, v in na_values.items()}
    return tuple(na_values)


def _warn(said: list[tuple[type[Warning], str]]) -> None:
    """Warn at the first frame outside the package."""
    depth, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        depth, frame = depth + 1, frame.f_back
    for category, message in said:
        warnings.warn(message, category, stacklevel=depth)
