"""Scoring rules in words."""

from __future__ import annotations

__all__ = ["rule_in_words"]

RULES = {
    "range": "points 100 (x - lo) / (hi - lo)",
    "of_maximum": "points 100 x / hi (the mean answer times ten on a 1-10 scale)",
}


def rule_in_words(spec_rule: str, boxes: int) -> str:
    """Return what points an answer gets."""
    return RULES.get(spec_rule, f"share of answers in the top {boxes} boxes, %")
