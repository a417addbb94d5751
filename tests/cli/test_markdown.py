"""Markdown as it is drawn on a terminal."""

import pytest

from groundwire.v1.grounding_pb2 import Citation
from groundwire_server.cli.markdown import Drawing
from groundwire_server.cli.render import cited_text
from tests.cli.screen import Screen

ANSWER = """To install `acme`, run:

```console
$ pip install acme
```

1. Stop the worker.
2. Wait.

| Country | Fee |
| --- | --- |
| Spain | 7 EUR |

It costs <b>nothing</b>, see [the page](https://example.org/fees)."""


def drawn(screen: Screen, *texts: str) -> list[str]:
    drawing = Drawing(screen.console)
    for text in texts:
        drawing.draw(text)
    drawing.leave()
    return [line.rstrip() for line in screen.lines()]


@pytest.mark.parametrize("width", [40, 80])
def test_markdown_is_drawn_with_all_its_words(width: int) -> None:
    lines = drawn(Screen(width, terminal=True), ANSWER)
    text = "\n".join(lines)
    assert all(len(line) <= width for line in lines)
    assert "To install acme, run:" in lines
    assert " $ pip install acme" in lines
    assert {" 1 Stop the worker.", " 2 Wait."} <= set(lines)
    assert any("Country" in line and "Fee" in line for line in lines)
    assert "```" not in text
    assert "---" not in text


def test_html_is_shown_and_a_link_with_its_address() -> None:
    lines = drawn(Screen(120, terminal=True), ANSWER)
    assert "It costs <b>nothing</b>, see the page (https://example.org/fees)." in lines


def test_no_control_character_reaches_the_terminal() -> None:
    screen = Screen(80, terminal=True)
    drawn(screen, "Beware\x1b]0;of me\x07 and \x1b[2J.")
    assert "\x1b]" not in screen.raw
    assert "\x1b[2J" not in screen.raw


@pytest.mark.parametrize("size", [1, 7, 50])
def test_what_grows_is_drawn_as_if_it_had_come_at_once(size: int) -> None:
    growing = [ANSWER[:end] for end in range(size, len(ANSWER) + size, size)]
    assert drawn(Screen(40, terminal=True, height=60), *growing) == drawn(Screen(40, terminal=True), ANSWER)


def test_words_that_are_added_to_a_line_do_not_draw_those_above_again() -> None:
    screen = Screen(40, terminal=True)
    drawn(screen, "One is here.\n\nTwo is", "One is here.\n\nTwo is there.")
    assert screen.raw.count("One") == 1


def test_a_text_that_became_shorter_leaves_nothing_behind() -> None:
    assert drawn(Screen(20, terminal=True), ANSWER, "One.")[0] == "One."
    assert "".join(drawn(Screen(20, terminal=True, height=90), ANSWER, "One.")) == "One."


def test_more_than_the_screen_holds_is_drawn_to_its_end() -> None:
    text = "\n\n".join(f"Paragraph {number}." for number in range(30))
    lines = drawn(Screen(40, terminal=True, height=5), text[:100], text)
    assert [line for line in lines if line][-1] == "Paragraph 29."
    assert {f"Paragraph {number}." for number in range(30)} <= set(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.", "One. [1]"),
        ("- One\n- Two", "- One\n- Two [1]"),
        ("```\ncode\n```", "```\ncode\n```\n\n[1]"),
        ("- Run:\n\n  ```\n  code\n  ```", "- Run:\n\n  ```\n  code\n  ```\n\n[1]"),
        ("| A |\n| --- |\n| b |", "| A |\n| --- |\n| b |\n\n[1]"),
    ],
)
def test_a_citation_stands_behind_what_it_supports(text: str, expected: str) -> None:
    citation = Citation(chunk_id="c1", quote="One.")
    assert cited_text([text, citation]) == expected
    assert cited_text([text, citation, Citation(chunk_id="c2", quote="Two.")]) == f"{expected} [2]"
