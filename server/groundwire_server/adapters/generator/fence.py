"""Taking a draft out of the code fence that models put around JSON when nothing holds them to it."""

import re

_OPENING = re.compile(r"\s*```[A-Za-z]*[ \t]*\r?\n")
_MAYBE_OPENING = re.compile(r"\s*(`{1,3}|```[A-Za-z]*[ \t]*\r?)?")
_TRAILING = re.compile(r"[\s`]+\Z")


class Unfenced:
    """Passes text on as it comes, without a fence around the whole of it."""

    def __init__(self) -> None:
        self._opening: str | None = ""
        self._fenced = False
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next text; return what may leave."""
        if self._opening is not None:
            self._opening += text
            if _MAYBE_OPENING.fullmatch(self._opening):
                return ""
            opening = _OPENING.match(self._opening)
            text = self._opening[opening.end() :] if opening else self._opening
            self._opening, self._fenced = None, opening is not None
        if not self._fenced:
            return text
        # Whatever may belong to the closing fence waits until something follows it.
        text = self._held + text
        trailing = _TRAILING.search(text)
        cut = trailing.start() if trailing else len(text)
        self._held = text[cut:]
        return text[:cut]
