"""What a spec shows of itself: its tree, its questionnaire, its picture, and how it prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.questionnaire import Questionnaire
    from csimodels.spec import ModelSpec
    from csimodels.trees import Tree

__all__ = ["Described"]


class Described:
    """Add a tree, a questionnaire, a picture and readable printing to a spec."""

    def __repr__(self) -> str:
        from csimodels.report.spec_text import brief_spec

        return brief_spec(cast("ModelSpec", self))

    def _repr_html_(self) -> str:
        from csimodels.report.spec_html import notebook_spec

        return notebook_spec(cast("ModelSpec", self))

    def tree(self, lang: str = "en") -> Tree:
        """Return the model as a tree: the index, its constructs, their facets, and items as leaves.

        Parameters
        ----------
        lang : {"en", "zh"}
            Language of labels and stems; where there is none, English stands, then the name.

        Returns
        -------
        Tree
            Prints as text; ``rows`` holds (depth, kind, name, what).

        Raises
        ------
        SpecError
            A leaf cannot be measured, because it has no theoretical scale.
        OptionError
            Unknown language.

        Examples
        --------
        >>> import csimodels as csi
        >>> spec = csi.ModelSpec.from_lavaan("quality =~ q1 + q2; satisfaction =~ s1; satisfaction ~ quality", scale=(1, 5))
        >>> spec.tree()
        lavaan
        ├─ quality: reflective
        │  ├─ q1: 1-5
        │  └─ q2: 1-5
        └─ satisfaction: single
           └─ s1: 1-5
        """
        from csimodels.trees import tree_of

        return tree_of(cast("ModelSpec", self), lang)

    def questionnaire(self, lang: str = "en", na_values: Sequence[float] = (98, 99)) -> Questionnaire:
        """Return the items as a questionnaire, ready to be edited.

        Parameters
        ----------
        lang : {"en", "zh"}
            Language of the questions and of all that is said around them.
        na_values : sequence of float
            Codes for "don't know" of items that have none of their own; empty for none.

        Returns
        -------
        Questionnaire
            Prints as Markdown; ``table`` is a frame, ``to_markdown`` and ``to_csv`` write files.

        Raises
        ------
        SpecError
            An item cannot be asked, because it has no theoretical scale.
        OptionError
            Unknown language, or a code that is an answer on the scale of an item.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").questionnaire().table.loc[0, ["item", "stem", "na_values"]].tolist()
        ['expect_overall', 'Overall quality the customer had expected before buying', '98, 99']
        """
        from csimodels.questionnaire import questionnaire_of

        return questionnaire_of(cast("ModelSpec", self), lang, na_values)

    def plot(self, ax: Axes | None = None, lang: str = "en") -> Axes:
        """Draw the path diagram with the signs that theory expects.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.
        lang : {"en", "zh"}
            Language of the labels; Chinese needs an installed font that has its characters.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            Unknown language.

        Notes
        -----
        Arrows are dashed where theory leaves the sign open, and dotted where it is less certain that the model has the path: where its
        confidence is low, or lower than that of the model. Thin arrows join constructs of higher order with their parts, towards the
        parts that reflect them and from the parts that form them.

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.load_model("acsi_1996").plot()
        >>> [t.get_text() for t in ax.texts].count("+")
        7
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.spec_diagram import draw_spec, spec_size
        from csimodels.trees import checked_lang

        spec, lang = cast("ModelSpec", self), checked_lang(lang)
        return draw_spec(spec, ax if ax is not None else new_axes(spec_size(spec)), lang)
