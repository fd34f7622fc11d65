"""One model, many groups, one stacked fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from csimodels.composite_samples import CompositeGroups, composite_groups
from csimodels.errors import ConvergenceWarning, CSIError, DataError, DataWarning, ImproperSolutionWarning, OptionError
from csimodels.estimators.pls_plan import plan_of
from csimodels.grouped import GroupedResults
from csimodels.groupfit import fit_ml_groups, fit_pls_groups, unusable
from csimodels.grouping import Groups, read_groups
from csimodels.indices import measured, scales
from csimodels.measures.outline import leaves, outline_of
from csimodels.partable import expand
from csimodels.preparation import Prepared, prepared
from csimodels.refit import Recipe
from csimodels.spec import ModelSpec

__all__ = ["fit_by"]

DEPENDENT = "items of a block of mode B, or the predecessors of a construct, are linearly dependent"


def fit_by(
    model: ModelSpec | str, data: Any, by: Sequence[str] | str, *, min_rows: int | None = None, weights: Any = None, **options: Any
) -> GroupedResults:
    """Fit a model to every group of a survey, all groups in one stack.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, or mapping of arrays
        Survey answers with the grouping columns.
    by : str or sequence of str
        Grouping columns, e.g. ``["industry", "company"]``; a group is a combination that occurs.
    min_rows : int, optional
        Fewest complete rows of a group; by default what the estimator needs.
    weights : str or array (n,), optional
        Row weights.
    **options
        Keyword arguments of :func:`fit`; maximum likelihood runs by the native kernel alone. ``missing="mean"`` takes means of the group.

    Returns
    -------
    GroupedResults
        Long tables: index, table, paths, effects, rsquared, reliability, fit_measures, impact(), groups, failures. For a model of kind
        "composite_index" a CompositeGroups with index, groups and failures.

    Raises
    ------
    CSIError
        As :func:`fit`; also where no group can be fitted.

    Warns
    -----
    DataWarning
        Rows without a group.
    ConvergenceWarning
        Groups without a solution; they are listed in ``failures`` with the reason.

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit_by("acsi_1996", csi.load_acsi_demo(), by="firm", estimator="pls")
    >>> len(res.failures)
    0
    """
    if options.pop("engine", "native") not in ("native", "semopy"):
        raise OptionError("option.engine", "Groups take the native kernel.", variable="engine", value=None, hint="Leave engine= out.")
    _require_supported(options)
    ready = prepared(model, weights=weights, **options)
    _require_plain(ready)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        groups = read_groups(data, ready.spec, by, ready.options.missing, weights, options.get("na_values"))
    result: GroupedResults | CompositeGroups
    if ready.spec.scoring is not None:
        result = composite_groups(ready.spec, groups, checked_least(min_rows), ready.options)
    else:
        result = _fitted(ready, groups, min_rows)
    said = [(w.category, str(w.message)) for w in heard] + _said(result)
    for category, text in said:
        warnings.warn(text, category, stacklevel=2)
    object.__setattr__(result, "warnings", tuple(text for _, text in said))
    return cast("GroupedResults", result)


def _require_supported(options: dict[str, Any]) -> None:
    """Refuse sampling designs, of which a group holds but a part."""
    for name in ("clusters", "strata"):
        if options.pop(name, None) is not None:
            hint = "Fit groups one by one with fit(), or leave it out."
            raise OptionError("groups.option", f"Groups do not take {name}=.", variable=name, value=name, hint=hint)


def _require_plain(ready: Prepared) -> None:
    """Refuse what the kernel of groups does not estimate."""
    options = ready.options
    for name, value, plain in (
        ("estimator", options.estimator, options.estimator in ("ml", "pls", "plsc")),
        ("missing", options.missing, options.missing in ("listwise", "mean")),
        ("information", options.information, options.estimator != "ml" or options.information == "expected"),
        ("meanstructure", options.meanstructure, not options.meanstructure),
        ("model", "constraints (==)", not any(t.op == "==" for t in ready.spec.terms)),
    ):
        if ready.spec.scoring is None and not plain:
            text = f"Groups are fitted by maximum likelihood of covariances, or by PLS; {name}={value!r} is neither."
            hint = "Fit groups one by one with fit(), which takes every option."
            raise OptionError("groups.option", text, variable=name, value=value, hint=hint)


def _fitted(ready: Prepared, groups: Groups, min_rows: int | None) -> GroupedResults:
    """Return the fits of all groups that can be fitted, with the reasons of those that cannot."""
    spec, plan = ready.spec, ready.plan
    ml = plan is None
    recipe = _recipe(ready)
    least = len(spec.items) + 1 if plan is None else max([len(s) for _, s in plan.equations] + [len(b) for b in plan.blocks]) + 2
    reasons = unusable(groups.stack, groups.rows, max(least, checked_least(min_rows)), spec.items, ml)
    usable = np.array([g for g in range(len(groups.rows)) if g not in reasons], dtype=int)
    if not usable.size:
        first = next(iter(reasons.values()), "there are no rows with a group")
        raise DataError(
            "groups.none_usable",
            f"None of {len(groups.rows)} groups can be fitted: {first}.",
            variable="by",
            value=len(groups.rows),
            hint='Group by fewer columns, or use estimator="pls" or missing="mean".',
        )
    if plan is None:
        table = expand(spec, ready.options.std_lv)
        fits = fit_ml_groups(table, recipe, groups.stack, groups.rows, ready.options.likelihood == "wishart", usable)
    else:
        fits = fit_pls_groups(plan, recipe, groups.stack, groups.rows, ready.options.tol, usable)
    for g in usable[~fits.converged[usable]].tolist():
        reasons[g] = DEPENDENT if fits.dependent[g] else f"did not converge in {fits.evaluations[g]} evaluations"
    return GroupedResults(spec, ready.options, recipe.outline, groups, fits, reasons)


def checked_least(min_rows: Any) -> int:
    """Return the fewest rows that a user asks for."""
    if min_rows is None:
        return 0
    if isinstance(min_rows, bool) or not isinstance(min_rows, (int, np.integer)) or min_rows < 0:
        raise OptionError(
            "option.min_rows", f"min_rows is {min_rows!r}.", variable="min_rows", value=min_rows, hint="Give a whole number of rows."
        )
    return int(min_rows)


def _recipe(ready: Prepared) -> Recipe:
    """Return what to compute of every group; without scales there is no index."""
    spec, plan = ready.spec, ready.plan
    at = {name: k for k, name in enumerate(spec.items)}
    if plan is None:
        plan = plan_of(spec, "path", (), "disjoint")
        indexed = {plan.constructs.index(c): [at[i] for i in spec.construct(c).items if i in at] for c in measured(spec)}
    else:
        indexed = {j: np.flatnonzero(leaves(plan, j)).tolist() for j in range(plan.latent)}
    try:
        lo_hi = scales(spec)
    except CSIError:
        lo_hi = None
    return Recipe(outline_of(plan, indexed), lo_hi)


def _said(result: GroupedResults | CompositeGroups) -> list[tuple[type[Warning], str]]:
    """Return what has to be said about the groups."""
    said: list[tuple[type[Warning], str]] = []
    if result.data.unlabelled:
        said.append((DataWarning, f"{result.data.unlabelled} rows have no group and are left out."))
    dropped, imputed = int(result.data.dropped.sum()), int(result.data.imputed.sum())
    if dropped:
        said.append((DataWarning, f"{dropped} rows are left out: they have a missing answer, or no positive weight."))
    if imputed:
        said.append((DataWarning, f"{imputed} missing answers are replaced by the group's mean; standard errors do not know it."))
    failed = len(result.failures)
    if failed:
        first = result.failures["reason"].iloc[0]
        text = f"{failed} of {len(result.groups)} groups have no solution, the first because: {first}; see .failures."
        said.append((ConvergenceWarning, text))
    improper = 0 if isinstance(result, CompositeGroups) else int((result.fits.converged & ~result.fits.proper).sum())
    if improper:
        text = f"{improper} of {len(result.groups)} groups have an inadmissible solution; they are flagged in .groups."
        said.append((ImproperSolutionWarning, text))
    return said
