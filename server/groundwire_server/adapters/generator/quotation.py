"""Which parts of a passage are quoted together, and how they are written."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from groundwire_server.adapters.generator.layout import Layout, Part, PartKind, asks, ends_as_sentence, leads_in
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words
from groundwire_server.markup.blocks import Block, BlockKind

FITS: Final = 800
"""Code points of a list, a table or the opening of a section that is quoted whole: a passage's length."""

_OPENING: Final = 80
"""Code points of text under a heading that are enough; a list, a table or code is enough in any case."""

_POINTING: Final = re.compile(r"\W*(?:it|its|this|these|they|their|that|those|he|she|his|her|such)\b", re.IGNORECASE)
"""Where a sentence begins with what the one before it has named."""

_MOST_BEFORE: Final = 2

_NAME: Final = re.compile(r"^\W*-|--\w|\w_\w|\w\(\)|`|\d\.\d")
"""In a heading: an option, a setting, a function, a version."""

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")


def may_answer(text: str, asked: frozenset[str]) -> bool:
    """Whether a sentence can be an answer: no question, no heading that repeats the question, and words in it."""
    if asks(text) or not all(content_words(text[start:end]) for start, end in sentences(text)):
        return False
    words = content_words(text)
    return bool(words) and (ends_as_sentence(text) or not words <= asked)


def quoted_with(index: int, layout: Layout, asked: frozenset[str], distinct: frozenset[int]) -> Sequence[int]:
    """Return the parts that are quoted where one of them is closest to the question; none where nothing can be.

    A heading leads to what stands under it, a lead-in to what follows, code comes with the sentence before it, an item
    or a row with its lead-in and, where they fit, with all others.

    Args:
        index: of the part that is closest.
        layout: has it.
        asked: the content words of the question.
        distinct: the items and rows that hold more of the question than the others of their block.
    """
    chosen = _chosen_with(index, layout, asked, distinct)
    if chosen and (named := _entry_of(index, chosen, layout)) is not None:
        chosen = [named, *chosen]
    if chosen and leads_in(layout.parts[chosen[-1]].text):
        # An item may end in a colon, too.
        _, following = next(layout.following(layout.parts[chosen[-1]]), (None, ()))
        if following and not layout.parts[following[0]].alone:
            return [*chosen, *_fitting(following, layout, FITS)]
    return chosen


def _chosen_with(index: int, layout: Layout, asked: frozenset[str], distinct: frozenset[int]) -> Sequence[int]:
    part = layout.parts[index]
    match part.kind:
        case PartKind.HEADING:
            return _opening(part, layout)
        case PartKind.LEAD:
            return _announced(index, layout)
        case PartKind.CODE:
            before = layout.last_before(part)
            return [before, index] if before is not None and _leads(before, layout) else [index]
        case PartKind.ITEM | PartKind.ROW:
            return [*_lead_of(part, layout), *_of_list(index, layout, distinct)]
        case PartKind.SENTENCE:
            return [*_spoken_of(index, layout), *_code_after(index, layout)] if may_answer(part.text, asked) else []


def written(parts: Iterable[Part], layout: Layout, text: str) -> str:
    """Return parts of one passage as they are quoted.

    Args:
        parts: in the order of the text.
        layout: has them.
        text: of the passage.
    """
    found: list[str] = []
    for number, group in groupby(parts, key=lambda part: part.block):
        own = list(group)
        block = layout.blocks[own[0].handle][number]
        found.append(_written_block(own, block, len(layout.siblings(own[0])), text))
    return "\n\n".join(found)


def continues(before: Part, part: Part) -> bool:
    """Return whether two parts that follow each other make one text: those of a list, and whole sentences."""
    if before.block != part.block:
        return False
    return before.kind is not PartKind.SENTENCE or ends_as_sentence(before.text)


def _written_block(parts: Sequence[Part], block: Block, count: int, text: str) -> str:
    match parts[0].kind:
        case PartKind.ROW:
            return "\n".join(f"- {part.text}" for part in parts)
        case PartKind.ITEM if len(parts) == count:
            return _lines(text[block.start : block.end])
        case PartKind.ITEM:
            return "\n".join(_lines(text[part.stretch.start : part.stretch.end]) for part in parts)
        case PartKind.CODE:
            return _code(text[block.start : block.end])
        case _:
            # On one line, the two would be another sentence than they are in the passage.
            return "".join(part.text + ("\n" if part.alone else " ") for part in parts).rstrip()


def _lines(text: str) -> str:
    """Return lines without the indentation that all have, and the space at their ends."""
    return "\n".join(line.rstrip() for line in textwrap.dedent(text.replace("\f", "")).splitlines())


