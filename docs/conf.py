"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# pages to navigate within; the others have wide tables, which need the room of the right-hand column
LONG = ("agreement", "analyses", "api", "bad_input", "decisions", "gallery", "howto/*", "migration", "pls_or_covariance")
LONG += ("replication", "semopy_numbers", "tutorial/*", "which_estimator")

project = "csimodels"
author = "The csimodels developers"
copyright = "The csimodels developers"
release = version = installed_version("csimodels")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build"]
nb_execution_mode = "off"  # notebooks are committed with their output, and a test runs them
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
smartquotes = False  # messages are quoted as they are

# api.md names what is documented: tables of names by autosummary, the entries by autodoc; no generated pages.
autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's Parameters sections state the types
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "csimodels"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": {page: ["page-toc"] for page in LONG},
}
html_sidebars = {"index": []}
html_static_path = ["static"]
html_css_files = ["wide.css"]


def setup(app):
    """Make what the build computes, before Sphinx looks for sources: pages of models, pictures, tables, answers to bad input."""
    from agreement import setup_agreement
    from bad_input import setup_bad_input
    from gallery_pictures import setup_pictures
    from model_pages import setup_pages
    from national import setup_national
    from notebook_pages import setup_notebooks

    for make in (setup_pages, setup_pictures, setup_notebooks, setup_agreement, setup_bad_input, setup_national):
        app.connect("builder-inited", make)
