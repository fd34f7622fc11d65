"""What of a change is a change of customers' scores, and what of who the customers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import DataError, OptionError
from csimodels.inference.information import interval

__all__ = ["Mix", "adjusted_rows", "decomposed", "mixed_rows", "read_mix", "standard_shares"]

Array = NDArray[np.float64]
STANDARDS = ("pooled", "first")


class Mix(NamedTuple):
    """Scores, standard errors and rows by wave and stratum, all (waves, strata), and their names."""

    score: Array
    se: Array
    n: Array
    waves: tuple[Any, ...]
    strata: tuple[Any, ...]

    @property
    def shares(self) -> Array:
        """Shares of the strata in each wave."""
        out: Array = self.n / self.n.sum(axis=1, keepdims=True)
        return out


def read_mix(rows: pd.DataFrame, wave: str, stratum: str, waves: Sequence[Any]) -> Mix:
    """Return the scores of one label's strata by wave; a stratum that is missing in a wave is refused.

    Raises
    ------
    DataError
        A stratum without a score in some wave, or no column n.
    """
    if "n" not in rows.columns:
        text, hint = "Composition needs the number of respondents of each score.", "Give a column n."
        raise DataError("tracking.missing_column", text, variable="n", value=None, hint=hint)
    own = [w for w in waves if (rows[wave] == w).any()]
    strata = tuple(pd.unique(rows[stratum]))
    parts = [rows.pivot(index=wave, columns=stratum, values=c).reindex(index=own, columns=list(strata)) for c in ("score", "se", "n")]
    empty = np.argwhere(parts[0].isna().to_numpy())
    if empty.size:
        k, j = empty[0]
        text = f"Stratum {strata[j]!r} has no score in the wave {own[k]!r}."
        hint = "Leave the stratum out, join it with another, or leave out composition=."
        raise DataError("tracking.empty_stratum", text, variable=str(strata[j]), value=own[k], hint=hint)
    score, se, n = (part.to_numpy(dtype=float) for part in parts)
    return Mix(score, se, n, tuple(own), strata)


def standard_shares(mix: Mix, standard: Any) -> Array:
    """Return the composition that every wave is given (strata,): pooled over waves, of the first wave, or stated.

    Raises
    ------
    OptionError
        Another rule; a mapping that misses a stratum or has an unknown one, or shares that are negative or sum to zero.
    """
    if not isinstance(standard, Mapping):
        if not isinstance(standard, str) or standard not in STANDARDS:
            text, hint = f"standard is {standard!r}.", f"Use one of {STANDARDS}, or a mapping of stratum to share."
            raise OptionError("option.standard", text, variable="standard", value=standard, hint=hint)
        n = mix.n.sum(axis=0) if standard == "pooled" else mix.n[0]
        return np.asarray(n / n.sum())
    for name in (*standard, *mix.strata):
        if name not in mix.strata or name not in standard:
            said = "names" if name in standard else "misses"
            hint = close_to(str(name), [str(s) for s in mix.strata]) if name in standard else "Give the share of every stratum."
            raise OptionError("tracking.standard", f"standard {said} {name!r}.", variable="standard", value=name, hint=hint)
    shares = np.array([float(standard[s]) for s in mix.strata])
    if not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        hint = "Give finite shares, none negative and one of them positive."
        raise OptionError("tracking.standard", f"standard is {dict(standard)!r}.", variable="standard", value=dict(standard), hint=hint)
    return np.asarray(shares / shares.sum())


def mixed_rows(mix: Mix, wave: str) -> pd.DataFrame:
    """Return the score of each wave with its own composition, which is taken as known: wave, n, score, se."""
    score, se = (mix.shares * mix.score).sum(axis=1), np.sqrt((mix.shares**2 * mix.se**2).sum(axis=1))
    return pd.DataFrame({wave: list(mix.waves), "n": mix.n.sum(axis=1).astype(int), "score": score, "se": se})


def adjusted_rows(mix: Mix, shares: Array, wave: str, level: float) -> pd.DataFrame:
    """Return the score of each wave with the standard composition, and what its own composition adds to that.

    Direct standardisation: adjusted = sum share_s score_s, se = sqrt(sum share_s^2 se_s^2).
    """
    adjusted, se = mix.score @ shares, np.sqrt((shares**2 * mix.se**2).sum(axis=1))
    lower, upper = interval(adjusted, se, level)
    own = mixed_rows(mix, wave)["score"]
    columns = {wave: list(mix.waves), "score": own, "adjusted": adjusted, "se": se, "ci_lower": lower, "ci_upper": upper}
    return pd.DataFrame(columns | {"composition": own - adjusted})


def decomposed(mix: Mix, level: float) -> pd.DataFrame:
    """Split the change from each wave to the next into scores and composition (Kitagawa 1955, doi:10.1080/01621459.1955.10501299).

    scores = sum mean share x change of score, composition = sum mean score x change of share; they add up to the change. The error of
    scores takes the shares as known.
    """
    share, moved = (mix.shares[1:] + mix.shares[:-1]) / 2, np.diff(mix.score, axis=0)
    within = (share * moved).sum(axis=1)
    se = np.sqrt((share**2 * (mix.se[1:] ** 2 + mix.se[:-1] ** 2)).sum(axis=1))
    between = ((mix.score[1:] + mix.score[:-1]) / 2 * np.diff(mix.shares, axis=0)).sum(axis=1)
    lower, upper = interval(within, se, level)
    columns = {"from": list(mix.waves[:-1]), "to": list(mix.waves[1:]), "difference": within + between, "scores": within, "se": se}
    return pd.DataFrame(columns | {"ci_lower": lower, "ci_upper": upper, "composition": between})
