"""What do the docs say, and which script says so? One study a table or figure."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "studies"
"""Where studies of a source checkout write their pages."""
