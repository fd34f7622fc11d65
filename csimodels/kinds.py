"""What kind of number a construct's 0-100 value is: an index, or the share of respondents who say yes."""

from __future__ import annotations

from csimodels.elements import Construct

__all__ = ["INDEX", "SHARE", "index_kind"]

INDEX, SHARE = "index", "share, %"
YES_NO = (0.0, 1.0)


def index_kind(construct: Construct) -> str:
    """Return "share, %" for a construct that is one 0/1 item, such as complaint behaviour, else "index".

    For such an item 100 (mean - 0) / (1 - 0) is the percentage of ones, and sd / sqrt(n) with divisor n - 1 is its binomial standard
    error times sqrt(n / (n - 1)). Complaint handling, which is rated, is an index like any other.
    """
    items = construct.indicators
    return SHARE if len(items) == 1 and items[0].scale == YES_NO else INDEX
