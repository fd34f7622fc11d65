"""The factor scores of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from csimodels.errors import MissingStatisticError, OptionError
from csimodels.estimators.estimate import Estimate
from csimodels.fitted_rows import require_fitted
from csimodels.measures.factor_scores import METHODS, factor_scores
from csimodels.options import INCOMPLETE
from csimodels.recode import recoded_rows
from csimodels.survey import read_answers

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["Scored"]


class Scored:
    """Add factor scores to a result."""

    def factor_scores(self, data: Any, method: str = "regression", *, se: bool = False, new_data: bool = False) -> pd.DataFrame:
        """Return every respondent's factor scores, in the units of the constructs.

        Parameters
        ----------
        data : pandas, polars or pyarrow frame, mapping of arrays, or array
            The frame that was fitted.
        method : {"regression", "bartlett"}
            Expected values of the constructs given the answers, which shrink towards their mean; or scores that are unbiased given the
            construct.
        se : bool, default False
            Whether to add a column ``<construct>_se`` for each: the error of the score given the model's parameters.
        new_data : bool, default False
            Accept another frame than the fitted one.

        Returns
        -------
        DataFrame
            One column a construct, the index of ``data``; NaN where the row was dropped, or under "bartlett" where no item of a construct
            was answered or it has none of its own. After FIML and two-stage estimation incomplete rows have scores, with larger errors.

        Raises
        ------
        DataError
            The frame is not the fitted one and ``new_data`` is false.
        OptionError
            Unknown method.
        MissingStatisticError
            The model is one of PLS, or of ordered items.

        Notes
        -----
        Regression of factor scores on each other is biased; the paths of the model are not. For the 0-100 scale see :meth:`scores`.
        Thurstone 1935; Bartlett 1937, doi:10.1111/j.2044-8295.1937.tb00863.x.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> res = csi.fit_acsi(df, engine="native")
        >>> res.factor_scores(df).shape
        (5000, 6)
        """
        result = cast("CSIResults", self)
        estimate = result.estimate
        if method not in METHODS:
            raise OptionError("option.method", f"method is {method!r}.", variable="method", value=method, hint=f"Use one of {METHODS}.")
        if not isinstance(estimate, Estimate) or estimate.ordinal:
            raise MissingStatisticError(
                "scores.no_factors",
                "Factor scores are those of constructs with normal items; PLS has composites, and ordered items have no closed form.",
                variable="estimator",
                value=result.options.estimator,
                hint="Use res.scores(data), the 0-100 indices of respondents.",
            )
        block = read_answers(data, result.spec, result.options.na_values)
        if not new_data:
            require_fitted(result, block, "scores.other_data", "Give the fitted frame, or say new_data=True.")
        rows = recoded_rows(block.values, result.spec)
        values = rows if result.options.missing in INCOMPLETE else result._filled(rows)
        mean = np.zeros(len(result.spec.items)) if result.moments.mean is None else result.moments.mean
        scores, errors = factor_scores(estimate.layout, estimate.full, mean, values, method)
        names = list(estimate.table.latent)
        columns = {c: scores[:, k] for k, c in enumerate(names)}
        if se:
            columns |= {f"{c}_se": errors[:, k] for k, c in enumerate(names)}
        return pd.DataFrame(columns, index=block.index)
