"""The elements of a spec: indicators, constructs, paths, and departures from the default parameters."""

from __future__ import annotations

from dataclasses import dataclass

from csimodels import checks

__all__ = ["Construct", "Indicator", "Path", "Scale", "Term"]

Scale = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Indicator:
    """Describe one questionnaire item.

    Parameters
    ----------
    name : str
        Column name; any non-empty text.
    scale : tuple of float, optional
        Theoretical (lowest, highest) answer, never the observed ones.
    reverse : bool
        Whether a high answer means less of the construct; such items enter as ``lo + hi - x``.
    stem : str
        Short paraphrase of the question.
    na_values : tuple of float
        Codes that mean "don't know" or "refused".
    stem_zh : str
        The same in Chinese.
    anchors, anchors_zh : tuple of str
        What the lowest and the highest answer say, in English and in Chinese; empty, or two texts.

    Examples
    --------
    >>> Indicator("sat_overall", scale=(1, 10)).scale
    (1.0, 10.0)
    """

    name: str
    scale: Scale | None = None
    reverse: bool = False
    stem: str = ""
    na_values: tuple[float, ...] = ()
    stem_zh: str = ""
    anchors: tuple[str, ...] = ()
    anchors_zh: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks.name(self.name, "indicator")
        object.__setattr__(self, "scale", checks.scale(self.scale, self.name))
        object.__setattr__(self, "na_values", checks.codes(self.na_values, self.name))
        object.__setattr__(self, "anchors", checks.anchors(self.anchors, self.name))
        object.__setattr__(self, "anchors_zh", checks.anchors(self.anchors_zh, self.name))
        checks.reverse(self)


@dataclass(frozen=True, slots=True)
class Construct:
    """Describe one latent variable with its block of indicators.

    Parameters
    ----------
    name : str
        Unique name.
    indicators : sequence of str or Indicator
        Items of the block; the name of another construct makes this one of higher order.
    mode : {"reflective", "formative", "single"}, optional
        Direction of measurement; by default "single" for one indicator, else "reflective".
    reliability : float, optional
        Known reliability of a single item, in (0, 1]; its error variance is then (1 - reliability) times its variance.
    meaning : str
        What the construct stands for, e.g. "complaint behaviour" as against "complaint handling".
    label, label_zh : str
        Display name, in English and in Chinese.
    source : str
        Where the idea of the items is from, if not from the model's own citation.
    confidence : str
        How sure it is that the model has this block: "exact", "high", "medium", "low"; empty for that of the model.

    Examples
    --------
    >>> Construct("complaints", ["complaint"]).mode
    'single'
    """

    name: str
    indicators: tuple[Indicator, ...]
    mode: str = ""
    reliability: float | None = None
    meaning: str = ""
    label: str = ""
    label_zh: str = ""
    source: str = ""
    confidence: str = ""

    def __post_init__(self) -> None:
        checks.name(self.name, "construct")
        items = tuple(i if isinstance(i, Indicator) else Indicator(i) for i in checks.listed(self.indicators, self.name))
        object.__setattr__(self, "indicators", items)
        object.__setattr__(self, "mode", self.mode or ("single" if len(items) == 1 else "reflective"))
        checks.construct(self)

    @property
    def items(self) -> tuple[str, ...]:
        """Names of the indicators."""
        return tuple(i.name for i in self.indicators)

    @property
    def formed(self) -> bool:
        """Whether it is a composite of two indicators or more."""
        return self.mode == "formative" and len(self.indicators) > 1


@dataclass(frozen=True, slots=True)
class Path:
    """Describe one structural path with its hypothesised sign.

    Parameters
    ----------
    source, target : str
        Names of constructs (or observed structural variables).
    sign : {"+", "-", "?"}
        Expected sign; "?" where theory is open.
    confidence : str
        How sure it is that the model has this path: "exact", "high", "medium", "low"; empty for that of the model.

    Examples
    --------
    >>> Path("quality", "satisfaction", "+").target
    'satisfaction'
    """

    source: str
    target: str
    sign: str = "?"
    confidence: str = ""

    def __post_init__(self) -> None:
        checks.path(self)


@dataclass(frozen=True, slots=True)
class Term:
    """Describe one departure from the default parameters: a fixed value, a freed marker, a label or a covariance.

    Parameters
    ----------
    lhs, op, rhs : str
        The parameter in lavaan's notation; op is "=~", "~", "~~" or, for intercepts with an empty rhs, "~1"; ":=" defines the
        name lhs as the expression rhs of labels, "==" sets two such expressions equal.
    value : float, optional
        Value at which the parameter is fixed.
    free : bool
        Whether a parameter that is fixed by default is freed (``NA*``).
    label : str
        Equal labels make equal parameters.

    Examples
    --------
    >>> Term("visual", "=~", "x2", label="a").label
    'a'
    """

    lhs: str
    op: str
    rhs: str
    value: float | None = None
    free: bool = False
    label: str = ""
