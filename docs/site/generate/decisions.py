"""The list of decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

from docs.site.generate import markdown

FOLDER = Path(__file__).resolve().parents[2] / "decisions"


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Decisions",
        "Each record says what was decided, why, what it costs, and when to reconsider. A decision that no longer "
        "holds keeps its record, which then names the one that replaced it.",
        markdown.table(["", "decision"], _rows()),
    )


def _rows() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        title = re.match(r"# (.+)\n", path.read_text(encoding="utf-8"))
        if title is None:
            raise ValueError(f"docs/decisions/{path.name} must begin with its title: # …")
        yield path.name[:4], f"[{title[1]}]({path.name})"
