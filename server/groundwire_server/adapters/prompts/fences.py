"""Whether text of others stands within fences, told from a template without rendering it.

A template is read as the row of what it puts out. Branches and loops must leave fences as they found them, so one
reading of each holds for all that they can put out.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Final

from groundwire_server.adapters.prompts.shapes import Shape, Whose
from groundwire_server.domain.fencing.markers import fences

MARK: Final = "\ue000"
_OURS: Final = "\ue001"
_THEIRS: Final = "\ue002"
_EITHER: Final = "\ue003"
SIGNS: Final = MARK + _OURS + _THEIRS + _EITHER
"""What stands for values in what is read; a template may not have these characters."""

_SIGN: Final = {Whose.OURS: _OURS, Whose.THEIRS: _THEIRS, Whose.EITHER: _EITHER}
_USUAL_TAGS: Final = {
    "question": "question",
    "passage.title": "title",
    "passage.text": "passage",
    "turn.text": "turn",
    "draft": "draft",
    "sentence": "draft",
    "departure.said": "draft",
    "departure.passage": "given",
    "rests_on.text": "passage",
    "segment": "given",
}
_OF_OTHERS: Final = frozenset({_THEIRS, _EITHER})
_MOST_OPEN: Final = 16
"""Fences within each other: the trial of a template looks at what it renders once for each."""
_TAG: Final = re.compile(rf"<(/?)([a-z][a-z0-9_-]*)-{MARK}([^<>]*)>")
_TAG_BEGUN: Final = re.compile(rf"</?[a-z][a-z0-9_-]*-{MARK}")
_BEFORE_MARK: Final = frozenset(" \t\n>\"'`*(:=")
"""What may stand directly before a mark outside of a tag: with another sign they could be a tag."""
_BEFORE: Final = frozenset(" \t\n>\"'(.,;!?")
_AFTER: Final = frozenset(" \t\n<\"').,;!?")
"""What may stand directly before and after a text of others: with another sign they could make a marker together."""

Report = Callable[[int, str], None]
"""Takes the line and the message of an error."""


@dataclass(frozen=True, slots=True)
class FenceState:
    """Where a row of output has come to.

    Attributes:
        tags: the fences that are open, the outermost first.
        ends: the characters, or signs with the names of their variables, that may stand last.
    """

    tags: tuple[str, ...] = ()
    ends: frozenset[tuple[str, str]] = frozenset({("\n", "")})

    def joined(self, other: "FenceState") -> "FenceState":
        """Return the state after either of two branches, which have the same fences."""
        return replace(self, ends=self.ends | other.ends)


class OutputRow:
    """A row of output without a branch.

    Args:
        report: takes errors.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._text = ""
        self._lines: list[tuple[int, int]] = []
        self._values: dict[int, tuple[Shape, int]] = {}
        self.bare: set[str] = set()

    def put(self, text: str, line: int) -> None:
        """Add text of the template."""
        self._lines.append((len(self._text), line))
        self._text += text

    def value(self, shape: Shape, line: int) -> None:
        """Add the value of a variable."""
        self._values[len(self._text)] = shape, line
        self._text += MARK if shape.name == "mark" else _SIGN[shape.whose]

    def read(self, state: FenceState) -> FenceState:
        """Return the state after this row, and begin another; report what stands outside its fence."""
        text, tags = self._text, list(state.tags)
        at = 0
        for found in _TAG.finditer(text):
            self._plain(at, found.start(), tags, state)
            at = found.end()
            for place, sign in enumerate(found[3], found.start(3)):
                if sign in _OF_OTHERS:
                    shape, line = self._values[place]
                    self._report(line, f"`{shape.name}` stands in a tag: put it between tags")
            if not found[1]:
                if not fences(found[2]):
                    self._report(
                        self._line(found.start()),
                        f"texts of others may hold a tag <{found[2]}…>: name it <passage-…>, <title-…>, <turn-…>, "
                        "<question-…>, <draft-…>, <given-…> or <context-…>, or with a word before: <notes-context-…>",
                    )
                tags.append(found[2])
                if len(tags) == _MOST_OPEN + 1:
                    self._report(self._line(found.start()), f"more than {_MOST_OPEN} fences within each other")
            elif tags and tags[-1] == found[2]:
                tags.pop()
            else:
                opened = f"<{tags[-1]}-…> is open" if tags else "no fence is open"
                self._report(self._line(found.start()), f"</{found[2]}-…> closes what is not open: {opened}")
        self._plain(at, len(text), tags, state)
        self._beside(state)
        after = FenceState(tuple(tags), frozenset({self._at(len(text) - 1)}) if text else state.ends)
        self._text, self._lines, self._values = "", [], {}
        return after

    def _plain(self, start: int, end: int, tags: list[str], state: FenceState) -> None:
        """Look at what stands between two tags."""
        if begun := _TAG_BEGUN.search(self._text, start, end):
            self._report(
                self._line(begun.start()), "a tag of a fence is cut off: write it from `<` to `>`, without a branch"
            )
        for place in range(start, end):
            if place not in self._values:
                continue
            shape, line = self._values[place]
            if shape.name == "mark":
                before = {self._at(place - 1)} if place else state.ends
                if not all(each in _BEFORE_MARK for each, _ in before):
                    self._report(
                        line,
                        "`mark` stands in what may become a tag: write a tag in small letters, in one piece and without"
                        " other variables, such as <context-{{ mark }}>; elsewhere put a space before it",
                    )
            if tags or shape.whose is Whose.OURS:
                continue
            if shape.whose is Whose.THEIRS:
                tag = _USUAL_TAGS.get(shape.name, "context")
                self._report(
                    line,
                    f"`{shape.name}` is text of others and stands outside a fence: put it between "
                    f"<{tag}-{{{{ mark }}}}> and </{tag}-{{{{ mark }}}}>",
                )
            else:
                self.bare.add(shape.name.partition(".")[0])

    def _beside(self, state: FenceState) -> None:
        """Look at what stands directly beside texts of others."""
        for place in range(len(self._text)):
            sign, name = self._at(place)
            before = {self._at(place - 1)} if place else state.ends
            if sign in _OF_OTHERS and not all(each in _BEFORE for each, _ in before):
                self._touched(sign, name, place)
            for each, other in before:
                if each in _OF_OTHERS and sign not in _AFTER:
                    self._touched(each, other, place)

    def _touched(self, sign: str, name: str, place: int) -> None:
        if sign == _EITHER:
            self.bare.add(name)
        else:
            self._report(
                self._line(place),
                f"`{name}` is text of others and stands directly beside something else, and both together could be "
                "taken for a marker: put a space, a line end or a tag between them",
            )

    def _at(self, place: int) -> tuple[str, str]:
        """Return the character at a place; for a value its sign, with the name of its variable."""
        if place not in self._values:
            return self._text[place], ""
        shape = self._values[place][0]
        return self._text[place], shape.name if shape.whose is Whose.THEIRS else shape.name.partition(".")[0]

    def _line(self, place: int) -> int:
        """Return the line of a place."""
        if place in self._values:
            return self._values[place][1]
        after = bisect_right(self._lines, place, key=itemgetter(0))
        start, line = self._lines[after - 1] if after else (0, 1)
        return line + self._text.count("\n", start, place)
