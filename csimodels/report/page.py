"""A result as one self-contained page, its sections in the order of a paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from csimodels.report import content, validity
from csimodels.report.blocks import Block
from csimodels.report.format import escape_html
from csimodels.report.header import index_or_reason, is_pls, model_title, verdict
from csimodels.report.hover import arrow_titles, with_titles
from csimodels.report.html import STYLE, table
from csimodels.report.paragraph import method_paragraph
from csimodels.report.what_if import PANEL_STYLE, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["figure", "page", "sections"]

Section = tuple[str, str, str]
Figure = tuple[str, str, str, tuple[float, float], Callable[["Axes"], object]]
Maker = Callable[["CSIResults"], Block | None]
TABLES: tuple[tuple[str, str, tuple[Maker, ...]], ...] = (
    ("header", "Model and estimation", (content.header,)),
    ("index", "Index", (content.index,)),
    ("paths", "Structural model", (content.paths,)),
    ("measurement", "Measurement model", (content.weights, content.loadings, validity.reliability)),
    ("validity", "Discriminant validity", (validity.fornell_larcker, validity.htmt, validity.cross_loadings)),
    ("collinearity", "Collinearity and effect sizes", (validity.collinearity,)),
    ("rsquared", "Explained variance", (content.rsquared,)),
    ("effects", "Effects", (content.effects,)),
    ("impact", "Impacts", (content.impact,)),
    ("fit", "Fit", (content.fit,)),
    ("covariances", "Variances", (content.covariances,)),
)
PAGE_STYLE = """
:root { color-scheme: light dark; }
body.csimodels { margin: 2rem auto; padding: 0 1.2rem; max-width: 68rem; font-size: 1rem; }
body.csimodels section { margin: 2rem 0; overflow-x: auto; }
body.csimodels section table { margin-top: 1rem; }
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
        f"<title>{f'{shout}: ' if shout else ''}{title}</title><style>{STYLE}{PAGE_STYLE}{PANEL_STYLE}</style></head>"
        f'<body class="csimodels"><h1>{title}</h1><nav aria-label="Sections"><ul>{links}</ul></nav>{body}'
        "</body></html>\n"
    )


def sections(result: CSIResults) -> list[Section]:
    """Return the sections as (id, title, HTML), in the order of a paper."""
    parts: list[Section] = [("warnings", "Warnings", "".join(map(table, content.warned(result))))]
    parts += [(key, name, _tables(result, makers)) for key, name, makers in TABLES]
    parts += [("whatif", "What if", panel(result)), *_figures(result)]
    parts += [("method", "To paste into a paper", f"<p>{escape_html(method_paragraph(result))}</p>")]
    return [part for part in parts if part[2]]


def _tables(result: CSIResults, makers: Sequence[Maker]) -> str:
    """Return the tables of a section with the usual cutoffs beneath."""
    made = [make(result) for make in makers]
    return "".join(table(validity.with_cutoffs(block)) for block in made if block is not None)


def _figures(result: CSIResults) -> list[Section]:
    """Return the path diagram and, where there is an index, its plot; after PLS also the weights and the map of the target."""
    from csimodels.report.diagram import diagram_size, draw_paths
    from csimodels.report.plots import draw_index, index_size

    figures: list[Figure] = [("diagram", "Path diagram", "Path diagram", diagram_size(result), lambda ax: draw_paths(result, ax))]
    found, _ = index_or_reason(result)
    if found is not None:
        size = index_size(found)
        figures += [("indexplot", "Index plot", "Index of every construct", size, lambda ax: draw_index(result, found, ax, "95 %"))]
        figures += _pls_figures(result) if is_pls(result) else []
    titles = arrow_titles(result)
    return [(key, name, figure(key, caption, size, draw, titles)) for key, name, caption, size, draw in figures]


def _pls_figures(result: CSIResults) -> list[Figure]:
    """Return the weights of the items and, where there is a target, what drives it."""
    from csimodels.report.ipma import IPMA_SIZE, draw_ipma
    from csimodels.report.shares import draw_weights, weights_size

    shares, target = result.weights, result.spec.target
    out: list[Figure] = [
        (
            "weightsplot",
            "Weights plot",
            "Share of every item in its index",
            weights_size(shares),
            lambda ax: draw_weights(result, shares, ax),
        )
    ]
    if target is not None:
        drivers = result.ipma().rename_axis("construct").reset_index()
        caption = f"Importance and performance of what drives {target}"
        out += [("map", "Importance-performance map", caption, IPMA_SIZE, lambda ax: draw_ipma(result, drivers, target, ax))]
    return out


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
