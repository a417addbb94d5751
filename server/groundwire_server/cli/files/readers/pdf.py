"""PDF: pages with headings, paragraphs, lists and ruled tables, without running headers and page numbers."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.pdf_layout import Line, TableBlock, has_turned_text, page_blocks
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing
from groundwire_server.markup.headers import headed

_LOCKED: Final = (PDFPasswordIncorrect, PDFEncryptionError, PDFTextExtractionNotAllowed)
_MARGIN: Final = 0.08
"""The share of a page's height, at its head and at its foot, where running lines are."""

_LARGER: Final = 1.12
"""How much larger than most of the text a heading is."""

_MOST_LEVELS: Final = 4
_LONGEST_HEADING: Final = 200
_DIGITS: Final = re.compile(r"\d+")
_PAGE_NUMBER: Final = re.compile(
    r"\W*(?:page|seite|p\.)?\s*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|von|/)\s*\d{1,4})?\W*", re.IGNORECASE
)
_BULLET: Final = re.compile(r"(?:\(cid:\d+\)|[•‣◦▪●○■–—·]|[-*](?=\s)|\(?\d{1,2}[.)](?=\s)|\(?[a-z]\)(?=\s))\s*")
_HYPHENS: Final = ("-", "\N{HYPHEN}", "\N{SOFT HYPHEN}")
_NUMBERED: Final = re.compile(r"\(?(\d{1,2})[.)]\s")


def read(content: bytes, name: str) -> FileContents:
    """Read the text layer of a PDF."""
    del name
    try:
        with pdfplumber.open(io.BytesIO(content)) as document:
            pages, turned = [], list[int]()
            for page in document.pages:
                if has_turned_text(page):
                    turned.append(page.page_number)
                pages.append(page_blocks(page))
                page.close()
            said = document.metadata.get("Title")
    except (PdfminerException, MalformedPDFException) as failed:
        if any(isinstance(each, _LOCKED) for each in _behind(failed)):
            raise UnreadableContentError("is protected with a password: store a copy without one") from failed
        raise UnreadableContentError("cannot be converted: it is damaged, or not a PDF") from failed
    running = _running(pages)
    sizes = _headings(pages)
    text = "\n\n\f\n\n".join(writing.joined(_blocks(page, running, sizes)) for page in pages)
    if not text.strip("\f\n "):
        if turned:
            raise UnreadableContentError("has only text that is turned: store a copy with its pages upright")
        return FileContents("")
    title = first_heading(text) or (writing.line(said) if isinstance(said, str) else "")
    return FileContents(text + "\n", title=title, warnings=tuple(_warnings(pages, turned)))


def _behind(error: BaseException) -> Iterator[BaseException]:
    yield error
    for each in (error.__cause__ or error.__context__, *error.args):
        if isinstance(each, BaseException):
            yield from _behind(each)


def _running(pages: Sequence[Sequence[Line | TableBlock]]) -> frozenset[str]:
    """Return the lines at the head or foot of most pages, or of every other, with their numbers taken out."""
    found = set[str]()
    for every in (pages, pages[::2], pages[1::2]):
        marginal = ({_key(each) for each in page if isinstance(each, Line) and _is_marginal(each)} for page in every)
        counted = Counter(key for keys in marginal for key in keys)
        least = max(3, len(every) // 2) if every is pages else max(2, len(every) - 1)
        found |= {key for key, count in counted.items() if count >= least}
    return frozenset(found)


def _key(line: Line) -> str:
    return _DIGITS.sub("#", line.text.casefold())


def _is_marginal(line: Line) -> bool:
    return line.height < _MARGIN or line.height > 1 - _MARGIN


def _headings(pages: Sequence[Sequence[Line | TableBlock]]) -> Mapping[float, int]:
    """Return the sizes of letters that headings have, each with its level."""
    counted = Counter[float]()
    for page in pages:
        for each in page:
            if isinstance(each, Line):
                counted[each.size] += len(each.text)
    if not counted:
        return {}
    body = counted.most_common(1)[0][0]
    larger = sorted((size for size in counted if size > body * _LARGER), reverse=True)
    return {size: min(level, _MOST_LEVELS) for level, size in enumerate(larger, 1)}


def _blocks(page: Sequence[Line | TableBlock], running: frozenset[str], headings: Mapping[float, int]) -> Iterator[str]:
    """Yield the blocks of a page."""
    lines: list[Line] = []
    for each in page:
        if (
            isinstance(each, Line)
            and _is_marginal(each)
            and (_key(each) in running or _PAGE_NUMBER.fullmatch(each.text))
        ):
            continue
        if lines and (not isinstance(each, Line) or _begins(lines[-1], each, headings)):
            yield _block(lines, headings)
            lines = []
        if isinstance(each, Line):
            lines.append(each)
        else:
            yield from writing.headed_table(headed(each.rows))
    if lines:
        yield _block(lines, headings)


def _begins(before: Line, line: Line, headings: Mapping[float, int]) -> bool:
    """Return whether a line begins another block."""
    if line.size in headings or before.size in headings:
        return line.size != before.size or line.gap > 1.0
    return line.gap > 0.7 or line.bold is not before.bold or _BULLET.match(line.text) is not None


def _block(lines: Sequence[Line], headings: Mapping[float, int]) -> str:
    text = _text(lines)
    if lines[0].size in headings and len(text) <= _LONGEST_HEADING:
        return writing.heading(headings[lines[0].size], text)
    if lines[0].bold and len(lines) == 1 and len(text) <= _LONGEST_HEADING // 2 and text[-1] not in ".,;:":
        return writing.heading(max(headings.values(), default=0) + 1, text)
    bullet = _BULLET.match(text)
    if bullet and text[bullet.end() :]:
        number = _NUMBERED.match(text)
        return f"{number[1]}. {text[bullet.end() :]}" if number else f"- {text[bullet.end() :]}"
    return writing.prose(text)


def _text(lines: Sequence[Line]) -> str:
    """Return lines as one, words that were hyphenated whole."""
    text = lines[0].text
    for line in lines[1:]:
        if text.endswith(_HYPHENS) and text[-2:-1].isalpha() and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text += f" {line.text}"
    return text


def _warnings(pages: Sequence[Sequence[Line | TableBlock]], turned: Sequence[int]) -> Iterator[str]:
    """Yield what is not in the text."""
    if empty := [number for number, page in enumerate(pages, 1) if not page and number not in turned]:
        yield f"{_numbered(empty)} without text: scanned pages need OCR first"
    if turned:
        yield f"{_numbered(turned)}: text that is turned is left out"


def _numbered(numbers: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return f"{'page' if len(numbers) == 1 else 'pages'} {said}"
