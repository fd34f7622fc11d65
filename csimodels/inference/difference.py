"""The difference of two nested models under statistics adjusted in mean and variance (Satorra 2000)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.patterns import Sample
from csimodels.inference.scaled import Point, weighted_moments

__all__ = ["Tangent", "shifted_difference", "tangent_of", "tangent_of_moments"]

Array = NDArray[Any]


class Tangent(NamedTuple):
    """Hold a model at its solution: D (r, k) derivatives of the moments, bread D' V D (k, k) and meat D' V Gamma V D (k, k)."""

    D: Array
    bread: Array
    meat: Array


def tangent_of(D: Array, VD: Array, Gamma: Array) -> Tangent:
    """Return what a difference test needs of a model.

    Parameters
    ----------
    D, VD : arrays (r, k)
        Derivatives of the modelled moments, and these times the weights.
    Gamma : array (r, r)
        Asymptotic covariances of the moments.
    """
    return Tangent(D, D.T @ VD, VD.T @ Gamma @ VD)


def tangent_of_moments(point: Point, sample: Sample, S: Array, mean: Array) -> Tangent:
    """Return the same of a model of complete continuous rows, with normal-theory weights at its implied moments."""
    V, D, Gamma = weighted_moments(point, sample, S, mean)
    D = D if point.free is None else D @ point.free
    return tangent_of(D, V @ D, Gamma)


def shifted_difference(statistic: float, df: float, less: Tangent, more: Tangent) -> float:
    """Return the difference of two statistics, scaled and shifted to chi-square with ``df`` degrees of freedom.

    The restrictions A are the directions of the wider model that the narrower one leaves out: A is orthogonal to (D1' D1)^-1 D1' D0. With
    M = P^-1 A' (A P^-1 A')^-1 A P^-1 the statistic is a T + b, a = sqrt(df / tr((M B)^2)), b = df - a tr(M B) (Satorra 2000,
    doi:10.1007/978-1-4615-4603-0_17; Asparouhov & Muthen 2010).

    Parameters
    ----------
    statistic : float
        Difference of the uncorrected statistics.
    df : float
        Difference of the degrees of freedom.
    less, more : Tangent
        The restricted model and the wider one, of the same moments in the same order.
    """
    H = np.linalg.lstsq(more.D, less.D, rcond=None)[0]
    A = np.linalg.svd(H)[0][:, H.shape[1] :].T
    inverse = np.linalg.pinv(more.bread, hermitian=True)
    across = inverse @ A.T
    M = across @ np.linalg.pinv(A @ across, hermitian=True) @ across.T
    MB = M @ more.meat
    a = float(np.sqrt(df / np.einsum("ij,ji->", MB, MB)))
    return a * statistic + df - a * float(np.trace(MB))
