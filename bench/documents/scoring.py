"""How good an answer is to its reader: whether it says what was asked for, and whether it is more than a signpost."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_RULER = re.compile(r"\s*=+( +=+)+\s*$")
_GRID_RULER = re.compile(r"\s*\+(=+\+)+\s*$")
_DELIMITERS = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$|\s*\|\s*:?-+:?\s*\|\s*$")
_HASHES = re.compile(r" {0,3}#{1,6}\s")
_FENCE = re.compile(r"\s*(```|~~~)")
_HTML_ROW = re.compile(r"<tr\b.*?(?=<tr\b|</tr>|</table>)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")
_MARKUP_AT_THE_END = "*_`\"' "


class Fault(Enum):
    """Why a text that is shown answers nothing, whatever it was that was asked."""

    EMPTY = "empty"
    HEADING = "heading"
    HEADER = "table header"
    LEAD_IN = "lead-in"


@dataclass(frozen=True, slots=True)
class Signposts:
    """Lines of documents that only say what comes next, each as its words.

    Attributes:
        headings: titles and headings, and what a front matter says.
        headers: the first rows of tables, that name the columns.
    """

    headings: frozenset[tuple[str, ...]]
    headers: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Signposts":
        """Return those of texts in Markdown and reStructuredText."""
        headings, headers = set[tuple[str, ...]](), set[tuple[str, ...]]()
        for text in texts:
            lines = text.splitlines()
            headings.update(map(words, _front_matter(lines)))
            headings.update(map(words, _headings(lines)))
            headers.update(map(words, _headers(lines)))
            headers.update(words(_TAG.sub(" ", row)) for row in _HTML_ROW.findall(text) if _is_header(row))
        return cls(frozenset(headings - {()}), frozenset(headers - {()}))


def words(line: str) -> tuple[str, ...]:
    """Return the words of a line, without case, markup and punctuation."""
    return tuple(_WORD.findall(line.casefold()))


def says(text: str, expects: Iterable[Sequence[str]]) -> bool:
    """Return whether every string of one of the alternatives is in a text.

    Case does not count, nor how much white space there is. A string that begins or ends with a letter or digit must
    not go on there: 3 is in "at most 3", and not in "13".
    """
    shown = _even(text)
    return any(all(_occurs(_even(string), shown) for string in alternative) for alternative in expects)


def fault(text: str, signposts: Signposts) -> Fault | None:
    """Return why a text answers nothing; None when it has more than headings, table headers and lead-ins."""
    lines = [(line, code) for line, code in _marked(text.splitlines()) if words(line)]
    if not lines:
        return Fault.EMPTY
    kinds = [None if code else _signpost(line, signposts) for line, code in lines]
    if kinds[-1] is Fault.LEAD_IN:
        return Fault.LEAD_IN
    if None in kinds:
        # A heading may be broken over two lines.
        return Fault.HEADING if words(text) in signposts.headings else None
    return Fault.HEADER if Fault.HEADER in kinds else kinds[0]


def _marked(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is code."""
    fenced = False
    for line in lines:
        fence = _FENCE.match(line) is not None
        yield line, fenced or fence or line.startswith(("    ", "\t"))
        fenced ^= fence


def _signpost(line: str, signposts: Signposts) -> Fault | None:
    said = words(line)
    if said in signposts.headers:
        return Fault.HEADER
    if said in signposts.headings or _HASHES.match(line):
        return Fault.HEADING
    return Fault.LEAD_IN if _leads_in(line) else None


def _leads_in(line: str) -> bool:
    return line.rstrip(_MARKUP_AT_THE_END).endswith((":", "："))


def _even(text: str) -> str:
    return " ".join(text.casefold().split())


def _occurs(string: str, text: str) -> bool:
    before = r"(?<!\w)" if string[:1].isalnum() else ""
    after = r"(?!\w)" if string[-1:].isalnum() else ""
    return re.search(before + re.escape(string) + after, text) is not None


def _front_matter(lines: Sequence[str]) -> Iterable[str]:
    if not lines or lines[0].rstrip() != "---":
        return
    for line in lines[1:]:
        if line.rstrip() == "---":
            return
        yield line
        yield line.partition(":")[2]


def _headings(lines: Sequence[str]) -> Iterable[str]:
    for (line, code), after in zip(_marked(lines), [*lines[1:], ""], strict=True):
        underlined = line[:1].strip() and _UNDERLINE.match(after) and len(after.rstrip()) >= len(line.rstrip()) - 1
        if not code and words(line) and (_HASHES.match(line) or underlined):
            yield line


def _headers(lines: Sequence[str]) -> Iterable[str]:
    for number, line in enumerate(lines[:-1]):
        before, after = lines[max(0, number - 2) : number], lines[number + 1]
        ruled = "|" in line and (_DELIMITERS.match(after) or _GRID_RULER.match(after))
        # A row further down is between two rulers as well where it is the only one, with the header above.
        framed = _RULER.match(after) and before and _RULER.match(before[-1]) and not words("".join(before[:-1]))
        if words(line) and (ruled or framed):
            yield line


def _is_header(row: str) -> bool:
    return "<th" in row.lower() and "<td" not in row.lower()
