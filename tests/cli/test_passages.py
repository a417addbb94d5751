"""What is shown of a passage."""

import pytest

from groundwire_server.cli.passages import EXCERPT, OPENING, excerpt, opening

LIST = "\n".join(f"- item {number} of the list" for number in range(30))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Text.", "Text."),
        ("# Title\n\n## Section\n\nText.\n\n## Next\n\nMore.", "Text."),
        ("---\ntitle: x\n---\n\n<!-- hidden -->\n\nText.", "Text."),
        ("Text.\n\n" + "word " * 100, "Text."),
        ("Run:\n\n```\ncode\n```\n\n" + "word " * 100, "Run:\n\n```\ncode\n```"),
        ("Run:\n\n" + "x" * OPENING, "Run:\n\n" + "x" * OPENING),
        ("# Only a title", "# Only a title"),
        ("", ""),
    ],
)
def test_the_opening_of_a_passage_is_its_first_blocks(text: str, shown: str) -> None:
    assert opening(text) == shown


def test_an_opening_is_bounded() -> None:
    assert len(opening("word " * 1000)) <= 2 * OPENING
    assert opening(f"The list:\n\n{LIST}").startswith("The list:\n\n- item 0")


def test_an_excerpt_is_one_line_of_it() -> None:
    assert excerpt("# Title\n\nOne\ntwo.\n\n- three") == "One two. - three"
    assert len(excerpt("word " * 100)) <= EXCERPT
    assert excerpt("word " * 100).endswith("…")
