"""Lines of Markdown that only mark what is around them: fences of containers, and shortcodes of site generators."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_MARKER: Final = re.compile(
    r"^ {0,3}(?:"
    # `::: tip Title`, `:::note[Title]`, `:::{admonition} Title`, `::: {.warning}`, `:::`
    r":{3,}+[ \t]*+(?:[\w-]++)?(?:\{[^{}\n]*\})?[ \t]*+(?:\[(?P<bracketed>[^\]\n]*+)\]|(?P<titled>[^\s:][^\n]*+))?:*+"
    # `{{< note >}}`, `{% note %}`, `{{% tab name="Debian" %}}`, `{{< /note >}}`
    r"|\{\{[<%][ \t]*+[\w/.-]++(?P<values>[^\n{}]*)(?:>|%)\}\}"
    r"|\{%-?[ \t]*+\w++[^\n{}]*%\}"
    r")[ \t]*+$",
    re.MULTILINE,
)
_NAMED: Final = re.compile(r"\b(?:name|title|header|summary)=(?P<quote>[\"'])(?P<value>[^\"'\r\n]+)(?P=quote)")
_BEGINNINGS: Final = (":::", "{{<", "{{%", "{%")


class Marker(NamedTuple):
    """A line that a reader of the page does not see, except for a title that it may give.

    Attributes:
        start: its first code point.
        end: the code point after its last.
        title: the first code point of its title, and the one after its last; equal without a title.
    """

    start: int
    end: int
    title: tuple[int, int]


def markers(text: str) -> Sequence[Marker]:
    """Return the lines that mark containers and shortcodes, also those within code."""
    return list(_found(text)) if any(each in text for each in _BEGINNINGS) else ()


def blanked(text: str, marked: Sequence[Marker]) -> str:
    """Return a text of the same length that has white space in place of these lines."""
    parts, end = list[str](), 0
    for each in marked:
        parts += text[end : each.start], " " * (each.end - each.start)
        end = each.end
    return "".join([*parts, text[end:]])


def _found(text: str) -> Iterator[Marker]:
    # Lines end as they do elsewhere; `$` knows one end alone.
    for line in _MARKER.finditer(text.replace("\r", "\n")):
        title = line.span("bracketed") if line["bracketed"] else line.span("titled")
        if line["values"] and (named := _NAMED.search(line["values"])):
            before = line.start("values")
            title = (before + named.start("value"), before + named.end("value"))
        start, end = title if title[0] >= 0 else (line.end(), line.end())
        yield Marker(line.start(), line.end(), (start, start + len(text[start:end].rstrip(": \t"))))
