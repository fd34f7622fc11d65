"""Model specifications: frozen, hashable and free of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from csimodels import adapt, checks, graph
from csimodels.described import Described
from csimodels.elements import Construct, Indicator, Path, Scale, Term
from csimodels.scoring import Scoring
from csimodels.textual import Textual

__all__ = ["Construct", "Indicator", "ModelSpec", "Path", "Scoring", "Term"]


@dataclass(frozen=True, repr=False)
class ModelSpec(Textual, Described):
    """Describe a satisfaction-index model as data.

    Parameters
    ----------
    name : str
        Identifier, e.g. ``"acsi_1996"``.
    constructs : sequence of Construct
        Latent variables in causal reading order.
    paths : sequence of Path
        Structural paths; without cycles.
    target : str, optional
        The construct that the index is named after.
    observed : sequence of Indicator
        Observed variables that take part in paths themselves.
    terms : sequence of Term
        Departures from lavaan's default parameters.
    title, title_zh, family, origin, citation, doi, confidence, notes : str
        Documentation; confidence is "exact", "high", "medium" or "low", origin "published" or "practice".
    kind : {"path_model", "composite_index"}
        Whether the model is estimated or is a scoring rule.
    estimators : tuple of str
        Estimators that the model admits; empty when nobody has said.
    scoring : Scoring, optional
        The rule of a composite index.
    lost : tuple of str
        What ``without`` and ``with_items`` took away.

    Raises
    ------
    SpecError
        Duplicate or unknown names, an indicator used twice, a cycle, or a construct cut off from the target.

    Examples
    --------
    >>> spec = ModelSpec(
    ...     "mini",
    ...     [Construct("quality", ["q1", "q2", "q3"]), Construct("satisfaction", ["s1", "s2", "s3"])],
    ...     [Path("quality", "satisfaction", "+")],
    ...     target="satisfaction",
    ... )
    >>> print(spec.to_lavaan())
    quality =~ q1 + q2 + q3
    satisfaction =~ s1 + s2 + s3
    satisfaction ~ quality
    """

    name: str
    constructs: tuple[Construct, ...]
    paths: tuple[Path, ...] = ()
    target: str | None = None
    observed: tuple[Indicator, ...] = ()
    terms: tuple[Term, ...] = ()
    title: str = ""
    kind: str = "path_model"
    citation: str = ""
    doi: str = ""
    confidence: str = ""
    notes: str = ""
    title_zh: str = ""
    family: str = ""
    origin: str = "published"
    estimators: tuple[str, ...] = ()
    scoring: Scoring | None = None
    lost: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        for part in ("constructs", "paths", "observed", "terms", "estimators", "lost"):
            object.__setattr__(self, part, tuple(getattr(self, part)))
        graph.check_spec(self)

    @cached_property
    def construct_names(self) -> tuple[str, ...]:
        """Names of the constructs, in the order of the spec."""
        return tuple(c.name for c in self.constructs)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every observed item, block by block, then the observed structural variables."""
        latent = set(self.construct_names)
        blocks = [i for c in self.constructs for i in c.indicators if i.name not in latent]
        return tuple(blocks) + tuple(i for i in self.observed if i.name not in {b.name for b in blocks})

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Names of the observed items, in the order of every matrix and table."""
        return tuple(i.name for i in self.indicators)

    def construct(self, name: str) -> Construct:
        """Return one construct by name.

        Parameters
        ----------
        name : str
            Name of a construct.

        Returns
        -------
        Construct

        Raises
        ------
        SpecError
            No construct has that name.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").construct("value").items
        ('value_price', 'value_quality')
        """
        checks.known(name, self.construct_names, "construct", self.name)
        return next(c for c in self.constructs if c.name == name)

    def with_items(self, items: Mapping[str, Sequence[str | Indicator]]) -> ModelSpec:
        """Replace the indicators of some constructs, to fit the survey at hand.

        Parameters
        ----------
        items : mapping of construct name to items
            New blocks; new names inherit the block's scale, known names keep their description.

        Returns
        -------
        ModelSpec

        Raises
        ------
        SpecError
            Unknown construct, or an item used twice.

        Examples
        --------
        >>> import csimodels as csi
        >>> spec = csi.load_model("acsi_1996").with_items({"satisfaction": ["Q1", "Q2", "Q3", "Q4"]})
        >>> spec.construct("satisfaction").items
        ('Q1', 'Q2', 'Q3', 'Q4')
        """
        return adapt.with_items(self, items)

    def without(self, *names: str) -> ModelSpec:
        """Leave out constructs or items that the survey does not have.

        Parameters
        ----------
        *names : str
            Constructs or items. What is thereby cut off from the target goes too.

        Returns
        -------
        ModelSpec
            A valid model whose ``lost`` says what went.

        Raises
        ------
        SpecError
            An unknown name, or the target itself.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").without("complaints").lost[0]
        'construct complaints (complaint)'
        """
        return adapt.without(self, names)

    def rename(self, names: Mapping[str, str]) -> ModelSpec:
        """Rename constructs or items.

        Parameters
        ----------
        names : mapping of str to str
            Old name to new name.

        Returns
        -------
        ModelSpec

        Raises
        ------
        SpecError
            An unknown name, or a new name that is taken.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").rename({"complaint": "Q9"}).construct("complaints").items
        ('Q9',)
        """
        return adapt.rename(self, names)

    def with_scale(self, scale: Scale | Mapping[str, Scale]) -> ModelSpec:
        """Declare the theoretical answer scale.

        Parameters
        ----------
        scale : tuple of float, or mapping of str to tuple
            (lowest, highest) for the questionnaire's rating scale, or by item or construct. A tuple leaves items alone whose own
            scale differs from the spec's most common one (a 0/1 complaint stays 0/1).

        Returns
        -------
        ModelSpec

        Raises
        ------
        ScaleError
            Not two finite numbers in increasing order, or an unknown name.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").with_scale((1, 5)).construct("value").indicators[0].scale
        (1.0, 5.0)
        """
        return adapt.with_scale(self, scale)
