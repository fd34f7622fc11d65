"""The pictures of a page as inline SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from csimodels.errors import CSIError
from csimodels.report.format import escape_html
from csimodels.report.header import index_or_reason, is_pls
from csimodels.report.hover import arrow_titles, with_titles
from csimodels.report.wording import heading, named, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = ["diagram", "figure", "importance_map", "shares"]


def diagram(result: CSIResults, boot: Bootstrap | None) -> str:
    """Return the path diagram, whose arrows say their estimates."""
    from csimodels.report.diagram import diagram_size, draw_paths

    titles = arrow_titles(result, boot)
    return figure("diagram", heading("Path diagram"), diagram_size(result), lambda ax: draw_paths(result, ax, boot), titles)


def shares(result: CSIResults, boot: Bootstrap | None) -> str:
    """Return the shares of the items in their index; nothing but after PLS with an index."""
    from csimodels.report.boot_content import interval_name
    from csimodels.report.shares import draw_weights, weights_size

    if not is_pls(result) or index_or_reason(result)[0] is None:
        return ""
    found, interval = (result.weights, "") if boot is None else (boot.weights, interval_name(boot))
    caption = say("Share of every item in its index")
    return figure("weightsplot", caption, weights_size(found), lambda ax: draw_weights(result, found, ax, interval))


def importance_map(result: CSIResults, boot: Bootstrap | None) -> str:
    """Return the importance-performance map of the target; nothing where there is none, or nothing drives it."""
    from csimodels.report.boot_content import map_interval_name
    from csimodels.report.ipma import IPMA_SIZE, draw_ipma

    target = result.spec.target
    if target is None:
        return ""
    try:
        found = result.ipma().rename_axis("construct").reset_index() if boot is None else boot.ipma()
    except CSIError:
        return ""
    if found.empty:
        return ""
    interval = "" if boot is None else map_interval_name(boot)
    caption = say(f"Importance and performance of what drives {target}")
    return figure("map", caption, IPMA_SIZE, lambda ax: draw_ipma(result, found, named(target), ax, interval))


def figure(
    key: str, caption: str, size: tuple[float, float], draw: Callable[[Axes], object], titles: Mapping[str, str] | None = None
) -> str:
    """Return a drawing as inline SVG with text as text and titles by id; ids get a prefix, so that figures do not share any."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from csimodels.report.fonts import readers_fonts

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "csimodels"}), readers_fonts():
        fig = Figure(figsize=size, layout="constrained")
        draw(fig.subplots())
        fig.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = re.sub(r"<metadata>.*?</metadata>", "", out.getvalue()[out.getvalue().index("<svg") :], flags=re.DOTALL)
    svg = with_titles(svg, titles or {})
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{key}-", svg)
    label = escape_html(caption)
    return f'<figure role="img" aria-label="{label}">{svg}<figcaption>{label}</figcaption></figure>'
