"""Composite indices: weighted means of the points of answers, level by level, on a stack of moments (last axis)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CompositePlan", "composite_scores", "composite_se", "row_coefficients"]

Array = NDArray[Any]


class CompositePlan(NamedTuple):
    """What a composite index is made of.

    ``blocks`` are the parts of each construct: numbers of items, or p + the number of a construct; ``stated`` their stated weights and
    ``importance`` the numbers of the items whose means weight them too, -1 where there is none; ``order`` has parts before wholes.
    """

    items: tuple[str, ...]
    constructs: tuple[str, ...]
    blocks: tuple[tuple[int, ...], ...]
    stated: tuple[tuple[float, ...], ...]
    importance: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]


def _part_weights(plan: CompositePlan, j: int, mean: Array) -> Array:
    """Return the weights of the parts of a construct, shape (parts, B)."""
    asked = [mean[i] if i >= 0 else np.ones(mean.shape[1]) for i in plan.importance[j]]
    out: Array = np.array(plan.stated[j])[:, None] * np.array(asked)
    return out


def composite_scores(plan: CompositePlan, mean: Array) -> tuple[Array, Array]:
    """Return indices (m, B) and their derivatives by the means (m, p, B).

    index = sum w s / sum w over the parts, where w = stated weight times mean importance; d index = sum (w ds + (s - index) dw) / sum w.

    Parameters
    ----------
    plan : CompositePlan
        Parts and weights.
    mean : array (p, B)
        Means of the points of answers, and of answers on importance.
    """
    p, members = mean.shape
    score = np.vstack([mean, np.zeros((len(plan.constructs), members))])
    slope = np.zeros((len(score), p, members))
    slope[np.arange(p), np.arange(p)] = 1.0
    for j in plan.order:
        parts, w = list(plan.blocks[j]), _part_weights(plan, j, mean)
        total = w.sum(axis=0)
        score[p + j] = (w * score[parts]).sum(axis=0) / total
        slope[p + j] = np.einsum("kb,kpb->pb", w, slope[parts]) / total
        for k, (part, asked) in enumerate(zip(parts, plan.importance[j], strict=True)):
            if asked >= 0:
                slope[p + j, asked] += plan.stated[j][k] * (score[part] - score[p + j]) / total
    return score[p:], slope[p:]


def composite_se(slope: Array, cov: Array, n: Array) -> Array:
    """Return standard errors (m, B) by the delta method; cov (p, p, B) with divisor n - 1, n (B,).

    Exact, sd / sqrt(n), where no weight is estimated (Bollen 1989, doi:10.1002/9781118619179, for the method).
    """
    out: Array = np.sqrt(np.maximum(np.einsum("mpb,pqb,mqb->mb", slope, cov, slope), 0.0) / n)
    return out


def row_coefficients(plan: CompositePlan, mean: Array) -> Array:
    """Return coefficients (m, p) that turn one respondent's points into his indices, weights held at their means (p,)."""
    p = len(plan.items)
    out = np.vstack([np.eye(p), np.zeros((len(plan.constructs), p))])
    for j in plan.order:
        w = _part_weights(plan, j, mean[:, None])[:, 0]
        out[p + j] = w @ out[list(plan.blocks[j])] / w.sum()
    return out[p:]
