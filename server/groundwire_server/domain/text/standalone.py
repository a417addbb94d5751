"""The sentences of a text that say alone what they say in it."""

import re
from typing import Final

from groundwire_server.domain.text.sentences import SENTENCE_LIMIT, has_end, is_item, whole_sentences

_PARAGRAPH_END: Final = re.compile(r"\n[^\S\n]*\n")
_OPENING: Final = "“„«"
_CLOSING: Final = "”»"
_QUOTATION_MARKS: Final = re.compile(f'["{_OPENING}{_CLOSING}]')


def standalone_sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends that needs nothing around it, whole however long it is.

    Left out is what the text may deny, doubt or limit elsewhere: an item or paragraph under a lead-in (`You may not:`,
    `These claims are false:`), a part of a longer quotation, whose speaker may be wrong, and a sentence of which a
    border of the text has cut off the beginning or the end.
    """
    found: list[tuple[int, int]] = []
    quoted = announced = listed = False
    position = 0
    for start, end in whole_sentences(text):
        sentence = text[start:end]
        item = is_item(sentence)
        between = text[position:start]
        if _PARAGRAPH_END.search(between):
            quoted = False
        listed = announced or (listed and item)
        before, quoted = quoted, _still_quoted(sentence, quoted)
        broken = (not position and sentence[0].islower()) or (len(sentence) > SENTENCE_LIMIT and not has_end(sentence))
        if not (listed or before or quoted or broken):
            found.append((start, end))
        announced = sentence.endswith(":")
        position = end
    return found


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
