"""Text cut into sentences, words and estimated tokens, in any script, without a dependency."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

SENTENCE_LIMIT = 500
"""The longest sentence in code points; a longer one is cut at a comma, at white space, or at the limit."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes to a token: what the common English vocabularies come to. It counts other scripts a little high."""

_SHORT_LINE = 40
_SHORT_TEXT = 1000
_CODE_LINE = 200

_RULE = re.compile(r"[=\-*~#^_+|.:`'\"\s]{3,}")
_ITEM = re.compile(r"(?:[-*+•‣◦▪–—]|\(?\d{1,2}[.)]|\(?[A-Za-z]\)|\(?[ivx]{1,4}\))\s")
_HEADING = re.compile(r"#{1,6}\s")
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

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u096f"
    "\u0971-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18\u0f19\u0f35\u0f37\u0f39"
    "\u0f71-\u0f84\u0f86-\u0f97\u0f99-\u0fbc\u102b-\u103e\u1056-\u1059\u135d-\u135f\u1712-\u1715\u17b4-\u17d3\u180b-\u180d"
    "\u1920-\u193b\u1b00-\u1b04\u1b34-\u1b44\u1dc0-\u1dff\u200c\u200d\u20d0-\u20f0\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Combining marks, which belong to the letter before them and which `\\w` leaves out."""

_MARKS_IN_A_ROW = 30
_CROWD = re.compile(rf"[^\x00-\u02ff\w\s]{{{_MARKS_IN_A_ROW + 1},}}")
"""Where there may be more marks in a row: a superset that is found fast."""

_WORD = re.compile(rf"[\w{_MARKS}]+")
_ASCII_SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What parts words; finding them so takes a third of the time."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
"""Scripts written without spaces between words."""

_FUNCTION_WORDS = (
    "a about above across after again against all almost along already also although always am among an and"
    " another any are aren around as at away be because been before being below between both but by can cannot"
    " could couldn d did didn do does doesn doing don done down during each either else ever every few for from"
    " further get gets give given had hadn has hasn have haven having he her here hers herself him himself his"
    " how however i if in into is isn it its itself just let ll m many may me might more most much must my myself"
    " neither no nor not now of off often on once one only onto or other others our ours ourselves out over own"
    " per rather re s same shall she should shouldn since so some such t than that the their theirs them"
    " themselves then there these they this those though through thus to too toward towards under until up upon"
    " us ve very via was wasn we were weren what whatever when whenever where whether which while who whom whose"
    " why will with within without won would wouldn yes yet you your yours yourself yourselves"
)
_STOP_WORDS = frozenset(_FUNCTION_WORDS.split())


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends, in code points, without the white space around it.

    A blank line, a list item, a heading and a change between prose and code end a sentence as a full stop does; a
    line break within a paragraph does not. Lines of nothing but rules are left out. None is over SENTENCE_LIMIT.
    """
    spans: list[tuple[int, int]] = []
    for start, end, prose in _stretches(text):
        if prose:
            _cut_prose(text, start, end, spans)
        else:
            _bound(text, start, end, spans)
    return spans


def words(text: str) -> list[str]:
    """Return the runs of letters, marks and digits, case folded and in NFC."""
    return _words(_fold(text))


def nfc(text: str) -> str:
    """Return the text in NFC, in time in proportion to its length; of marks in a row those after the 30th are left out.

    No script needs as many (Unicode Standard Annex 15, stream-safe text), and putting them in order takes time that
    grows with the square of their number.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _CROWD.sub(lambda crowd: _thinned(crowd.group()), text))


def content_words(text: str) -> frozenset[str]:
    """Return what the text is about: its words without English function words, each cut to a stem.

    Stems are for comparing with each other only: singular and plural, and regular verb forms, share one. Chinese and
    Japanese count in pairs of characters.
    """
    found: set[str] = set()
    for word in set(words(text)) - _STOP_WORDS:
        found.update(_stems(word))
    return frozenset(found)


def content_terms(text: str, stems: dict[str, Sequence[str]] | None = None) -> list[str]:
    """Return the content words as often as they occur, in their order: what an index counts.

    Args:
        text: any.
        stems: is filled with each word's stems, to be given again with texts that share words.
    """
    stems = {} if stems is None else stems
    found: list[str] = []
    for word in words(text):
        if word not in stems:
            stems[word] = () if word in _STOP_WORDS else _stems(word)
        found += stems[word]
    return found


