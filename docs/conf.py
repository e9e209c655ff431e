"""How is the documentation built? `make docs` runs Sphinx with this."""

project = "collapse_metrics"
author = "The collapse_metrics developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_mock_imports: list[str] = []
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "myst.header"]
