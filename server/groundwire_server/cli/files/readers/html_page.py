"""HTML: what a reader of the page would take for its content, as Markdown."""

import re
from collections.abc import Container, Iterator
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from groundwire_server.cli.files.readers import html_tables, writing
from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.port import FileContents

_UNSEEN: Final = (
    "script, style, template, noscript, iframe, object, svg, canvas, dialog:not([open]), [hidden], [aria-hidden=true]"
    ", input, button, select, textarea"
)
_AROUND: Final = (
    "nav, aside, [role=navigation], [role=banner], [role=contentinfo], [role=complementary], [role=search]"
    ", body > header, body > footer, .headerlink, .skip-link"
)
_MAIN: Final = ("main", "[role=main]", "article", "#content", "#main", "#main-content")
_HIDDEN_STYLE: Final = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BLOCKS: Final = ["pre", "ul", "ol", "dl", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr"]
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_MARK_OF_A_COMMENT: Final = re.compile(r"<!--")


def read(content: bytes, name: str) -> FileContents:
    """Read the main content of a page: nothing hidden, no navigation. A page without main content is read whole."""
    del name
    source, warnings = decoded(content, EncodingDetector.find_declared_encoding(content, is_html=True) or "")
    soup = BeautifulSoup(source, "lxml")
    text = markdown_of(soup)
    heading = first_heading(text)
    title = soup.title.get_text() if soup.title else ""
    return FileContents(text, title=writing.line(heading or title), warnings=warnings)


def markdown_of(soup: BeautifulSoup) -> str:
    """Return the main content of a page as Markdown."""
    for tag in list(_unseen(soup)):
        tag.decompose()
    return _markdown(_main(soup))


def _unseen(soup: BeautifulSoup) -> Iterator[Tag]:
    yield from soup.select(f"{_UNSEEN}, {_AROUND}")
    yield from (tag for tag in soup.select("[style]") if _HIDDEN_STYLE.search(str(tag.get("style", ""))))


def _main(soup: BeautifulSoup) -> Tag:
    """Return what holds the main content; several articles are a list of them, and none is the main one."""
    for selector in _MAIN:
        found = soup.select(selector)
        if len(found) == 1 and found[0].get_text(strip=True):
            return found[0]
    return soup.body or soup


def _markdown(tag: Tag) -> str:
    html_tables.simplify(tag)
    for each in (text for cell in tag.select("td, th") for text in cell.find_all(string=True) if "|" in text):
        each.replace_with(each.replace("|", "\\|"))
    converter = _Converter(
        heading_style="atx",
        bullets="-",
        strip=["img"],
        escape_asterisks=False,
        escape_underscores=False,
        code_language_callback=_language,
        table_infer_header=True,
        newline_style="backslash",
    )
    text = _MARK_OF_A_COMMENT.sub(r"<\\!--", converter.convert_soup(tag))
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


class _Converter(MarkdownConverter):
    """Writes Markdown in which no paragraph is read as a heading or a comment."""

    def convert_p(self, el: Tag, text: str, parent_tags: Container[str]) -> str:
        """Return a paragraph."""
        said = text if el.find(_BLOCKS) else writing.plain(text)
        return str(super().convert_p(el, said, parent_tags))  # type: ignore[misc]  # its stub leaves it out


def _language(tag: Tag) -> str:
    """Return the language that highlighters of code know from a class."""
    for each in (tag, *tag.select("code")):
        for name in each.get_attribute_list("class"):
            if name and name.startswith(("language-", "lang-")):
                return str(name).partition("-")[2]
    return ""
