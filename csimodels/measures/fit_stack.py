"""The fit measures that groups are compared by, on a stack; definitions are those of ``fit``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from csimodels.measures.fit import srmr_stack

__all__ = ["fit_stack"]

Array = NDArray[Any]


def fit_stack(F: Array, S: Array, Sigma: Array, n: Array, npar: int, x: list[int]) -> dict[str, Array]:
    """Return chisq, df, pvalue, cfi, tli, rmsea and srmr (B,) of ML fits.

    F (B,) discrepancies; S, Sigma (B, p, p); n (B,) multipliers of F; x exogenous observed variables, whose moments are not modelled.
    """
    p, px = S.shape[-1], len(x)
    df = p * (p + 1) // 2 - px * (px + 1) // 2 - npar
    df_0 = p * (p - 1) / 2 - px * (px - 1) / 2
    rest = [i for i in range(p) if i not in x]
    free = np.log(S[:, rest, rest]).sum(axis=1) + (np.linalg.slogdet(S[:, x][:, :, x])[1] if x else 0.0)
    chisq, chisq_0 = n * np.maximum(F, 0.0), n * (free - np.linalg.slogdet(S)[1])
    excess = np.maximum(chisq - df, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cfi = np.where(excess > 0, 1.0 - excess / np.maximum(excess, chisq_0 - df_0), 1.0)
        tli = (chisq_0 / df_0 - chisq / df) / (chisq_0 / df_0 - 1.0) if df and df_0 else np.ones(len(F))
        rmsea = np.sqrt(excess / (n * df)) if df else np.zeros(len(F))
    return {
        "chisq": chisq,
        "df": np.full(len(F), float(df)),
        "pvalue": chdtrc(df, chisq) if df else np.full(len(F), np.nan),
        "cfi": cfi,
        "tli": tli,
        "rmsea": rmsea,
        "srmr": srmr_stack(S, Sigma),
    }
