"""Sentence boundaries."""

import re
import unicodedata
from collections.abc import Iterator

from groundwire_server.domain.text.stop_words import STOP_WORDS

SENTENCE_LIMIT = 500
"""The longest sentence in code points; a longer one is cut at a comma, at white space, or at the limit."""

_SHORT_LINE = 40
_CODE_LINE = 200

_RULE = re.compile(r"[=\-*~#^_+|.:`'\"\s]{3,}")
_ITEM = re.compile(r"(?:[-*+•‣◦▪–—]|\(?\d{1,2}[.)]|\(?[A-Za-z]\)|\(?[ivx]{1,4}\))\s")
_HEADING = re.compile(r"#{1,6}\s")
_ROW = re.compile(r"\|.*\|$")
_FENCE = re.compile(r"(```+|~~~+)[^`]*$")
_CODE = re.compile(
    r">>>|\.\.\.(?:\s|$)|\$\s|//|@\w|[{}\[\]()]+[;,]?$"
    r"|(?:async )?def \w+\(|class \w+[(:]|from [\w.]+ import |import [\w.]+(?: as \w+)?$"
    r"|(?:function|const|let|var) \w+ ?[=(]|.*[{}]$|.*=.*;$|[\w.]+\(.*\);$|.*::="
    r"|[\w.]+(?:\[[^\]]*\])? ?[-+*/|&]?= ?\S"
)
"""How a line begins, or looks as a whole, that is surely code. Keywords alone are English words too."""

_MAY_BE_CODE = re.compile(r"[=;{}\[\]()@$]|//|>>>|\.\.\.|class |import ")
"""Nearly all prose is without, and told from code by this at a fraction of the cost."""

_END = re.compile(
    r"[.!?…؟۔।॥。！？｡]"
    r"(?:(?<=[。！？｡])[。！？｡]*[\"'”’」』）】]*|(?<![.!?…؟۔।॥]{2})(?<=[.!?…؟۔।॥])[.!?…؟۔।॥]*+[\"'”’»)\]]*+(?=\s))"
)
"""It begins with one set of characters, so that what lies between two ends is skipped fast."""

_ENDED = re.compile(r"[.!?…؟۔।॥。！？｡][^\w\s]*$")

_SOFT_CUT = re.compile(r"[,;:،、，]\s*")
_SPACE = re.compile(r"\s+")
_BEFORE_POINT = re.compile(r"[^\s(\[\"'“‘]*$")

_ABBREVIATIONS = (
    "dr mr mrs ms mx prof st sr gen col sgt capt cpt lt maj adm rev hon gov sen rep pres mt ft vs v cf ca approx e.g"
    " i.e eg ie viz resp incl esp fig figs eq eqs sec ch vol pp ed eds trans est dept univ jan feb mar apr jun jul aug"
    " sep sept oct nov dec"
)
_NEVER_LAST = frozenset(_ABBREVIATIONS.split())
"""Abbreviations that a name, a figure or an explanation follows."""

_NUMBERED = frozenset(("no", "nos", "p", "art", "para", "line", "page"))
"""Abbreviations only where a number follows."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends, in code points, without the white space around it.

    A blank line, a list item, a heading, a row of a table and a change between prose and code end a sentence as a full
    stop does; a line break within a paragraph does not. What stands between two fences is code. Lines of nothing but
    rules are left out. None is over SENTENCE_LIMIT.
    """
    spans: list[tuple[int, int]] = []
    for start, end in whole_sentences(text):
        _bound(text, start, end, spans)
    return spans


