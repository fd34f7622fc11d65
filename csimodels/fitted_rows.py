"""The rows of a fit, read again: what a result needs of the data that it does not hold."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import CSIWarning, DataError
from csimodels.recode import recoded_rows
from csimodels.resample import Rows
from csimodels.survey import complete_rows, fingerprint, read_answers, read_weights

if TYPE_CHECKING:
    from csimodels.composite_results import CompositeResults
    from csimodels.frames import Block
    from csimodels.results import CSIResults

__all__ = ["fitted_rows", "require_fitted"]


def require_fitted(result: CSIResults | CompositeResults, block: Block, code: str, hint: str) -> None:
    """Refuse answers that are not the fitted ones."""
    if fingerprint(block) != result.options.fingerprint:
        raise DataError(
            code,
            f"These {len(block.values)} rows are not the data that were fitted ({result.moments.rows} rows).",
            variable="data",
            value=len(block.values),
            hint=hint,
        )


def fitted_rows(result: CSIResults | CompositeResults, data: Any, weights: Any) -> tuple[Rows, NDArray[np.bool_]]:
    """Return the complete, recoded rows of a fit, and which of the rows of the data they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CSIWarning)
        block = read_answers(data, result.spec, result.options.na_values)
    require_fitted(result, block, "bootstrap.other_data", "Give the frame that was fitted.")
    given = result.options.weights if weights is None else weights
    if given is None and result.options.weighted:
        raise DataError(
            "bootstrap.no_weights",
            "The model was fitted with row weights.",
            variable="weights",
            value=None,
            hint="Give the same weights=.",
        )
    values, w, usable, _ = complete_rows(block, result.options.missing, read_weights(data, given, block))
    m = result.moments
    total, square = (float(len(values)),) * 2 if w is None else (float(w.sum()), float(w @ w))
    if abs(total - m.weight) > 1e-8 * m.weight or abs(square - m.weight2) > 1e-8 * m.weight2:
        raise DataError(
            "bootstrap.other_weights",
            f"The weights sum to {total:g}, those of the fit to {m.weight:g}.",
            variable="weights",
            value=total,
            hint="Give the weights of the fit.",
        )
    return Rows(recoded_rows(values, result.spec), w), usable
