"""The prompts that come with the server, as a starting point for others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from groundwire_server.domain.prompts.registry import PromptOrigin, PromptVersion

_FOLDER: Final = Path(__file__).parent / "templates"


def built_in_versions() -> Sequence[PromptVersion]:
    """Return the versions that come with the server."""
    return [
        PromptVersion(file.parent.name, file.stem, file.read_text("utf-8"), PromptOrigin.BUILT_IN)
        for file in sorted(_FOLDER.glob("*/*.jinja"))
    ]