def whole_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the same for sentences of any length: none is cut."""
    for start, end, prose in _stretches(text):
        if prose:
            yield from _cut_prose(text, start, end)
        else:
            yield start, end


def has_end(sentence: str) -> bool:
    """Return whether a sentence ends with a mark for it."""
    return _ENDED.search(sentence) is not None


def is_item(sentence: str) -> bool:
    """Return whether a sentence is an item of a list, by its marker."""
    return _ITEM.match(sentence) is not None


def _stretches(text: str) -> list[tuple[int, int, bool]]:
    """Cut a text into paragraphs, items, headings, rows and runs of code: start, end, and whether it is prose."""
    if "```" not in text and "~~~" not in text:
        return _unfenced(text, 0, len(text))
    found: list[tuple[int, int, bool]] = []
    position = 0
    for start, end, inner_start, inner_end in _fenced(text):
        found += _unfenced(text, position, start)
        code = text[inner_start:inner_end]
        if code.strip():
            found.append((inner_start + len(code) - len(code.lstrip()), inner_start + len(code.rstrip()), False))
        position = end
    return found + _unfenced(text, position, len(text))


def _fenced(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where code between fences starts and ends, with its fences and without; a fence may miss its other one."""
    opened: tuple[int, int, str] | None = None
    position = 0
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.strip())
        begin, position = position, position + len(line)
        if match is None:
            continue
        if opened is None:
            opened = begin, position, match[1]
        elif match[0].strip() == match[1] and match[1].startswith(opened[2]):
            yield opened[0], position, opened[1], begin
            opened = None


def _unfenced(text: str, first: int, last: int) -> list[tuple[int, int, bool]]:
    found: list[tuple[int, int, bool]] = []
    start = end = -1
    before = ""
    code = closed = False
    position = first
    for line in text[first:last].splitlines(keepends=True):
        body = line.strip()
        begin = position + len(line) - len(line.lstrip())
        position += len(line)
        if not body or _RULE.fullmatch(body):
            if start >= 0:
                found.append((start, end, not code))
            start, closed = -1, False
            continue
        heading = _HEADING.match(body) is not None
        row = body[0] == "|" and _ROW.match(body) is not None
        alone = heading or row
        is_code = row or (
            not heading
            and len(body) <= _CODE_LINE
            and _MAY_BE_CODE.search(body) is not None
            and _CODE.match(body) is not None
        )
        if start >= 0 and (
            closed
            or alone
            or is_code is not code
            or _ITEM.match(body)
            or (not is_code and body[0].isupper() and _stands_alone(before))
        ):
            found.append((start, end, not code))
            start = -1
        if start < 0:
            start, code = begin, is_code
        end, before = begin + len(body), body
        closed = alone
    if start >= 0:
        found.append((start, end, not code))
    return found


def _stands_alone(line: str) -> bool:
    """Whether a line before a capital is a title or an entry, not prose that was wrapped."""
    return len(line) < _SHORT_LINE and line[-1] not in ",-–—" and line.rpartition(" ")[2].casefold() not in STOP_WORDS


def _cut_prose(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends(text, begin, match):
            yield begin, match.end()
            space = _SPACE.match(text, match.end(), end)
            begin = space.end() if space else match.end()
    if begin < end:
        yield begin, end


def _ends(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether what looks like the end of a sentence is one."""
    space = _SPACE.match(text, match.end())
    following = text[space.end() : space.end() + 1] if space else ""
    if following.islower():
        return False
    if not match.group().startswith(".") or match.group().startswith(".."):
        return True
    before = _BEFORE_POINT.search(text, max(begin, match.start() - 12), match.start())
    word = before.group() if before else ""
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False
    if len(word) >= 3 and word[-2] == "." and word[-1].isupper():
        return False
    if word.isdigit() and match.start() - len(word) == begin:
        return False
    folded = word.casefold()
    return folded not in _NEVER_LAST and not (folded in _NUMBERED and following.isdigit())


def _bound(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    """Add a stretch as one span, or as several when it is too long for one."""
    while end - start > SENTENCE_LIMIT:
        limit = start + SENTENCE_LIMIT
        half = start + SENTENCE_LIMIT // 2
        cut = 0
        for pattern in (_SOFT_CUT, _SPACE):
            for match in pattern.finditer(text, half, limit):
                cut = match.end()
            if cut:
                break
        if not cut:
            cut = limit
            while cut > half and (unicodedata.combining(text[cut]) or "\u200d" in text[cut - 1 : cut + 1]):
                cut -= 1
        spans.append((start, start + len(text[start:cut].rstrip())))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        spans.append((start, end))
