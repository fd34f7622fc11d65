"""Tests of a fitted model's parameters: Wald tests, score tests, modification indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from csimodels.checks import close_to
from csimodels.errors import MissingStatisticError, ModelSyntaxError, OptionError
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.ordinal import scaled_items
from csimodels.inference.added import candidates, expected_changes, released, scores_of_added
from csimodels.inference.added_squares import covariance_part
from csimodels.labelled import functions
from csimodels.partable import Row
from csimodels.syntax import formulas, read_formula

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["Tested"]

OPERATORS = ("=~", "~~", "~", "~1")


class Tested:
    """Add tests of parameters to a result."""

    def modification_indices(self, minimum: float = 0.0, op: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return what freeing each parameter that is fixed at zero would change.

        Parameters
        ----------
        minimum : float, default 0
            Smallest index to show.
        op : {"=~", "~~", "~"} or sequence of them, optional
            Kinds of parameters; by default cross-loadings, covariances and paths among constructs.

        Returns
        -------
        DataFrame
            lhs, op, rhs, mi (chi-square with one degree of freedom), pvalue, epc (expected change), epc_std (of the standardised value),
            largest first. Covariances of single items and parameters that cannot be freed have no index and are left out.

        Raises
        ------
        MissingStatisticError
            PLS, imputed data sets, or ordered items in paths under delta.
        OptionError
            Another kind of parameter.

        Notes
        -----
        mi = s^2 / (I_kk - I_kx I_xx^-1 I_xk), with the score s and the expected information I (Sorbom 1989, doi:10.1007/BF02294623).
        Statistics are not scaled for answers that are not normal. Many indices are looked at: what is freed because it is large needs a
        reason, and other data.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> res.modification_indices().columns.tolist()
        ['lhs', 'op', 'rhs', 'mi', 'pvalue', 'epc', 'epc_std']
        """
        estimate = _scored(self)
        wanted = OPERATORS[:3] if op is None else (op,) if isinstance(op, str) else tuple(op)
        for kind in wanted:
            if kind not in OPERATORS[:3]:
                raise OptionError("option.op", f"op is {kind!r}.", variable="op", value=kind, hint=f"Use one of {OPERATORS[:3]}.")
        model = covariance_part(estimate) if estimate.ordinal else estimate.table
        rows = [r for r in candidates(model, estimate.ordinal) if r.op in wanted]
        found = scores_of_added(estimate, rows, cast("CSIResults", self).options.parameterization == "theta")
        table = pd.DataFrame({"lhs": [r.lhs for r in rows], "op": [r.op for r in rows], "rhs": [r.rhs for r in rows]})
        table = table.assign(mi=found.mi, pvalue=chdtrc(1, found.mi), epc=found.epc, epc_std=expected_changes(estimate, rows, found.epc))
        table = table[table["mi"] >= minimum].sort_values("mi", ascending=False, kind="stable")
        return table.reset_index(drop=True)

    def wald_test(self, restrictions: str) -> pd.Series:
        """Test restrictions on labelled parameters by what they are at the estimates.

        Parameters
        ----------
        restrictions : str
            Equations of labels, e.g. ``"a == b; c == 0"``, one a line or separated by ``;``.

        Returns
        -------
        Series
            statistic (chi-square), df, pvalue.

        Raises
        ------
        ModelSyntaxError
            An equation that cannot be read, or an unknown label.
        MissingStatisticError
            A fit without a covariance matrix of its estimates.

        Notes
        -----
        h' (J V J')^-1 h with the restrictions h, their derivatives J and the covariance matrix V of the estimates, robust where the fit is
        (Wald 1943, doi:10.1090/S0002-9947-1943-0012401-3).

        Examples
        --------
        >>> import csimodels as csi
        >>> text = "f =~ expect_overall + a*expect_custom + b*expect_reliab"
        >>> res = csi.fit(csi.ModelSpec.from_lavaan(text), csi.load_acsi_demo(), engine="native")
        >>> float(res.wald_test("a == b")["df"])
        1.0
        """
        estimate = cast("CSIResults", self).estimate
        if not isinstance(estimate, Estimate) or np.isnan(estimate.vcov).any():
            text, hint = "The fit has no covariance matrix of its estimates.", 'Fit rows by estimator="ml", or bootstrap.'
            raise MissingStatisticError("wald.no_vcov", text, variable="vcov", value=None, hint=hint)
        texts = [f"({t.lhs}) - ({t.rhs})" for line in formulas(restrictions) for t in read_formula(line) if t.op == "=="]
        if not texts:
            text, hint = f"{restrictions!r} holds no equation of labels.", 'Write e.g. "a == b".'
            raise ModelSyntaxError("wald.no_equation", text, variable="restrictions", value=restrictions, hint=hint)
        f = functions(texts, estimate.table)
        h, J = f.values(estimate.x, estimate.full), f.jacobian(estimate.x, estimate.full)
        inner = J @ estimate.vcov @ J.T
        rank = int(np.linalg.matrix_rank(inner))
        statistic = float(h @ np.linalg.pinv(inner, hermitian=True) @ h)
        return pd.Series(
            {"statistic": statistic, "df": float(rank), "pvalue": float(chdtrc(rank, statistic)) if rank else np.nan}, name="wald"
        )

    def score_test(self, add: str | None = None, release: str | Sequence[str] | None = None) -> pd.Series:
        """Test parameters that could be added, or equalities that could be released, without fitting again.

        Parameters
        ----------
        add : str, optional
            Parameters in lavaan's notation that are fixed now, e.g. ``"x1 ~~ x2; f ~ g"``; all of them are tested together.
        release : str or sequence of str, optional
            Labels whose parameters are equal and would no longer be; by default, where nothing is added, every such label and constraint.

        Returns
        -------
        Series
            statistic (chi-square), df, pvalue.

        Raises
        ------
        MissingStatisticError
            PLS, imputed data sets, or ordered items in paths under delta.
        OptionError
            Both are given, there is nothing to release, or a parameter is free already or cannot be freed.

        Notes
        -----
        s' I^-1 s with the score and the information of the larger model at the estimates (Rao 1948, doi:10.1017/S0305004100023987).

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> float(res.score_test("value_price ~~ qual_overall")["df"])
        1.0
        """
        estimate = _scored(self)
        if add is not None and release is not None:
            raise OptionError("score.both", "Both add= and release= are given.", variable="add", value=add, hint="Test one at a time.")
        if add is None:
            statistic, rank = _released(estimate, release)
        else:
            found = scores_of_added(estimate, _rows(add, estimate), cast("CSIResults", self).options.parameterization == "theta")
            rank = int(np.linalg.matrix_rank(found.information))
            statistic = float(found.score @ np.linalg.pinv(found.information, hermitian=True) @ found.score)
        if not rank:
            text, hint = "The parameters cannot be freed: the moments do not identify them.", "Look at modification_indices()."
            raise OptionError("score.not_identified", text, variable="add", value=add, hint=hint)
        return pd.Series({"statistic": statistic, "df": float(rank), "pvalue": float(chdtrc(rank, statistic))}, name="score")


