"""A result as one self-contained page, its sections in the order of a paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from csimodels.report import content
from csimodels.report.format import escape_html
from csimodels.report.header import index_or_reason, model_title, verdict
from csimodels.report.html import STYLE, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["figure", "page", "sections"]

Section = tuple[str, str, str]
PAGE_STYLE = """
:root { color-scheme: light dark; }
body.csimodels { margin: 2rem auto; padding: 0 1.2rem; max-width: 68rem; font-size: 1rem; }
body.csimodels section { margin: 2rem 0; overflow-x: auto; }
body.csimodels figure { margin: .5rem 0; padding: .5rem; background: #fff; color: #000; }
body.csimodels svg { max-width: 100%; height: auto; }
body.csimodels figcaption { font-size: .85rem; }
body.csimodels nav li { display: inline-block; margin-right: 1.2rem; }
body.csimodels nav ul { padding: 0; }
@media print { body.csimodels nav { display: none; } body.csimodels { max-width: none; font-size: 10pt; } }
"""


def page(result: CSIResults) -> str:
    """Return the full page."""
    parts = sections(result)
    title = escape_html(model_title(result))
    shout = verdict(result).partition(":")[0]
    links = "".join(f'<li><a href="#{key}">{escape_html(name)}</a></li>' for key, name, _ in parts)
    body = "".join(f'<section id="{key}"><h2>{escape_html(name)}</h2>{html}</section>' for key, name, html in parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{f'{shout}: ' if shout else ''}{title}</title><style>{STYLE}{PAGE_STYLE}</style></head>"
        f'<body class="csimodels"><h1>{title}</h1><nav aria-label="Sections"><ul>{links}</ul></nav>{body}'
        "</body></html>\n"
    )


def sections(result: CSIResults) -> list[Section]:
    """Return the sections as (id, title, HTML), in the order of a paper."""
    parts: list[Section] = [("warnings", "Warnings", "".join(map(table, content.warned(result))))]
    tables = [
        ("header", "Model and estimation", (content.header,)),
        ("index", "Index", (content.index,)),
        ("measurement", "Measurement model", (content.loadings, content.reliability)),
        ("validity", "Discriminant validity", (content.fornell_larcker,)),
        ("paths", "Structural model", (content.paths,)),
        ("effects", "Effects", (content.effects,)),
        ("impact", "Impacts", (content.impact,)),
        ("rsquared", "Explained variance", (content.rsquared,)),
        ("fit", "Fit", (content.fit,)),
        ("covariances", "Variances", (content.covariances,)),
    ]
    parts += [(key, name, "".join(table(make(result)) for make in makers)) for key, name, makers in tables]
    parts += _figures(result)
    return [part for part in parts if part[2]]


def _figures(result: CSIResults) -> list[Section]:
    """Return the path diagram and, where there is an index, its plot."""
    from csimodels.report.diagram import diagram_size, draw_paths
    from csimodels.report.plots import draw_index, index_size

    diagram = figure("diagram", "Path diagram", diagram_size(result), lambda ax: draw_paths(result, ax))
    found, _ = index_or_reason(result)
    if found is None:
        return [("diagram", "Path diagram", diagram)]
    plot = figure("indexplot", "Index of every construct", index_size(found), lambda ax: draw_index(result, ax))
    return [("diagram", "Path diagram", diagram), ("indexplot", "Index plot", plot)]


def figure(key: str, caption: str, size: tuple[float, float], draw: Callable[[Axes], object]) -> str:
    """Return a drawing as inline SVG with text as text; ids get a prefix, so that figures do not share any."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from csimodels.report.fonts import readers_fonts

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "csimodels"}), readers_fonts():
        fig = Figure(figsize=size, layout="constrained")
        draw(fig.subplots())
        fig.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = re.sub(r"<metadata>.*?</metadata>", "", out.getvalue()[out.getvalue().index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{key}-", svg)
    label = escape_html(caption)
    return f'<figure role="img" aria-label="{label}">{svg}<figcaption>{label}</figcaption></figure>'
