"""What no reader sees of a block of Markdown: comments, and the tags of HTML."""

import re
from typing import Final

from groundwire_server.markup.blocks import HEADING_ATTRIBUTES, BlockKind
from groundwire_server.markup.html_tree import ELEMENTS

_CODE_OR_UNSEEN: Final = re.compile(
    r"(?P<code>^[ >\t]*(?P<fence>```+|~~~+).*?(?:^[ >\t]*(?P=fence)|\Z)"
    r"|(?<!`)(?P<ticks>`++).{1,1000}?(?<!`)(?P=ticks)(?!`))"
    # Behind a comment without an end nothing is looked for.
    r"|(?<!\\)<!--(?>.*?(?:-->|(?P<endless>\Z)))"
    rf"|(?<!\\)</?(?P<name>{'|'.join(sorted(ELEMENTS))})(?=[\s/>])[^<>]*>",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_TAGS_BEFORE_CODE: Final = re.compile(r"(?:</?[A-Za-z][^<>`]{0,200}>){0,4}`")
_BEGINNING: Final = re.compile(r"<(?:!--|/?[A-Za-z])")
_LONGEST_SPAN: Final = 1100
"""Code spans have a bound, so that a text of backticks takes no time."""


def visible(text: str, kind: BlockKind) -> str:
    """Return a block without its comments and tags, outside code; names in `<brackets>` that are no tags stay.

    A heading is also without its attributes.

    Args:
        text: of the block, or of a part of it.
        kind: of the block. In a paragraph a `<br>` ends the line.
    """
    if kind is BlockKind.HEADING and "{" in text:
        text = HEADING_ATTRIBUTES.sub("", text)
    if kind is BlockKind.CODE or "<" not in text or not _BEGINNING.search(text):
        return text
    # Behind the last tag none can begin; a code span that holds it may go on.
    end = text.rfind(">") + _LONGEST_SPAN

    def shown(found: re.Match[str]) -> str:
        if found["code"] or found["endless"] is not None:
            return found[0]
        if found["name"] is None or found["name"].lower() != "br":
            # The ticks of two code spans would make one.
            between_code = text[found.start() - 1 : found.start()] == "`" and _TAGS_BEFORE_CODE.match(text, found.end())
            return " " if between_code else ""
        if kind is not BlockKind.PARAGRAPH:
            return "" if text[found.start() - 1 : found.start()].isspace() else " "
        return "" if text[found.end() : found.end() + 1] in {"\r", "\n"} else "\n"

    return _CODE_OR_UNSEEN.sub(shown, text[:end]) + text[end:]
