"""What no reader sees of a block."""

import pytest

from groundwire_server.markup.blocks import BlockKind
from groundwire_server.markup.visible import visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Press <kbd>Ctrl</kbd> <a class='x' href=\"y\">now</a>.", "Press Ctrl now."),
        ("Use <name> of List<String>, 1 < 2 > 0.", "Use <name> of List<String>, 1 < 2 > 0."),
        ("`<b>` and ``<i>`` and\n```\n<u>\n```", "`<b>` and ``<i>`` and\n```\n<u>\n```"),
        ("\\<b> and \\<!-- x -->", "\\<b> and \\<!-- x -->"),
        ("a<!-- b -->c", "ac"),
        ("a<!-- b <b>c</b>", "a<!-- b <b>c</b>"),
        ("a<br>b<BR />\nc", "a\nb\nc"),
        ("<span>`$refs.input`</span><span class='x'>`input`</span>.", "`$refs.input` `input`."),
    ],
)
def test_tags_and_comments_outside_code_are_not_seen(text: str, seen: str) -> None:
    assert visible(text, BlockKind.PARAGRAPH) == seen


def test_a_line_break_in_a_row_is_a_space() -> None:
    assert visible("| a<br>b | c <br> d |", BlockKind.TABLE) == "| a b | c  d |"


@pytest.mark.parametrize(
    ("heading", "seen"),
    [
        ("## Pods {#pods .wide}", "## Pods"),
        ("## Pods {: #pods} ##", "## Pods ##"),
        ("Pods {#pods}\n===", "Pods\n==="),
        ("## GET /pods/{name}", "## GET /pods/{name}"),
        ("## The set {.}", "## The set {.}"),
    ],
)
def test_a_heading_is_seen_without_its_attributes(heading: str, seen: str) -> None:
    assert visible(heading, BlockKind.HEADING) == seen


def test_code_is_seen_as_it_is() -> None:
    assert visible("    <b>", BlockKind.CODE) == "    <b>"
