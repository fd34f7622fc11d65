"""The result of a composite index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.checks import level as checked_level
from csimodels.composite_samples import CompositeBootstrap, resampled_scores
from csimodels.composites import Rule, composite_plan, estimated
from csimodels.errors import DataError, SpecError
from csimodels.indices import checked_delta, require_means
from csimodels.inference.information import interval
from csimodels.labels import text_column, text_index
from csimodels.measures.composite import composite_scores, composite_se, row_coefficients
from csimodels.options import Options
from csimodels.recode import recoded_moments
from csimodels.report.composite_mixin import PresentedComposite
from csimodels.resampled import check_resampling
from csimodels.spec import ModelSpec
from csimodels.survey import fingerprint, read_answers

__all__ = ["CompositeResults", "composite_fit"]

Array = NDArray[Any]
FEWEST = 2


@dataclass(frozen=True, eq=False, repr=False)
class CompositeResults(PresentedComposite):
    """Present a composite index.

    Made by :func:`csimodels.fit` for models of kind "composite_index".

    Attributes
    ----------
    spec : ModelSpec
        The model, with the user's item names.
    moments : Moments
        Moments of the points of the answers, and of answers on importance.
    options : Options
        How rows were read.
    warnings : tuple of str
        What was said about the data.

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1))
    >>> res.index.columns.tolist()
    ['score', 'se', 'ci_lower', 'ci_upper', 'weights']
    """

    spec: ModelSpec
    moments: Moments
    options: Options
    warnings: tuple[str, ...] = ()

    converged = True
    admissible = True

    @cached_property
    def index(self) -> pd.DataFrame:
        """The index of every construct under the model's own weights: score, se, ci_lower, ci_upper, weights."""
        return self.index_table()

    def index_table(self, weights: Rule = None, level: float = 0.95) -> pd.DataFrame:
        """Return the index of every construct under a set of weights.

        Parameters
        ----------
        weights : str or mapping of part to float, optional
            A set of weights that the model names (by default its first), "equal", or weights of one's own; the last two set
            aside importance too.
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            By construct: score, se, ci_lower, ci_upper (points, 0-100) and weights: "fixed", or "importance" where means of
            answers weight the parts.

        Raises
        ------
        MissingStatisticError
            The moments hold no means.
        OptionError
            Unknown weights.

        Notes
        -----
        index = sum w s / sum w over the parts. Its se is sd / sqrt(n), by the delta method where importance is estimated from the
        same rows.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1))
        >>> bool(res.index_table("old").loc["satisfaction", "score"] == res.csi)
        False
        """
        plan, m = composite_plan(self.spec, weights), self.moments
        mean = np.asarray(require_means(m))[:, None]
        score, slope = composite_scores(plan, mean)
        n = float(m.rows)
        se = composite_se(slope, (m.cov * (n / (n - 1)))[..., None], np.array([n]))[:, 0]
        if self.options.weighted:
            se = np.full_like(se, np.nan)
        lower, upper = interval(score[:, 0], se, checked_level(level))
        kind = tuple("importance" if by_means else "fixed" for by_means in estimated(plan))
        columns = {"score": score[:, 0], "se": se, "ci_lower": lower, "ci_upper": upper, "weights": text_column(kind)}
        return pd.DataFrame(columns, index=text_index(plan.constructs, "construct"))

    @property
    def csi(self) -> float:
        """The index of the target."""
        if self.spec.target is None:
            hint = "Give the model a target, or read res.index."
            raise SpecError("index.no_target", f"Model {self.spec.name!r} has no target.", variable="target", value=None, hint=hint)
        return float(self.index["score"][self.spec.target])

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Weights by construct and part: stated weight, mean importance, share of the construct, points of the part."""
        plan, mean = composite_plan(self.spec), np.asarray(require_means(self.moments))
        points = np.concatenate([mean, composite_scores(plan, mean[:, None])[0][:, 0]])
        names, rows = (*plan.items, *plan.constructs), []
        for j, construct in enumerate(plan.constructs):
            asked = np.array([mean[i] if i >= 0 else np.nan for i in plan.importance[j]])
            w = np.array(plan.stated[j]) * np.where(np.isnan(asked), 1.0, asked)
            for k, part in enumerate(plan.blocks[j]):
                rows.append((construct, names[part], plan.stated[j][k], asked[k], w[k] / w.sum(), points[part]))
        return pd.DataFrame(rows, columns=["construct", "part", "weight", "importance", "share", "points"])

    def impact(self, delta: float = 5) -> pd.DataFrame:
        """Return how many points each index gains when a part gains some, weights held.

        Parameters
        ----------
        delta : float
            Rise of the part, in points.

        Returns
        -------
        DataFrame
            Items and constructs (drivers) by constructs (targets), points.

        Raises
        ------
        OptionError
            delta is not a finite number other than zero.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1))
        >>> float(res.impact().loc["element", "satisfaction"])
        2.5
        """
        step, share = checked_delta(delta), self.weights
        names = tuple(dict.fromkeys([*share["part"], *self.spec.construct_names]))
        at, direct = {name: k for k, name in enumerate(names)}, np.zeros((len(names), len(names)))
        direct[[at[n] for n in share["part"]], [at[n] for n in share["construct"]]] = share["share"]
        total = step * (np.linalg.inv(np.eye(len(names)) - direct) - np.eye(len(names)))
        table = pd.DataFrame(total, index=pd.Index(names, name="driver"), columns=pd.Index(names, name="target"))
        return table.loc[(table != 0).any(axis=1), (table != 0).any(axis=0)]

    def scores(self, data: Any, new_data: bool = False) -> pd.DataFrame:
        """Return every respondent's indices, importance weights held at their means.

        Parameters
        ----------
        data : frame, mapping or array
            The frame that was fitted.
        new_data : bool
            Accept another frame.

        Returns
        -------
        DataFrame
            One column a construct, the index and order of ``data``; NaN where an answer is missing.

        Raises
        ------
        DataError
            The frame is not the fitted one and ``new_data`` is false.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.simulate("kcsi_korea", n=300, seed=1)
        >>> res = csi.fit("kcsi_korea", df)
        >>> bool(abs(res.scores(df)["satisfaction"].mean() - res.csi) < 1e-9)
        True
        """
        block = read_answers(data, self.spec, self.options.na_values)
        if not new_data and fingerprint(block) != self.options.fingerprint:
            text = f"These {len(block.values)} rows are not the data that were fitted ({self.moments.rows} rows)."
            hint = "Give the fitted frame, or say new_data=True."
            raise DataError("scores.other_data", text, variable="data", value=len(block.values), hint=hint)
        mean, values = np.asarray(require_means(self.moments)), block.values
        if self.options.missing == "mean":
            holes = np.isnan(values)
            values = np.where(holes & ~holes.all(axis=1, keepdims=True), mean, values)
        found = values @ row_coefficients(composite_plan(self.spec), mean).T
        return pd.DataFrame(found, index=block.index, columns=list(self.spec.construct_names))

    def bootstrap(self, data: Any, n_boot: int = 2000, seed: int = 1, level: float = 0.95, weights: Any = None) -> CompositeBootstrap:
        """Resample rows.

        Parameters
        ----------
        data : frame, mapping or array
            The frame that was fitted.
        n_boot : int
            Resamples.
        seed : int
            Seed of ``numpy.random.default_rng``.
        level : float
            Coverage of the percentile intervals.
        weights : str or array, optional
            The row weights of the fit, where they were an array.

        Returns
        -------
        CompositeBootstrap

        Raises
        ------
        DataError
            Another frame, or other weights, than those of the fit.
        OptionError
            n_boot, seed or level out of range.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.simulate("kcsi_korea", n=300, seed=1)
        >>> csi.fit("kcsi_korea", df).bootstrap(df, n_boot=200).index.columns.tolist()
        ['score', 'se', 'ci_lower', 'ci_upper', 'bias', 'weights']
        """
        check_resampling(n_boot, seed)
        samples = resampled_scores(self, data, weights, n_boot, seed)
        return CompositeBootstrap(self, samples, n_boot, seed, checked_level(level))


def composite_fit(spec: ModelSpec, raw: Moments, options: Options, said: tuple[str, ...]) -> CompositeResults:
    """Return the result of a composite index."""
    moments = recoded_moments(raw, spec)
    if moments.rows < FEWEST:
        text = f"{moments.rows} complete rows are too few for an index with an error."
        raise DataError("data.too_few_rows", text, variable="rows", value=moments.rows, hint=f"At least {FEWEST} are needed.")
    return CompositeResults(spec, moments, options, said)
