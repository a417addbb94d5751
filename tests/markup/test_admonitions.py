"""Blocks within admonitions."""

from groundwire_server.markup.admonitions import opened
from groundwire_server.markup.blocks import BlockKind, blocks

TEXT = """\
Before.

!!! note "Careful"
    Do this:

        make all
        make test

    ```sh
    pay
    ```

    | A | B |
    |---|---|
    | 1 | 2 |

    - one
      goes on
    - two

After.
"""


def test_the_blocks_of_an_admonition_stand_where_its_lines_do() -> None:
    found = [inner for block in blocks(TEXT) for inner in opened(TEXT, block)]
    assert [(each.kind, TEXT[each.start : each.end]) for each in found] == [
        (BlockKind.PARAGRAPH, "Before."),
        (BlockKind.PARAGRAPH, "    Do this:"),
        (BlockKind.CODE, "        make all\n        make test"),
        (BlockKind.CODE, "    ```sh\n    pay\n    ```"),
        (BlockKind.TABLE, "    | A | B |\n    |---|---|\n    | 1 | 2 |"),
        (BlockKind.LIST, "    - one\n      goes on\n    - two"),
        (BlockKind.PARAGRAPH, "After."),
    ]
    table, list_ = found[4], found[5]
    assert table.header is not None
    assert TEXT[table.header.start : table.header.end] == "    | A | B |\n    |---|---|"
    assert [TEXT[part.start : part.end] for part in (*table.parts, *list_.parts)] == [
        "    | 1 | 2 |",
        "    - one\n      goes on",
        "    - two",
    ]


def test_other_blocks_are_as_they_are() -> None:
    (quote,) = blocks("> Quoted.\n>\n>     code")
    assert opened("> Quoted.\n>\n>     code", quote) == [quote]


def test_an_admonition_without_text_has_no_blocks() -> None:
    text = "!!! note\n\nAfter."
    assert [opened(text, block) for block in blocks(text) if block.kind is BlockKind.QUOTE] == [[]]
