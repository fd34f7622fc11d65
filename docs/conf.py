"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "csimodels"
author = "The csimodels developers"
copyright = "The csimodels developers"
release = version = installed_version("csimodels")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

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
    "secondary_sidebar_items": {
        page: ["page-toc"]
        for page in (
            "analyses",
            "api",
            "decisions",
            "gallery",
            "index",
            "migration",
            "pls_or_covariance",
            "semopy_numbers",
            "which_estimator",
        )
    },
}
html_sidebars = {"*": []}  # pages at the top have no section to navigate
html_static_path = ["static"]
html_css_files = ["wide.css"]


def setup(app):
    """Make the pages of the models from their files, and the pictures of the gallery, before Sphinx looks for sources."""
    from gallery_pictures import setup_pictures
    from model_pages import setup_pages

    app.connect("builder-inited", setup_pages)
    app.connect("builder-inited", setup_pictures)
