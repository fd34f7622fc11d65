"""The headings of the tables of analyses in words, by the names of their columns."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["BOUNDED", "OTHERS", "WORDED", "Limits", "in_words", "limits"]

AS_THEY_ARE = """
a about adequate against answered at b band capped change class coefficient coefficients comparison complete composition conditional
construct contribution correlation coverage desired df difference dimension direct driver drivers effect eigenvalue established events
expectation gap general highest hypothesis indicator indirect inside_data item kind label labels left_out level limit loading lower lowest
mark meaning measure members method missing model n name note number on_scale outcome pairs parent path pattern patterns penalty
perceived perception place predicted published raised range rank rate reason region reliability repurchases resamples restriction
reproducibility revision reward route rows sampling_variance score scores sd se series share significant slope stage statistic std t term
test total touchpoint touchpoints type undefined upper value variance wave waves weight where width within_interval z zone zone_a zone_b
adjusted kept size
"""
WORDS = {column: column.replace("_", " ") for column in AS_THEY_ARE.split()} | {
    "above": "above the limit",
    "aic": "AIC",
    "alpha_e": "alpha of E",
    "alpha_p": "alpha of P",
    "auc": "AUC",
    "auc_se": "AUC, se",
    "beta": "β",
    "bic": "BIC",
    "brier": "Brier score",
    "cfi": "CFI",
    "chisq": "χ²",
    "contribution_to_total": "contribution to the total",
    "d_z": "d_z",
    "df_den": "df 2",
    "df_num": "df 1",
    "dgp": "|penalty| / range",
    "e": "E",
    "est": "estimate",
    "f": "F",
    "from": "from wave",
    "gap_to_best": "points below the best",
    "half_life": "half-life, waves",
    "high_from": "high from",
    "ia": "asymmetry",
    "increment": "adds to R²",
    "johnson": "Johnson",
    "johnson_share": "Johnson, share",
    "lmg": "LMG",
    "lmg_share": "LMG, share",
    "low_up_to": "low up to",
    "mean": "mean answer",
    "mean_e": "mean of E",
    "mean_outcome": "mean outcome",
    "mean_p": "mean of P",
    "mean_satisfaction": "mean satisfaction",
    "msa": "MSA",
    "mss": "MSS",
    "n_above": "n above",
    "n_below": "n below",
    "n_high": "n, high",
    "n_low": "n, low",
    "n_middle": "n, middle",
    "n_missing": "items missing",
    "n_outcome": "n with an outcome",
    "odds_ratio": "odds ratio",
    "outcome_non_users": "outcome of others",
    "outcome_users": "outcome of users",
    "p": "P",
    "pseudo_r2": "pseudo R²",
    "pvalue": "p",
    "pvalue_adjusted": "p (adjusted)",
    "pvalue_difference": "p of the difference",
    "pvalue_holm": "p (Holm)",
    "pvalue_wilcoxon": "p (Wilcoxon)",
    "pvalue_wilcoxon_holm": "p (Wilcoxon, Holm)",
    "q": "Q",
    "q_pvalue": "p of Q",
    "r": "r",
    "r2": "R²",
    "r2_adj": "R², adjusted",
    "r_ep": "r of E and P",
    "rmsea": "RMSEA",
    "sd_e": "sd of E",
    "sd_p": "sd of P",
    "sgp": "reward / range",
    "share_below": "share below",
    "share_of_total": "share of the total",
    "significant_vs_best": "significantly below the best",
    "source": "from",
    "srmr": "SRMR",
    "std_common": "std, with the factor",
    "target": "to",
    "to": "to wave",
    "vif": "VIF",
    "wilcoxon": "Wilcoxon",
}
OF = {"lmg": "lmg_share", "johnson": "johnson_share", "outcome": "mean_outcome"}  # what an interval is of, where its name does not say
OTHERS = ("impact",)  # intervals of a bootstrap that was given, whose level is its own
KINDS = {"": "", "sim": ", all at once", "marginal": ", one alone"}
LOWER = re.compile(r"(?:(?P<of>\w+?)_)?(?:ci_)?lower(?:_(?P<kind>sim|marginal))?")
IMPACT = re.compile(r"impact(?:_(?P<points>[\d.]+)(?P<all>_all)?)?")
CANNOT_EXCEED_ONE = """
alpha_e alpha_p auc auc_se beta brier cfi correlation coverage increment johnson johnson_share lmg lmg_share loading predicted pseudo_r2 r
r2 r2_adj r_ep rate reliability reproducibility rmsea share share_below share_of_total srmr std std_common
"""
BOUNDED = frozenset(CANNOT_EXCEED_ONE.split())
# columns whose cells are words of the library, not names of the user's, by the picture of the analysis
WORDED: dict[str, tuple[str, ...]] = {
    "aggregate": ("level", "label", "parent"),
    "asymmetry": ("name", "method", "region", "hypothesis", "model", "against", "zone"),
    "behaviour": ("name", "change", "test"),
    "common_method": ("model",),
    "drivers": ("complete", "conditional", "general"),
    "dynamics": ("name", "model"),
    "gap": ("dimension", "score", "zone", "zone_a", "zone_b", "model", "coefficient", "restriction"),
    "journey": ("where", "reason", "pattern", "note", "path"),
    "kano": ("class", "effect", "mark"),
    "loyalty": ("model", "against", "at", "kind", "name"),
    "mediation": ("type", "effect"),
    "surface": ("name", "model", "kind", "zone", "meaning"),
    "tracking": ("comparison",),
    "zone": ("measure", "zone", "place"),
}


class Limits(NamedTuple):
    """The columns of an interval, what it is of, and how its heading goes on."""

    lower: str
    upper: str
    of: str
    kind: str


def limits(columns: list[str]) -> list[Limits]:
    """Return the pairs of columns that are limits of intervals; the ends of bands and scales are none."""
    found = []
    for column in columns:
        match = LOWER.fullmatch(column)
        upper = column.replace("lower", "upper")
        if match and column != "lower" and upper in columns:
            found.append(Limits(column, upper, OF.get(match["of"], match["of"] or ""), KINDS[match["kind"] or ""]))
    return found


def in_words(column: str) -> str | None:
    """Return the heading of a column, or of what an interval is of; None of a column of the user's."""
    impact = IMPACT.fullmatch(column)
    if impact:
        of = f" of {impact['points']} points" if impact["points"] else ""
        return f"impact{of}{', all customers' if impact['all'] else ''}"
    return WORDS.get(column)