def _code(text: str) -> str:
    """Return a block of code between fences, as it stands where it has them."""
    text = _lines(text)
    fence = _FENCE.match(text)
    if fence is None:
        return f"```\n{text}\n```"
    closed = "\n" in text and text.rpartition("\n")[2].strip().startswith(fence[1])
    return text if closed else f"{text}\n{fence[1]}"


def _opening(heading: Part, layout: Layout) -> Sequence[int]:
    """Return the parts of the first blocks under a heading, up to the next one."""
    chosen: list[int] = []
    size = 0
    for block, indexes in layout.following(heading):
        if layout.parts[indexes[0]].kind is PartKind.HEADING:
            if chosen or block.level <= layout.block(heading).level:
                break
            continue
        last = layout.parts[chosen[-1]].kind if chosen else None
        open_ended = last is PartKind.LEAD
        if not open_ended and (size >= _OPENING or last in (PartKind.ITEM, PartKind.ROW, PartKind.CODE)):
            break
        # "Yes." says nothing without the question, which is not quoted.
        saying = [index for index in indexes if content_words(layout.parts[index].text)]
        fitting = _fitting(saying, layout, FITS - size)
        if chosen and len(fitting) < len(saying) and not open_ended:
            break
        chosen += fitting
        size += sum(len(layout.parts[index].text) for index in fitting)
    return _without_open_end(chosen, layout)


def _announced(index: int, layout: Layout) -> Sequence[int]:
    """Return a lead-in with what follows it; nothing where nothing does."""
    part = layout.parts[index]
    siblings = layout.siblings(part)
    after = siblings[siblings.index(index) + 1 :]
    if after:
        return _without_open_end([index, after[0]], layout)
    _, following = next(layout.following(part), (None, ()))
    return _without_open_end([index, *_fitting(following, layout, FITS)], layout) if following else []


def _without_open_end(chosen: Sequence[int], layout: Layout) -> Sequence[int]:
    """Return parts up to the last that does not announce something else."""
    end = len(chosen)
    while end and layout.parts[chosen[end - 1]].alone:
        end -= 1
    return chosen[:end]


def _fitting(indexes: Sequence[int], layout: Layout, room: int) -> Sequence[int]:
    """Return as many parts of a block as fit, from its beginning; at least the first."""
    size = 0
    for count, index in enumerate(indexes):
        size += len(layout.parts[index].text)
        if count and size > room:
            return indexes[:count]
    return indexes


def _lead_of(part: Part, layout: Layout) -> Iterator[int]:
    before = layout.last_before(part)
    if before is not None and layout.parts[before].kind is PartKind.LEAD:
        yield before


def _entry_of(index: int, chosen: Sequence[int], layout: Layout) -> int | None:
    """Return the heading that an entry begins with: the name of an option, a function, a setting or a version.

    Args:
        index: of the part that is closest.
        chosen: what is quoted for it.
        layout: has the parts.
    """
    closest = layout.parts[index].kind is PartKind.HEADING
    heading = index if closest else layout.last_before(layout.parts[chosen[0]])
    if heading is None or layout.parts[heading].kind is not PartKind.HEADING:
        return None
    return heading if _NAME.search(layout.block(layout.parts[heading]).title) else None


def _spoken_of(index: int, layout: Layout) -> Sequence[int]:
    """Return a sentence with those before it that say what its first word stands for."""
    first = index
    siblings = layout.siblings(layout.parts[index])
    while index - first < _MOST_BEFORE and _POINTING.match(layout.parts[first].text) and first - 1 in siblings:
        if layout.parts[first - 1].kind is not PartKind.SENTENCE or asks(layout.parts[first - 1].text):
            break
        first -= 1
    return range(first, index + 1)


def _of_list(index: int, layout: Layout, distinct: frozenset[int]) -> Sequence[int]:
    """Return the items or rows that are quoted for one of them: all where they fit and it does not stand out."""
    part = layout.parts[index]
    siblings = layout.siblings(part)
    whole = sum(len(layout.parts[each].text) for each in siblings) <= FITS
    if whole and (part.kind is PartKind.ITEM or index not in distinct):
        return siblings
    return [index]


def _code_after(index: int, layout: Layout) -> Sequence[int]:
    """Return the code that follows the last part of a block."""
    part = layout.parts[index]
    if index != layout.siblings(part)[-1]:
        return ()
    _, following = next(layout.following(part), (None, ()))
    return following if following and layout.parts[following[0]].kind is PartKind.CODE else ()


def _leads(index: int, layout: Layout) -> bool:
    """Return whether a part can stand before the code that follows it."""
    part = layout.parts[index]
    if part.kind is PartKind.ITEM:
        return part.text.endswith((":", "："))
    return part.kind in (PartKind.SENTENCE, PartKind.LEAD) and layout.block(part).kind is not BlockKind.QUOTE
