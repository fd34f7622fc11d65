"""Several results side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.errors import CSIError, OptionError
from csimodels.report.exporting import Exporting
from csimodels.results import CSIResults

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from csimodels.report.exporting import Exports

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Exporting):
    """Present several results under the property names of one.

    Every table has one column a model and the union of the models' rows in order of first appearance, NaN where a model
    lacks a row. ``to_html``, ``to_latex``, ``to_markdown`` and ``to_word`` write the tables of the
    summary, ``to_csv`` and ``to_excel`` those below.

    Attributes
    ----------
    results : dict of str to CSIResults
        The models by name.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> a = csi.fit_acsi(df, engine="native")
    >>> b = csi.fit_acsi(df, engine="native", without=["complaints"])
    >>> csi.compare({"full": a, "short": b}).index.shape
    (6, 2)
    """

    results: dict[str, CSIResults]

    def _joined(self, part: Callable[[CSIResults], pd.Series]) -> pd.DataFrame:
        return side_by_side({name: part(result) for name, result in self.results.items()})

    @cached_property
    def params(self) -> pd.DataFrame:
        """Free parameters."""
        return self._joined(lambda r: r.params)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors of ``params``."""
        return self._joined(lambda r: r.std_errors)

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided p-values of ``params``."""
        return self._joined(lambda r: r.pvalues)

    @cached_property
    def index(self) -> pd.DataFrame:
        """0-100 index of every construct; NaN for a model without scales or means."""
        return self._joined(lambda r: index_column(r, "score"))

    @cached_property
    def index_se(self) -> pd.DataFrame:
        """Standard errors of ``index``."""
        return self._joined(lambda r: index_column(r, "se"))

    @cached_property
    def fit_measures(self) -> pd.DataFrame:
        """Fit measures by lavaan's names."""
        return self._joined(lambda r: r.fit_measures)

    @cached_property
    def rsquared(self) -> pd.DataFrame:
        """Explained variance."""
        return self._joined(lambda r: r.rsquared)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Standardised paths, rows named like ``"satisfaction ~ quality"``."""
        return self._joined(lambda r: path_column(r, "std"))

    @cached_property
    def paths_se(self) -> pd.DataFrame:
        """Standard errors of ``paths``."""
        return self._joined(lambda r: path_column(r, "std_se"))

    def summary(self) -> Summary:
        """Return the models side by side, standard errors in parentheses beneath; warnings first.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            Prints as text; ``as_html()``, ``as_latex()`` (booktabs) and ``as_csv()`` give the other formats.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> "Standardised paths" in csi.compare({"ML": res}).summary().as_text()
        True
        """
        from csimodels.report.compared import NAME_COLUMNS, compared_blocks
        from csimodels.report.summary import summarise_blocks

        return summarise_blocks(compared_blocks(self), NAME_COLUMNS)

    def _exports(self) -> Exports:
        from csimodels.report.compared import apa_compared, compared_blocks, compared_frames, compared_page, compared_title
        from csimodels.report.exporting import Exports

        specs = [result.spec for result in self.results.values()]
        return Exports(
            specs,
            partial(compared_title, self),
            partial(compared_page, self),
            partial(compared_blocks, self),
            partial(apa_compared, self),
            partial(compared_frames, self),
        )

    def __repr__(self) -> str:
        from csimodels.report.compared import brief_comparison

        return brief_comparison(self)

    def _repr_html_(self) -> str:
        from csimodels.report.compared import compared_blocks
        from csimodels.report.html import boxed

        return boxed(compared_blocks(self))


def compare(results: Mapping[str, CSIResults]) -> Comparison:
    """Put several results side by side.

    Parameters
    ----------
    results : mapping of str to CSIResults
        Results by the name that heads their column.

    Returns
    -------
    Comparison
        ``params``, ``std_errors``, ``pvalues``, ``index``, ``fit_measures``, ``rsquared`` and ``paths`` as tables.

    Raises
    ------
    OptionError
        No results, or a value that is not a result.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> normal = csi.fit_acsi(df, engine="native")
    >>> wishart = csi.fit_acsi(df, engine="native", likelihood="wishart")
    >>> csi.compare({"normal": normal, "Wishart": wishart}).paths.columns.tolist()
    ['normal', 'Wishart']
    """
    if not isinstance(results, Mapping):
        raise _not_a_result("results", results)
    if not results:
        raise OptionError(
            "compare.empty", "There is nothing to compare.", variable="results", value={}, hint='Give results by name, e.g. {"A": a}.'
        )
    for name, result in results.items():
        if not isinstance(result, CSIResults):
            raise _not_a_result(str(name), result)
    return Comparison({str(name): result for name, result in results.items()})


def _not_a_result(name: str, value: Any) -> OptionError:
    return OptionError(
        "compare.not_a_result",
        f"{name!r} is a {type(value).__name__}, not a result.",
        variable=name,
        value=value,
        hint='Give what fit() returns, by name: compare({"A": a, "B": b}).',
    )


def side_by_side(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return series as columns, rows in order of first appearance."""
    rows = list(dict.fromkeys(label for column in columns.values() for label in column.index))
    return pd.DataFrame({name: column.reindex(rows) for name, column in columns.items()}, index=rows, dtype=float)


def index_column(result: CSIResults, column: str) -> pd.Series:
    """Return one column of the index; empty values where the model has no index."""
    try:
        return pd.Series(result.index[column])
    except CSIError:
        return pd.Series(index=list(result.spec.construct_names), dtype=float)


def path_column(result: CSIResults, column: str) -> pd.Series:
    """Return one column of the paths under names like ``"satisfaction ~ quality"``."""
    paths = result.paths
    return paths[column].set_axis([f"{t} ~ {s}" for s, t in zip(paths["source"], paths["target"], strict=True)])
