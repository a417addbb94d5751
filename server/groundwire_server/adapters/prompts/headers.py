"""The front matter of versions, each read once."""

from typing import Final

from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError, split
from groundwire_server.domain.prompts.registry import PromptHeader, PromptVersion

_MOST: Final = 10_000
"""Headers that are kept: more than there are versions."""


class PromptHeaders:
    """Reads the front matter of versions, from any thread."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str], PromptHeader] = {}

    def of(self, version: PromptVersion) -> PromptHeader:
        """Return what a version says of itself; nothing where its front matter cannot be used."""
        key = version.name, version.version, version.text
        found = self._read.get(key)
        if found is None:
            while len(self._read) >= _MOST:
                self._read.pop(next(iter(self._read)), None)
            found = self._read[key] = _header(version.text)
        return found


def _header(text: str) -> PromptHeader:
    try:
        header = split(text).header
    except UnusableTemplateError:
        return PromptHeader()
    return PromptHeader(header.description, header.owner)
