"""The one page that every report fills in."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from string import Template

from csimodels import __version__
from csimodels.report.format import escape_html
from csimodels.report.html import STYLE
from csimodels.report.wording import heading, language

__all__ = ["SCRIPT_FILE", "Section", "document", "resource"]

Section = tuple[str, str, str]
SCRIPT_FILE = "what_if.js"


@lru_cache
def resource(name: str) -> str:
    """Return a file of this folder."""
    return files("csimodels.report").joinpath(name).read_text(encoding="utf-8")


def document(title: str, sections: Sequence[Section], shout: str = "", lead: Sequence[str] = ()) -> str:
    """Return a page that asks nothing of the network and runs no script but its own.

    Parameters
    ----------
    title : str
        Heading.
    sections : sequence of (id, heading, HTML)
        What the page holds, from top to bottom.
    shout : str
        What is wrong, before the title in the browser's tab.
    lead : sequence of str
        Lines beneath the title.
    """
    kept = [(key, escape_html(heading(name)), html) for key, name, html in sections if html]
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-head"><h2 id="{key}-head">{name}</h2>{html}</section>' for key, name, html in kept
    )
    return Template(resource("page.html")).substitute(
        lang={"zh": "zh-Hans"}.get(language(), language()),
        scripts=f"'sha256-{b64encode(hashlib.sha256(resource(SCRIPT_FILE).encode()).digest()).decode()}'",
        version=__version__,
        tab=escape_html(f"{shout}: {title}" if shout else title),
        style=STYLE + resource("page.css"),
        skip=escape_html(heading("Skip to the report")),
        title=escape_html(title),
        lead="".join(f"<p>{escape_html(line)}</p>" for line in lead),
        nav=_nav(kept) if len(kept) > 1 else "",
        body=body,
    )


def _nav(sections: Sequence[Section]) -> str:
    """Return links to the sections."""
    links = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name, _ in sections)
    return f'<nav aria-label="{escape_html(heading("Sections"))}"><ul>{links}</ul></nav>'
