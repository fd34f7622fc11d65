"""What a result writes for papers and spreadsheets: methods that hand its tables to the writers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pandas as pd

    from csimodels.results import CSIResults

__all__ = ["Exported"]


class Exported:
    """Add LaTeX, Markdown, CSV, Excel and Word to a result, and what the maketables package asks for."""

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        r"""Write the tables of a paper as LaTeX with booktabs rules.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write, a document that compiles by itself.

        Returns
        -------
        str
            The tables, for ``\input`` into a document that loads booktabs; with a path, the document as written.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.

        Notes
        -----
        Warnings come first, then the facts of the fit, index, weights (PLS), loadings, reliability, paths, explained variance, effects
        and fit. Names beyond 24 columns are cut in their middle. Chinese names need xelatex or lualatex, and the document loads ctex.

        Examples
        --------
        >>> import csimodels as csi
        >>> text = csi.fit_acsi(csi.load_acsi_demo(), engine="native").to_latex()
        >>> text.count(r"\toprule") == text.count(r"\bottomrule")
        True
        """
        from csimodels.report.paper import latex_document, latex_tables

        text = latex_tables(cast("CSIResults", self))
        return text if path is None else _written(path, latex_document(text))

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the tables of a paper as Markdown pipe tables, with full names.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write.

        Returns
        -------
        str
            The text.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.

        Examples
        --------
        >>> import csimodels as csi
        >>> text = csi.fit_acsi(csi.load_acsi_demo(), engine="native").to_markdown()
        >>> "| expectations | quality | 0.426 |" in text
        True
        """
        from csimodels.report.paper import markdown_tables

        text = markdown_tables(cast("CSIResults", self))
        return text if path is None else _written(path, text)

    def to_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write every table to a CSV file of its own, at full precision.

        Parameters
        ----------
        folder : str or os.PathLike
            Folder to write to; files of the same names are replaced.

        Returns
        -------
        list of Path
            header.csv, index.csv, table.csv, paths.csv, loadings.csv, outer_weights.csv, reliability.csv, effects.csv, rsquared.csv and
            fit_measures.csv, always all of them; what a fit does not have is empty but for its headings.

        Raises
        ------
        ResultFileError
            The folder does not exist.

        Notes
        -----
        A text that a spreadsheet would take for a formula, because it begins with ``=``, ``+``, ``-``, ``@``, a tab or the end of a line,
        has an apostrophe before it, also the operators in table.csv and the signs in paths.csv. Files are UTF-8 with a byte order mark,
        by which spreadsheets know it.

        Examples
        --------
        >>> import csimodels as csi
        >>> import tempfile
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> [file.name for file in res.to_csv(tempfile.mkdtemp())][:3]
        ['header.csv', 'index.csv', 'table.csv']
        """
        from csimodels.report.export_frames import write_csv

        return write_csv(cast("CSIResults", self), Path(folder))

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write every table to a sheet of an Excel file, numbers as numbers.

        Parameters
        ----------
        path : str or os.PathLike
            File to write, .xlsx.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist, or openpyxl is not installed: ``pip install "csimodels[survey]"``.

        Notes
        -----
        The sheets are the tables of ``to_csv``. Text is stored as text and never becomes a formula, whatever it begins with.

        Examples
        --------
        >>> import csimodels as csi
        >>> import tempfile
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> res.to_excel(Path(tempfile.mkdtemp()) / "acsi.xlsx").name
        'acsi.xlsx'
        """
        from csimodels.report.export_frames import write_excel

        return write_excel(cast("CSIResults", self), Path(path))

    def to_word(self, path: str | os.PathLike[str]) -> Path:
        """Write the tables of a paper as a Word document in the style of the APA.

        Parameters
        ----------
        path : str or os.PathLike
            File to write, .docx.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist, or python-docx is not installed: ``pip install "csimodels[word]"``.

        Notes
        -----
        Statistics that cannot exceed one have no zero before their point, p-values end at ``< .001``, minus signs are true ones.

        Examples
        --------
        >>> import csimodels as csi
        >>> import tempfile
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> res.to_word(Path(tempfile.mkdtemp()) / "acsi.docx").name
        'acsi.docx'
        """
        from csimodels.report.export_word import write_word

        return write_word(cast("CSIResults", self), Path(path))

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Structural paths for ``maketables.ETable``: b, se, t, p, ci95l, ci95u, std."""
        from csimodels.report.export_maketables import coefficients

        return coefficients(cast("CSIResults", self))

    def __maketables_stat__(self, key: str) -> Any:
        """Return a statistic for ``maketables.ETable``: N, csi, r2, estimator or a fit measure, None for what there is not."""
        from csimodels.report.export_maketables import statistic

        return statistic(cast("CSIResults", self), key)

    @property
    def __maketables_depvar__(self) -> str:
        """Heading of the column: the target, or the model where there is none."""
        spec = cast("CSIResults", self).spec
        return spec.target or spec.name

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Where the standard errors are from."""
        from csimodels.report.export_maketables import errors_from

        return errors_from(cast("CSIResults", self))

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        """Labels of the statistics."""
        from csimodels.report.export_maketables import STAT_LABELS

        return STAT_LABELS

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """Statistics that are shown unless others are asked for."""
        from csimodels.report.export_maketables import default_stats

        return default_stats(cast("CSIResults", self))


def _written(path: str | os.PathLike[str], text: str) -> str:
    """Write a text into a folder that must exist, and return it."""
    from csimodels.saved import require_folder

    require_folder(Path(path))
    Path(path).write_text(text, encoding="utf-8")
    return text
