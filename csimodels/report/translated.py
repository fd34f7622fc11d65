"""A picture in another language, after it was drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from csimodels.report.axes import figure_of
from csimodels.report.fonts import faces, printable
from csimodels.report.wording import named, say, speaking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from csimodels.spec import ModelSpec

__all__ = ["translated"]

ARROW = " -> "


def translated(ax: Axes, lang: str = "zh", model: str | ModelSpec | None = None) -> Axes:
    """Say every text of a picture in another language: title, axes, ticks, legend, names in boxes.

    Parameters
    ----------
    ax : matplotlib Axes
        What a ``plot`` method returned; all that is written in its figure is changed, where it is.
    lang : {"en", "zh"}
        Language; pictures are drawn in English.
    model : str or ModelSpec, optional
        Model whose labels its constructs get; other names stay as they are.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Raises
    ------
    OptionError
        Unknown language.
    CatalogError
        Unknown model.

    Notes
    -----
    A name of yours that is also one of the texts that pictures have, such as "linear" or "threshold", is said like it.

    Chinese letters need a font that has them, e.g. Noto Sans CJK or WenQuanYi Zen Hei; without one a box stands for each.

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
    >>> ax = csi.translated(res.plot_htmt(), "zh", model=res.spec)
    >>> ax.get_xticklabels() != []
    True
    """
    from csimodels.catalog import as_spec

    specs = [] if model is None else [as_spec(model)]
    with speaking(lang, *specs):
        figure = figure_of(ax)
        for each in figure.axes:
            for axis in (each.xaxis, each.yaxis):
                _relabel(axis)
        for text in _texts(figure):
            _retell(text)
    return ax


def _texts(figure: Figure) -> list[Text]:
    """Return what is written anywhere in a picture."""
    from matplotlib.text import Text

    return [artist for artist in figure.findobj(Text) if isinstance(artist, Text) and artist.get_text()]


def _relabel(axis: Any) -> None:
    """Say the labels of ticks that were given as texts; an axis makes the others anew whenever it is drawn."""
    from matplotlib.ticker import FixedLocator

    if not isinstance(axis.get_major_locator(), FixedLocator):
        return
    ticks = axis.get_ticklabels()
    said = [in_words(tick.get_text()) for tick in ticks]
    axis.set_ticklabels(said)
    for tick, text in zip(axis.get_ticklabels(), said, strict=True):
        tick.set(**faces(text))


def _retell(text: Text) -> None:
    """Say one text, in a font that can print it."""
    said, wide = in_words(text.get_text()), _width(text)
    if said != text.get_text():
        text.set(text=said, parse_math=False, **faces(said))
        _stay_beside(text, _width(text) - wide)


def _width(text: Text) -> float:
    """Return how wide a text is, in points of the page, without the line that leads from it."""
    from matplotlib.text import Text

    figure = text.get_figure()
    return 0.0 if figure is None else float(Text.get_window_extent(text).width) * 72.0 / figure.dpi


def _stay_beside(text: Text, wider: float) -> None:
    """Keep the label of a point as far from it as it was, on the same side."""
    from matplotlib.text import Annotation

    if isinstance(text, Annotation) and text.anncoords == "offset points" and text.get_horizontalalignment() == "center":
        across, up = text.xyann
        beside = abs(across) > (_width(text) - wider) / 2
        text.xyann = (across + (wider / 2 if across > 0 else -wider / 2) * beside, up)


def in_words(text: str) -> str:
    """Return a text: a name that was broken into lines whole, others line by line; what nothing is known of stays as it is."""
    whole = text.replace("\n", " ")
    return _said(whole) if named(whole) != whole else "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    """Yield lines, two of them as one where a name was broken within a word."""
    k = 0
    while k < len(lines):
        pair = "".join(lines[k : k + 2])
        broken = k + 1 < len(lines) and named(pair) != pair
        yield _said(pair if broken else lines[k])
        k += 2 if broken else 1


def _said(text: str) -> str:
    """Return the label of a name, a chain of them, or what the catalogue has for a text, as far from the margin as it was."""
    plain = text.lstrip()
    label = ARROW.join(map(named, plain.split(ARROW)))
    said = say(plain) if label == plain else label
    return text if said == plain else text[: len(text) - len(plain)] + printable(said)
