"""Versioned prompts."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.ask import Ask
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Prompt


class Prompts(Protocol):
    """Renders prompts by name and version."""

    def render(self, name: str, version: str, ask: Ask, passages: Sequence[Passage]) -> Prompt:
        """Render the prompt for a question over passages; an empty `version` takes the newest.

        Names and versions were checked when the configuration was read, so this does not fail.
        """
        ...
