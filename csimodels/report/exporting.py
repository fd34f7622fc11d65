"""Writing tables for papers and spreadsheets: methods that hand the tables of whatever has some to the writers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from csimodels.report.blocks import Block
    from csimodels.spec import ModelSpec

__all__ = ["Exporting", "Exports"]


class Exports(NamedTuple):
    """What there is to write, of which models: a title, a page, the tables of a paper plain and as the APA prints them, full frames."""

    specs: Sequence[ModelSpec]
    title: Callable[[], str]
    page: Callable[[], str]
    paper: Callable[[], list[Block]]
    apa: Callable[[], list[Block]]
    frames: Callable[[], dict[str, pd.DataFrame]]


class Exporting:
    """Add a page, LaTeX, Markdown, CSV, Excel and Word to what says by ``_exports`` what there is to write."""

    _exports: Callable[[], Exports]

    def to_html(self, path: str | os.PathLike[str] | None = None, lang: str = "en") -> str:
        """Write everything as one page that needs no network and no other file.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write.
        lang : {"en", "zh"}
            Language of the page; names of columns and numbers stay as they are.

        Returns
        -------
        str
            The page.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.
        OptionError
            Unknown language.

        Notes
        -----
        Of a result: gauges of the indices, the path diagram, a what-if panel, the tables of a paper in its order, the
        importance-performance map, a method paragraph, versions; of its bootstrap the same with its intervals. Of an analysis its picture,
        its tables and what it rests on, of a comparison its tables. The content security policy allows no script but the panel's.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> res = csi.fit_acsi(df, estimator="pls")
        >>> res.to_html().startswith("<!doctype html>")
        True
        >>> "自助法" in res.bootstrap(df, n_boot=200, seed=1).to_html(lang="zh")
        True
        """
        from csimodels.report.wording import speaking
        from csimodels.writing import written

        exports = self._exports()
        with speaking(lang, *exports.specs):
            return written(path, exports.page)

    def to_latex(self, path: str | os.PathLike[str] | None = None, lang: str = "en") -> str:
        r"""Write the tables of a paper as LaTeX with booktabs rules.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write, a document that compiles by itself.
        lang : {"en", "zh"}
            Language of headings, notes and constructs; in Chinese the three-line tables that its journals ask for.

        Returns
        -------
        str
            The tables, for ``\input`` into a document that loads booktabs; with a path, the document as written.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.
        OptionError
            Unknown language.

        Notes
        -----
        Warnings come first, then the facts of the fit, index, weights (PLS), loadings, reliability, discriminant validity, cross-loadings
        (PLS), collinearity, paths, explained variance, effects and fit; a comparison has the tables of its summary. Names beyond 44
        columns, or 24 where the table is wide, are cut in their middle. Where names above columns are too wide for the page, numbers
        stand there and the names beneath; longer and wider tables are continued in another. Chinese names need xelatex or lualatex, and
        the document loads ctex.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> text = res.to_latex()
        >>> text.count(r"\toprule") == text.count(r"\bottomrule")
        True
        >>> r"\textbf{Standardised paths}" in csi.compare({"ACSI": res}).to_latex()
        True
        """
        from csimodels.report.paper import latex_document, latex_tables
        from csimodels.report.wording import speaking, spoken
        from csimodels.writing import written

        exports = self._exports()
        with speaking(lang, *exports.specs):
            text = latex_tables([spoken(block) for block in exports.paper()])
        return written(path, lambda: text if path is None else latex_document(text))

    def to_markdown(self, path: str | os.PathLike[str] | None = None, lang: str = "en") -> str:
        r"""Write the tables of a paper as Markdown pipe tables, with full names.

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
        OptionError
            Unknown language.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> "| expectations | quality | 0.426 |" in res.to_markdown()
        True
        >>> csi.compare({"ACSI": res}).to_markdown().splitlines()[2:5]
        ['|  | ACSI |', '| :--- | ---: |', '| model | acsi\\_1996 |']
        """
        from csimodels.report.paper import markdown_tables
        from csimodels.report.wording import speaking, spoken
        from csimodels.writing import written

        exports = self._exports()
        with speaking(lang, *exports.specs):
            text = markdown_tables([spoken(block) for block in exports.paper()])
        return written(path, lambda: text)

    def to_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write every table to a CSV file of its own, at full precision.

        Parameters
        ----------
        folder : str or os.PathLike
            Folder to write to; files of the same names are replaced.

        Returns
        -------
        list of Path
            Of a result header.csv, index.csv, table.csv, paths.csv, loadings.csv, outer_weights.csv, reliability.csv,
            fornell_larcker.csv, htmt.csv, cross_loadings.csv, outer_vif.csv, vif.csv, f2.csv, effects.csv, rsquared.csv and
            fit_measures.csv, always all of them; what a fit does not have is empty but for its headings. Of a bootstrap header.csv and
            its tables by the names of their attributes, impact.csv and exact_fit.csv. Of a comparison header.csv, params.csv,
            std_errors.csv, pvalues.csv, paths.csv, paths_se.csv, index.csv, index_se.csv, rsquared.csv and fit_measures.csv.
            Of an analysis header.csv and its tables by the names of their attributes; of a composite index header.csv, index.csv and
            weights.csv.

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
        >>> [file.name for file in csi.compare({"ACSI": res}).to_csv(tempfile.mkdtemp())][:3]
        ['header.csv', 'params.csv', 'std_errors.csv']
        """
        from csimodels.report.export_csv import write_csv

        return write_csv(self._exports().frames(), Path(folder))

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
        The sheets are the tables of ``to_csv``, shown with three decimals and held at full precision. Text is stored as text and never
        becomes a formula, whatever it begins with.

        Examples
        --------
        >>> import csimodels as csi
        >>> import tempfile
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> res.to_excel(Path(tempfile.mkdtemp()) / "acsi.xlsx").name
        'acsi.xlsx'
        """
        from csimodels.report.export_excel import write_excel

        return write_excel(self._exports().frames(), Path(path))

    def to_word(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write the tables of a paper as a Word document in the style of the APA.

        Parameters
        ----------
        path : str or os.PathLike
            File to write, .docx.
        lang : {"en", "zh"}
            Language of headings, notes and constructs; in Chinese the three-line tables that its journals ask for.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist, or python-docx is not installed: ``pip install "csimodels[word]"``.
        OptionError
            Unknown language.

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
        from csimodels.report.wording import speaking, spoken

        exports = self._exports()
        with speaking(lang, *exports.specs):
            return write_word(exports.title(), [spoken(block) for block in exports.apa()], Path(path))
