"""HTML: what a reader of the page would take for its content, as Markdown."""

from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.port import FileContents
from groundwire_server.markup import html, writing

_AROUND: Final = (
    "nav, aside, [role=navigation], [role=banner], [role=contentinfo], [role=complementary], [role=search]"
    ", body > header, body > footer, .headerlink, .skip-link"
)
_MAIN: Final = ("main", "[role=main]", "article", "#content", "#main", "#main-content")


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
    for tag in soup.select(_AROUND):
        tag.decompose()
    return html.markdown_of(str(_main(soup))) + "\n"


def _main(soup: BeautifulSoup) -> Tag:
    """Return what holds the main content; several articles are a list of them, and none is the main one."""
    for selector in _MAIN:
        found = soup.select(selector)
        if len(found) == 1 and found[0].get_text(strip=True):
            return found[0]
    return soup.body or soup
