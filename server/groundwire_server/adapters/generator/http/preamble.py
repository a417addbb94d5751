"""What models write before the object that they were asked for."""

import re
from typing import Final

_MARKS: Final = re.compile(
    r"(?P<begin><(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>|\[think\]|◁think▷)"
    r"|(?P<end></(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>|\[/think\]|◁/think▷)"
    r"|(?P<object>\{(?=\s*[\"}]))",
    re.IGNORECASE,
)
_UNDECIDED: Final = 64
"""Characters at the end of a text that may yet become a mark: a tag in part, or a brace before white space."""

_PROSE: Final = 4096
"""Characters of prose after which no object is expected any more: the model is writing something else."""


class PreambleStripper:
    """Leaves out what stands before the first JSON object of a text: thoughts, prose, the opening of a code fence.

    Thoughts stand between tags such as `<think>` and `</think>`. Some chat templates write the opening tag themselves,
    so that the text begins within the thoughts.

    Attributes:
        dropped: what has been left out so far: it is billed too.
    """

    def __init__(self) -> None:
        self._held = ""
        self._searched = 0
        self._thinking = False
        self.dropped: list[str] = []

    def feed(self, text: str) -> str:
        """Take the next text and return it from the object on; from then on the text needs no stripping.

        Prose that goes on for 4096 characters is returned as it is: it will not become the object.
        """
        self._held += text
        while mark := _MARKS.search(self._held, self._searched):
            match mark.lastgroup:
                case "object" if not self._thinking:
                    self._drop(mark.start())
                    return self.rest()
                case "begin":
                    self._thinking = True
                    self._drop(mark.end())
                case "end":
                    self._thinking = False
                    self._drop(mark.end())
                case _:
                    self._searched = mark.end()
        if self._thinking:
            self._drop(max(0, len(self._held) - _UNDECIDED))
        self._searched = max(self._searched, len(self._held) - _UNDECIDED)
        return self.rest() if len(self._held) > _PROSE else ""

    def rest(self) -> str:
        """Return the prose that is held; thoughts that never ended are left out."""
        if self._thinking:
            self._drop(len(self._held))
        held, self._held = self._held, ""
        return held

    def _drop(self, end: int) -> None:
        self.dropped.append(self._held[:end])
        self._held = self._held[end:]
        self._searched = 0
