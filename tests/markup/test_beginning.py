"""Beginnings of Markdown texts."""

import pytest

from groundwire_server.markup.beginning import EXCERPT, cut_to_fit, excerpt

WORDS = "word " * 100
LIST = "\n".join(f"- item {number} of the list" for number in range(60))
ROWS = "\n".join(f"| {number} | {'x' * 20} |" for number in range(60))
TABLE = f"| Number | Text |\n| --- | --- |\n{ROWS}"
CODE = "\n".join(f"call({number})" for number in range(120))
SENTENCES = " ".join(f"This is sentence {number} of many." for number in range(60))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Text.", "Text."),
        ("# Title\n\n## Section\n\nText.\n\n## Next\n\nMore.", "Text."),
        ("---\ntitle: x\n---\n\n<!-- hidden -->\n\nText.", "Text."),
        (f"Text.\n\n{WORDS}", "Text."),
        (f"Run:\n\n```\ncode\n```\n\n{WORDS}", "Run:\n\n```\ncode\n```"),
        ("Run:\n\n" + "x" * EXCERPT, "Run:\n\n" + "x" * EXCERPT),
        ("# Only a title", "# Only a title"),
        ("", ""),
    ],
)
def test_an_excerpt_is_the_first_blocks(text: str, shown: str) -> None:
    assert excerpt(text) == shown


@pytest.mark.parametrize(
    ("text", "line", "end"),
    [
        (LIST, LIST, "\n\n…"),
        (TABLE, TABLE, "\n\n…"),
        (f"```sh\n{CODE}\n```", CODE, "\n```\n\n…"),
        (f"~~~\n{CODE}\n~~~", CODE, "\n~~~\n\n…"),
        (f"    {CODE}".replace("\n", "\n    "), f"    {CODE}".replace("\n", "\n    "), "\n\n…"),
        (f"The list:\n\n{LIST}", LIST, "\n\n…"),
        (SENTENCES, SENTENCES, " …"),
        ("word" * 1000, "word" * 1000, " …"),
    ],
    ids=["list", "table", "code", "tildes", "indented", "lead-in", "sentences", "no sentence"],
)
def test_a_long_block_is_cut_between_its_parts(text: str, line: str, end: str) -> None:
    found = excerpt(text)
    assert EXCERPT < len(found) <= 2 * EXCERPT + len(end)
    assert found.endswith(end)
    begun = found.removesuffix(end)
    assert text.startswith(begun)
    after = text[len(begun) :][:1]
    assert after in {"\n", " "} or "wordword" in text
    assert begun.splitlines()[-1] in line


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("One.\n\nTwo. Three. Four.", 12, "One.\n\nTwo."),
        ("One.\n\n- two\n- three\n- four", 20, "One.\n\n- two\n- three"),
        ("One.\n\n| A |\n| - |\n| 2 |\n| 3 |", 25, "One.\n\n| A |\n| - |\n| 2 |"),
        ("One.\n\n| A |\n| - |\n| 2 |\n| 3 |", 18, "One."),
        ("One.\n\n```\ntwo\n\nthree\n```", 16, "One.\n\n```\ntwo\n"),
        ("One.\n\n```\ntwo\n```", 10, "One."),
        ("One.\n\n# Head\n\nTwo three.", 18, "One."),
        ("onetwothree", 5, ""),
    ],
)
def test_what_fits_ends_with_a_whole_part(text: str, most: int, cut: str) -> None:
    assert cut_to_fit(text, lambda beginning: len(beginning) <= most) == cut