def _scored(result: Any) -> Estimate:
    """Return the estimate of a fit whose discrepancy has scores."""
    estimate = result.estimate
    if not isinstance(estimate, Estimate) or estimate.pooled is not None:
        text = "PLS has no scores, and those of imputed data sets are not pooled."
        hint = 'Fit with estimator="ml", or one of the data sets.'
        raise MissingStatisticError("score.no_discrepancy", text, variable="estimator", value=result.options.estimator, hint=hint)
    theta = result.options.parameterization == "theta"
    if estimate.ordinal and not theta and scaled_items(covariance_part(estimate), estimate.ordinal, theta).any():
        text, hint = "Scores under delta are not defined where ordered items take part in paths.", 'Use parameterization="theta".'
        raise MissingStatisticError("score.delta", text, variable="parameterization", value="delta", hint=hint)
    return estimate


def _rows(add: str, estimate: Estimate) -> list[Row]:
    """Return parameters that a text names, all of which have to be fixed now."""
    free = {(r.lhs, r.op, r.rhs) for r in estimate.table.rows if r.free}
    names = {*estimate.table.latent, *estimate.table.observed}
    rows = []
    for line in formulas(add):
        for t in read_formula(line):
            strange = [n for n in (t.lhs, t.rhs) if n and n not in names]
            if t.op not in OPERATORS or strange or (t.op == "~1" and estimate.mean is None):
                text, hint = f"{line.text!r} is no parameter of this model.", close_to(strange[0] if strange else t.op, names)
                raise OptionError("score.unknown", text, variable="add", value=line.text, hint=hint)
            if {(t.lhs, t.op, t.rhs), (t.rhs, t.op, t.lhs) if t.op == "~~" else (t.lhs, t.op, t.rhs)} & free:
                text = f"{line.text!r} is a free parameter already."
                raise OptionError("score.free_already", text, variable="add", value=line.text, hint="Read its z in res.table.")
            rows.append(Row(t.lhs, t.op, t.rhs, value=0.0))
    return rows


def _released(estimate: Estimate, release: str | Sequence[str] | None) -> tuple[float, int]:
    """Return the score statistic of a model whose equal labels are no longer so, and its df."""
    rows = estimate.table.rows
    shared = [n for n in dict.fromkeys(r.label for r in rows if r.label and r.free) if sum(r.label == n for r in rows) > 1]
    wanted = shared if release is None else [release] if isinstance(release, str) else list(release)
    for label in wanted:
        if label not in shared:
            text, hint = f"{label!r} is not the label of equal parameters.", close_to(label, shared)
            raise OptionError("score.label", text, variable="release", value=label, hint=hint)
    if not wanted and estimate.constraints is None:
        text, hint = "The model has no equal parameters and no constraints.", 'Say add=, e.g. "x1 ~~ x2".'
        raise OptionError("score.nothing", text, variable="release", value=None, hint=hint)
    return released(estimate, wanted, release is not None)