def occurring(wanted: frozenset[str], text: str) -> frozenset[str]:
    """Return which of some content words are among the text's: `wanted & content_words(text)`, many times faster.

    A single Chinese or Japanese character counts wherever it stands.
    """
    folded = _fold(text)
    if len(folded) <= _SHORT_TEXT:
        return frozenset(word for word in wanted if _occurs(word, folded))
    # Looking each stem up costs stems times length, and worse where words run together; this costs the length once.
    return ContentWords(text).occurring(wanted)


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a model sees: a token to four bytes of UTF-8, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


class ContentWords:
    """The content words of a text that is looked into more than once."""

    def __init__(self, text: str) -> None:
        folded = _fold(text)
        found = set(_words(folded)) - _STOP_WORDS
        if folded.isascii():
            self._stems = frozenset(map(_stem, found))
        else:
            # A single character of an unspaced script counts, too.
            self._stems = frozenset(chain.from_iterable(map(_stems, found))).union(*_UNSPACED.findall(folded))

    def occurring(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return which of some content words are among them, as `occurring` does."""
        return wanted & self._stems


def _thinned(crowd: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in crowd:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def _stems(word: str) -> Sequence[str]:
    runs = () if word.isascii() else _UNSPACED.findall(word)
    if not runs:
        return (_stem(word),)
    return [
        pair for run in runs for pair in ([run] if len(run) == 1 else (run[i : i + 2] for i in range(len(run) - 1)))
    ]


def _words(folded: str) -> list[str]:
    return folded.translate(_ASCII_SPACES).split() if folded.isascii() else _WORD.findall(folded)


def _fold(text: str) -> str:
    return nfc(text.casefold().replace("_", " "))


def _occurs(stem: str, folded: str) -> bool:
    if _UNSPACED.match(stem):
        return stem in folded
    # Every form of a word begins with its stem, but for a `y` that became an `i`, or an `i` that became a `y`.
    beginning = stem[:-1] if stem.endswith(("i", "y")) else stem
    start = folded.find(beginning)
    while start >= 0:
        if not start or not _WORD.fullmatch(folded, start - 1, start):
            word = _WORD.match(folded, start)
            if word and word.group() not in _STOP_WORDS and _stem(word.group()) == stem:
                return True
        start = folded.find(beginning, start + 1)
    return False


def _stretches(text: str) -> list[tuple[int, int, bool]]:
    """Cut a text into paragraphs, items, headings and runs of code: start, end, and whether it is prose."""
    found: list[tuple[int, int, bool]] = []
    start = end = -1
    before = ""
    code = closed = False
    position = 0
    for line in text.splitlines(keepends=True):
        body = line.strip()
        begin = position + len(line) - len(line.lstrip())
        position += len(line)
        if not body or _RULE.fullmatch(body):
            if start >= 0:
                found.append((start, end, not code))
            start, closed = -1, False
            continue
        heading = _HEADING.match(body) is not None
        is_code = (
            not heading
            and len(body) <= _CODE_LINE
            and _MAY_BE_CODE.search(body) is not None
            and _CODE.match(body) is not None
        )
        if start >= 0 and (
            closed
            or heading
            or is_code is not code
            or _ITEM.match(body)
            or (not is_code and body[0].isupper() and _stands_alone(before))
        ):
            found.append((start, end, not code))
            start = -1
        if start < 0:
            start, code = begin, is_code
        end, before = begin + len(body), body
        closed = heading
    if start >= 0:
        found.append((start, end, not code))
    return found


def _stands_alone(line: str) -> bool:
    """Whether a line before a capital is a title or an entry, not prose that was wrapped."""
    return len(line) < _SHORT_LINE and line[-1] not in ",-–—" and line.rpartition(" ")[2].casefold() not in _STOP_WORDS


def _cut_prose(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    begin = start
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends(text, begin, match):
            _bound(text, begin, match.end(), spans)
            space = _SPACE.match(text, match.end(), end)
            begin = space.end() if space else match.end()
    if begin < end:
        _bound(text, begin, end, spans)


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


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    """Cut regular English endings, the same way for every form of a word."""
    if len(word) < 3:
        return word
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    if word.endswith("eed"):
        word = word[:-1] if len(word) > 4 else word
    elif word.endswith("ied") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ed") and _has_vowel(word[:-2]):
        word = word[:-2]
    elif word.endswith("ing") and _has_vowel(word[:-3]):
        word = word[:-3]
    if len(word) > 2 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1].isalpha():
        word = word[:-1]
    if len(word) > 1 and word.endswith("y") and word[-2] not in "aeiou":
        word = word[:-1] + "i"
    return word


def _has_vowel(stem: str) -> bool:
    return len(stem) > 1 and any(letter in "aeiouy" for letter in stem)
