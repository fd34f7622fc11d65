"""Numbers as the American Psychological Association prints them: no leading zero where a value is bounded by one."""

from __future__ import annotations

import math
from typing import Any

from csimodels.report.blocks import Format
from csimodels.report.content import COUNTS
from csimodels.report.format import count

__all__ = ["apa_interval", "apa_measure", "apa_number", "apa_p"]

MINUS = "−"
BOUNDED = ("cfi", "tli", "nfi", "pnfi", "ifi", "rni", "rmsea", "srmr", "gfi", "agfi")


def apa_number(value: Any, digits: int = 3, bounded: bool = False) -> str:
    """Return a number with a fixed number of decimals; blank for NaN.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int
        Decimals.
    bounded : bool
        Whether the statistic cannot exceed one in absolute value, so that it has no zero before its point. A value that exceeds one
        nevertheless, as in an inadmissible solution, is printed in full.

    Returns
    -------
    str
        With a true minus sign; zero has none.

    Notes
    -----
    Publication manual of the APA, 7th edition, section 6.36.

    Examples
    --------
    >>> from csimodels.report.apa import apa_number
    >>> apa_number(0.4264, bounded=True), apa_number(0.4264), apa_number(-0.0001), apa_number(-1.5, 2)
    ('.426', '0.426', '0.000', '−1.50')
    """
    x = math.nan if value is None else float(value)
    if not math.isfinite(x):
        return "" if math.isnan(x) else "∞" if x > 0 else f"{MINUS}∞"
    text = f"{abs(x):.{digits}f}"
    sign = MINUS if x < 0 and float(text) > 0 else ""
    return sign + (text.removeprefix("0") if bounded and digits else text)


def apa_p(value: Any) -> str:
    """Return a p-value with three decimals, "< .001" below them and "> .999" above.

    Parameters
    ----------
    value : float or None
        The p-value.

    Returns
    -------
    str
        Blank for NaN.

    Examples
    --------
    >>> from csimodels.report.apa import apa_p
    >>> apa_p(0.0123), apa_p(0.0004), apa_p(1.0)
    ('.012', '< .001', '> .999')
    """
    x = math.nan if value is None else float(value)
    if x < 0.001:
        return "< .001"
    return "> .999" if x > 0.999 else apa_number(x, bounded=True)


def apa_interval(lower: Any, upper: Any, digits: int = 3, bounded: bool = False) -> str:
    """Return the limits of an interval in brackets; blank where there is none."""
    texts = [apa_number(v, digits, bounded) for v in (lower, upper)]
    return f"[{', '.join(texts)}]" if all(texts) else ""


def apa_measure(name: str) -> Format:
    """Return how a fit measure is printed: p as such, indices without leading zero, counts whole, the rest with two decimals."""
    if "pvalue" in name:
        return apa_p
    if name in COUNTS:
        return count
    if name.partition("_")[0] in BOUNDED:
        return lambda value: apa_number(value, bounded=True)
    return lambda value: apa_number(value, 3 if name in ("fmin", "ecvi") or name.startswith("d_") else 2)
