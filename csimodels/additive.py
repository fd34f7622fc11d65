"""Additive moments: what every estimator sees of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.errors import DataError, OptionError
from csimodels.published import checked_cov, checked_mean
from csimodels.shown import ShownMoments

__all__ = ["Moments"]

Array = NDArray[np.float64]
DIVISORS = ("n-1", "n")


@dataclass(frozen=True, eq=False)
class Moments(ShownMoments):
    """Additive first and second moments of a set of items.

    ``a + b`` are the moments of both sets of rows together: files, partitions and machines combine in any order.

    Attributes
    ----------
    items : tuple of str
        Item names, p of them; answers as given, reverse items not yet recoded.
    rows : int
        Rows used.
    weight : float
        Sum of the rows' weights (equal to ``rows`` without weights).
    weight2 : float
        Sum of their squares.
    mean : array (p,) or None
        Weighted means; None where only a covariance matrix was published.
    cov : array (p, p)
        Weighted covariances with divisor ``weight``.
    dropped : int
        Rows left out because of missing answers or weights.
    imputed : int
        Answers replaced by a mean.
    points : bool
        Whether the moments are those of points under the scoring rule of a composite index, not of answers.

    Examples
    --------
    >>> import numpy as np
    >>> a = Moments.from_rows(np.array([[1.0, 2.0], [3.0, 5.0]]), ["x", "y"])
    >>> b = Moments.from_rows(np.array([[2.0, 2.0], [4.0, 1.0]]), ["x", "y"])
    >>> (a + b).rows, (a + b).mean
    (4, array([2.5, 2.5]))
    """

    items: tuple[str, ...]
    rows: int
    weight: float
    weight2: float
    mean: Array | None
    cov: Array
    dropped: int = 0
    imputed: int = 0
    points: bool = False

    @classmethod
    def from_rows(cls, values: Array, items: Sequence[str], weights: Array | None = None, dropped: int = 0, imputed: int = 0) -> Moments:
        """Compute the moments of a complete block of answers.

        Parameters
        ----------
        values : array (n, p)
            Answers without missing values.
        items : sequence of str
            Column names.
        weights : array (n,), optional
            Non-negative weights.
        dropped, imputed : int
            Counts to carry along.

        Returns
        -------
        Moments

        Examples
        --------
        >>> import numpy as np
        >>> Moments.from_rows(np.array([[1.0], [3.0]]), ["x"]).cov
        array([[1.]])
        """
        n = values.shape[0]
        total, total2 = (float(n), float(n)) if weights is None else (float(weights.sum()), float(weights @ weights))
        divisor = total or 1.0
        shift = values.mean(axis=0) if n else np.zeros(values.shape[1])
        centred = values - shift
        weighted = centred if weights is None else centred * weights[:, None]
        rest = weighted.sum(axis=0) / divisor
        cov = centred.T @ weighted / divisor - np.outer(rest, rest)
        return cls(tuple(items), n, total, total2, shift + rest, (cov + cov.T) / 2, dropped, imputed)

    @classmethod
    def from_cov(cls, cov: pd.DataFrame, n: int, mean: Any = None, divisor: str = "n-1") -> Moments:
        """Take moments from a published covariance matrix.

        Parameters
        ----------
        cov : DataFrame
            Symmetric covariance matrix, labelled by item on both sides.
        n : int
            Sample size.
        mean : Series or sequence, optional
            Item means; without them there is no 0-100 index.
        divisor : {"n-1", "n"}
            Divisor that the matrix was computed with.

        Returns
        -------
        Moments

        Raises
        ------
        DataError
            Not a labelled square symmetric matrix with positive variances, or sizes that disagree.
        OptionError
            Unknown divisor.

        Examples
        --------
        >>> import pandas as pd
        >>> S = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["x", "y"], columns=["x", "y"])
        >>> Moments.from_cov(S, n=101).cov[0, 0].round(4)
        np.float64(1.9802)
        """
        if divisor not in DIVISORS:
            raise OptionError(
                "option.divisor",
                f"divisor is {divisor!r}.",
                variable="divisor",
                value=divisor,
                hint=f"Use one of {DIVISORS}.",
            )
        matrix, items = checked_cov(cov)
        if not isinstance(n, (int, np.integer)) or n < 2:
            raise DataError(
                "moments.bad_n",
                f"The sample size is {n!r}.",
                variable="n",
                value=n,
                hint="Give the number of rows, at least 2.",
            )
        scaled = matrix * ((n - 1) / n) if divisor == "n-1" else matrix
        return cls(items, int(n), float(n), float(n), checked_mean(mean, items), scaled)

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows together (Chan, Golub & LeVeque 1983, doi:10.1080/00031305.1983.10483115)."""
        if not isinstance(other, Moments):
            return NotImplemented
        if self.items != other.items:
            odd = next((a for a, b in zip(self.items, other.items, strict=False) if a != b), self.items[-1])
            raise DataError(
                "moments.items_differ",
                f"The two moments do not hold the same items in the same order (first difference at {odd!r}).",
                variable=odd,
                value=other.items,
                hint="Compute both with the same spec.",
            )
        if self.points != other.points:
            raise DataError(
                "moments.points_differ",
                "One of the two moments is of answers, the other of points of a composite index.",
                variable="points",
                value=(self.points, other.points),
                hint="Compute both with the same spec.",
            )
        if self.mean is None or other.mean is None:
            raise DataError(
                "moments.no_mean",
                "Moments without means cannot be added.",
                variable="mean",
                value=None,
                hint="Give mean= to Moments.from_cov.",
            )
        weight = self.weight + other.weight
        share = other.weight / (weight or 1.0)
        delta = other.mean - self.mean
        between = np.outer(delta, delta) * (share * (1 - share))
        cov = self.cov * (1 - share) + other.cov * share + between
        return Moments(
            self.items,
            self.rows + other.rows,
            weight,
            self.weight2 + other.weight2,
            self.mean + delta * share,
            cov,
            self.dropped + other.dropped,
            self.imputed + other.imputed,
            self.points,
        )

    def __radd__(self, other: int) -> Moments:
        """Let ``sum`` start from zero."""
        return self if other == 0 else NotImplemented

    @property
    def weighted(self) -> bool:
        """Whether the rows carry unequal weights."""
        return abs(self.weight2 * self.rows - self.weight**2) > 1e-12 * self.weight**2

    def select(self, items: Sequence[str]) -> Moments:
        """Return the moments of some items, in the order given.

        Parameters
        ----------
        items : sequence of str
            Names among ``items``.

        Returns
        -------
        Moments

        Raises
        ------
        DataError
            An item is not there.

        Examples
        --------
        >>> import numpy as np
        >>> Moments.from_rows(np.array([[1.0, 2.0], [3.0, 5.0]]), ["x", "y"]).select(["y"]).items
        ('y',)
        """
        for item in items:
            if item not in self.items:
                raise DataError(
                    "moments.no_item",
                    f"The moments hold no item {item!r}.",
                    variable=item,
                    value=self.items,
                    hint="Use columns=, items= or without= to fit the model to the moments.",
                )
        if tuple(items) == self.items:
            return self
        at = [self.items.index(i) for i in items]
        mean = None if self.mean is None else self.mean[at]
        cov = self.cov[np.ix_(at, at)]
        return Moments(tuple(items), self.rows, self.weight, self.weight2, mean, cov, self.dropped, self.imputed, self.points)

    @property
    def table(self) -> pd.DataFrame:
        """Items: item, mean (NaN where the means are unknown) and sd, the standard deviation with divisor ``weight``."""
        mean = np.full(len(self.items), np.nan) if self.mean is None else self.mean
        return pd.DataFrame({"item": list(self.items), "mean": mean, "sd": np.sqrt(np.diag(self.cov))})

    def __repr__(self) -> str:
        """Summarise in one line."""
        extra = f", {self.dropped} rows dropped" if self.dropped else ""
        return f"Moments(rows={self.rows}, items={len(self.items)}, means={'yes' if self.mean is not None else 'no'}{extra})"
