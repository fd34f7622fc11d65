"""Missing answers: who did not answer what, together with what, and whether at random."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from csimodels.adapt import adapted
from csimodels.catalog import as_spec
from csimodels.errors import DataError, DataWarning
from csimodels.estimators.em import saturated_moments
from csimodels.estimators.incomplete import padded_inverse
from csimodels.estimators.patterns import Patterns, sample_of
from csimodels.labels import text_column, text_index
from csimodels.presented import Presented
from csimodels.spec import Indicator, ModelSpec
from csimodels.survey import read_answers

__all__ = ["MissingAnswers", "missing_answers"]

Array = NDArray[np.float64]
THIN = 0.10
ASSUMPTIONS = (
    "Little's test asks whether answers are missing completely at random: whether groups of customers with other missing answers differ in "
    "what they did answer. It assumes normal answers with one covariance matrix, and has little power in small samples.",
    "A small p-value does not forbid FIML or multiple imputation: these need only that answers are missing at random given what was "
    "answered, which no test of the same data can show.",
    "Listwise deletion needs more: answers missing completely at random.",
)


@dataclass(frozen=True, eq=False, repr=False)
class MissingAnswers(Presented):
    """Present what is missing in the answers to a model's items.

    Made by :func:`missing_answers`.

    Attributes
    ----------
    items : DataFrame
        By item: item, answered, missing (rows), share (of rows that miss it).
    coverage : DataFrame
        Share of rows that answered both items; of one item in the diagonal.
    patterns : DataFrame
        By pattern, the most frequent first: rows, share, n_missing, missing (the items).
    mcar : DataFrame
        Little's test, one row: chisq, df, pvalue, patterns. Empty without missing answers.
    n, empty : int
        Rows with an answer, rows without any, which are left out.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Missing answers"
    titles: ClassVar[dict[str, str]] = {
        "items": "Items",
        "mcar": "Little's test of missing completely at random",
        "patterns": "Patterns",
        "coverage": "Share of rows that answered both",
    }
    picture: ClassVar[str] = "missing"

    items: pd.DataFrame
    mcar: pd.DataFrame
    patterns: pd.DataFrame
    coverage: pd.DataFrame
    n: int
    empty: int
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def missing_answers(
    model: ModelSpec | str,
    data: Any,
    *,
    columns: Mapping[str, str] | None = None,
    items: Mapping[str, Sequence[str | Indicator]] | None = None,
    without: Sequence[str] = (),
    scale: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
    na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
) -> MissingAnswers:
    """Describe the missing answers to a model's items.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, mapping of arrays, or array (n, p)
        Survey answers, one row a respondent. Never changed.
    columns, items, without, scale, na_values
        Fit the model to the survey, as in :func:`csimodels.fit`.

    Returns
    -------
    MissingAnswers
        Tables items, coverage, patterns and mcar.

    Raises
    ------
    DataError
        As :func:`moments`; also where an item has no answers.

    Warns
    -----
    DataWarning
        Rows without any answer, pairs of items that hardly anybody answered both of, moments that did not converge.

    Notes
    -----
    d2 = sum_j n_j (mean_j - mu_j)' S_jj^-1 (mean_j - mu_j) over patterns j, mu and S by maximum likelihood, S with divisor n - 1;
    chi-square with sum p_j - p degrees of freedom (Little 1988, doi:10.1080/01621459.1988.10478722).

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo().iloc[:300].astype({"sat_ideal": float})
    >>> survey.loc[survey.index[::10], "sat_ideal"] = float("nan")
    >>> int(csi.missing_answers("acsi_1996", survey).items["missing"].sum())
    30
    """
    spec = adapted(as_spec(model), without, items, columns, scale)
    values = read_answers(data, spec, na_values).values
    seen = np.isfinite(values)
    some = seen.any(axis=1)
    values, seen = values[some], seen[some]
    if not len(values) or not seen.any(axis=0).all():
        item = spec.items[int((~seen.any(axis=0)).argmax())] if len(values) else spec.items[0]
        hint = "Leave the item out: without=[item]."
        raise DataError("data.all_missing", f"Nobody answered {item!r}.", variable=item, value=item, hint=hint)
    coverage = pd.DataFrame(seen.T.astype(float) @ seen / len(seen), index=text_index(spec.items, "item"), columns=list(spec.items))
    sample = sample_of(values)
    test, said = _little(sample.patterns)
    parts, empty = (_items(seen, spec.items), test, _patterns(sample.patterns, spec.items), coverage), int((~some).sum())
    texts = (*said, *_thin(coverage), *([f"{empty} rows have no answer at all and are left out."] if empty else []))
    for text in texts:
        warnings.warn(text, DataWarning, stacklevel=2)
    return MissingAnswers(*parts, len(values), empty, warnings=texts)


def _items(seen: NDArray[np.bool_], names: tuple[str, ...]) -> pd.DataFrame:
    """Return answered and missing rows by item."""
    answered = seen.sum(axis=0)
    missing = len(seen) - answered
    return pd.DataFrame({"item": text_column(names), "answered": answered, "missing": missing, "share": missing / len(seen)})


def _patterns(data: Patterns, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the patterns of missing answers, the most frequent first."""
    order = np.argsort(-data.n, kind="stable")
    texts = tuple(", ".join(np.array(names)[~data.seen[k]]) for k in order)
    rows = data.n[order].astype(int)
    missing = (~data.seen[order]).sum(axis=1)
    return pd.DataFrame({"rows": rows, "share": rows / rows.sum(), "n_missing": missing, "missing": text_column(texts)})


def _little(data: Patterns) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return Little's test, and why it is not to be trusted."""
    if data.seen.all():
        return pd.DataFrame(columns=["chisq", "df", "pvalue", "patterns"]), ()
    h1 = saturated_moments(data)
    W, _ = padded_inverse(h1.cov * (data.rows / (data.rows - 1)), data.seen)
    d = np.where(data.seen, data.mean - h1.mean, 0.0)
    chisq = float(data.n @ np.einsum("bi,bij,bj->b", d, W, d))
    df = int(data.seen.sum() - data.seen.shape[1])
    said = () if h1.converged else ("The means and covariances of the incomplete rows did not converge; do not use Little's test.",)
    table = {"chisq": [chisq], "df": [df], "pvalue": [float(chdtrc(df, chisq))], "patterns": [len(data.n)]}
    return pd.DataFrame(table), said


def _thin(coverage: pd.DataFrame) -> tuple[str, ...]:
    """Return which pairs of items hardly anybody answered both of."""
    share = coverage.to_numpy()
    i, j = np.nonzero(np.tril(share < THIN, -1))
    if not i.size:
        return ()
    a, b = coverage.index[i[0]], coverage.index[j[0]]
    return (f"Fewer than {100 * THIN:g} % of rows answered both items of {i.size} pairs, e.g. {a!r} and {b!r}: FIML knows little of them.",)
