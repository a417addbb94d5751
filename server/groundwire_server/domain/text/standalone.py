"""The sentences of a text that say alone what they say in it, and those that say it under another."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.text.sentences import SENTENCE_LIMIT, has_end, is_item, whole_sentences

_PARAGRAPH_END: Final = re.compile(r"\n[^\S\n]*\n")
_OPENING: Final = "“„«"
_CLOSING: Final = "”»"
_QUOTATION_MARKS: Final = re.compile(f'["{_OPENING}{_CLOSING}]')


@dataclass(frozen=True, slots=True)
class Framed:
    """A sentence, whole however long it is, with what the text says around it.

    Attributes:
        start: its first code point.
        end: the code point after its last.
        under: the number of the lead-in that it is an item or a paragraph under (`You may not:`); None for none.
        whole: whether it needs nothing else. A part of a longer quotation does, whose speaker may be wrong, and a
            sentence of which a border of the text has cut off the beginning or the end.
    """

    start: int
    end: int
    under: int | None
    whole: bool

    @property
    def alone(self) -> bool:
        """Whether it says alone what it says in the text."""
        return self.whole and self.under is None


@dataclass(slots=True)
class _Lead:
    """A lead-in while its text is read.

    Attributes:
        number: of the sentence.
        depth: how deep at least that is indented which it announces; that of an item is deeper than the item.
        followed: whether something as deep has come. Before that, items beside it may be what it announces.
    """

    number: int
    depth: int
    followed: bool = False


def standalone_sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends that needs nothing around it.

    Left out is what the text may deny, doubt or limit elsewhere: `Framed` says what that is.
    """
    return [(each.start, each.end) for each in framed_sentences(text) if each.alone]


def framed_sentences(text: str) -> Iterator[Framed]:
    """Yield the sentences of a text, in order."""
    quoted = False
    leads: list[_Lead] = []
    announced = False
    position = 0
    for number, (start, end) in enumerate(whole_sentences(text)):
        sentence = text[start:end]
        between = text[position:start]
        if _PARAGRAPH_END.search(between):
            quoted = False
        item, depth = is_item(sentence), _indentation(text, start)
        if not announced and not item:
            leads = []
        while leads and item and leads[-1].followed and depth < leads[-1].depth:
            leads.pop()
        if leads and depth >= leads[-1].depth:
            leads[-1].followed = True
        before, quoted = quoted, _still_quoted(sentence, quoted)
        cut_off = not between.strip() and not position and sentence[0].islower()
        # Code and rows have no end mark; only the last sentence may go on behind the text.
        broken = cut_off or (len(sentence) > SENTENCE_LIMIT and not has_end(sentence) and not text[end:].strip())
        yield Framed(start, end, leads[-1].number if leads else None, whole=not (before or quoted or broken))
        announced = sentence.endswith(":")
        if announced:
            leads.append(_Lead(number, depth + item))
        position = end


def _indentation(text: str, start: int) -> int:
    """Return how deep the line is indented in which a sentence starts."""
    line = text[text.rfind("\n", 0, start) + 1 : start + 1]
    return len(line) - len(line.lstrip())


def _still_quoted(sentence: str, quoted: bool) -> bool:
    """Return whether a quotation is open after a sentence."""
    for character in _QUOTATION_MARKS.findall(sentence):
        if character == '"':
            quoted = not quoted
        elif character in _OPENING:
            quoted = True
        elif character in _CLOSING:
            quoted = False
    return quoted
