"""Blocks of Markdown: what they are, and which lines they hold."""

import pytest

from groundwire_server.markup.blocks import Block, blocks

TABLE = "| Country | Fee |\n|---|---|\n| Peru | 12 |\n| Chile | 9 |"
LIST = "- one\n  goes on\n- two\n\n  - nested"


def texts(text: str) -> list[tuple[str, str]]:
    """The kind and the text of each block."""
    return [(block.kind.value, text[block.start : block.end]) for block in blocks(text)]


def only(text: str) -> Block:
    (block,) = blocks(text)
    return block


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# Head", "heading"),
        ("Head\n====", "heading"),
        ("Some prose\nthat goes on.", "paragraph"),
        (LIST, "list"),
        ("1. one\n2. two", "list"),
        ("Term\n: its meaning", "list"),
        (TABLE, "table"),
        ("```sh\n# no heading\n```", "code"),
        ("~~~\nnever closed", "code"),
        ("    indented", "code"),
        ("> quoted", "quote"),
        ("!!! note\n    Something.", "quote"),
        ("<p>Some HTML</p>", "html"),
        ("<!-- a comment\n\nof two paragraphs -->", "hidden"),
        ("---\ntitle: front matter\n---", "hidden"),
        ("***", "hidden"),
    ],
)
def test_a_block_is_told_by_its_lines(text: str, kind: str) -> None:
    assert texts(text) == [(kind, text)]


@pytest.mark.parametrize(
    ("heading", "level", "title"),
    [
        ("### The `--fast` *switch* <a id='x'></a> ###", 3, "The --fast switch"),
        ("Two\nlines\n---", 2, "Two lines"),
        ("# Fees &amp; taxes ![icon](i.png)", 1, "Fees & taxes icon"),
    ],
)
def test_headings_have_a_level_and_a_title_without_marks(heading: str, level: int, title: str) -> None:
    found = only(heading)
    assert (found.level, found.title) == (level, title)


def test_the_link_of_a_heading_may_be_defined_below() -> None:
    heading, *_ = blocks("## [1.2.0] - 2026-11-26\n\nText.\n\n[1.2.0]: http://example.org/")
    assert heading.title == "1.2.0 - 2026-11-26"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_line_ends(end: str) -> None:
    text = f"# One{end}{end}Prose{end}goes on.{end}{end}{end}- item{end}"
    assert texts(text) == [("heading", "# One"), ("paragraph", f"Prose{end}goes on."), ("list", "- item")]


def test_a_definition_list_has_its_terms_with_what_defines_them() -> None:
    text = "One\n:   Means this:\n\n        code = 1\n\n:   And that.\n\nTwo\n: More.\n\nText."
    found, _ = blocks(text)
    assert [text[part.start : part.end] for part in found.parts] == [
        "One\n:   Means this:\n\n        code = 1\n\n:   And that.",
        "Two\n: More.",
    ]


def test_a_list_has_its_items_with_what_is_nested_in_them() -> None:
    assert [LIST[part.start : part.end] for part in only(LIST).parts] == ["- one\n  goes on", "- two\n\n  - nested"]


def test_a_table_has_its_header_and_its_rows() -> None:
    table = only(TABLE)
    assert table.header is not None
    assert TABLE[table.header.start : table.header.end] == "| Country | Fee |\n|---|---|"
    assert [TABLE[part.start : part.end] for part in table.parts] == ["| Peru | 12 |", "| Chile | 9 |"]


def test_a_table_without_rows_is_all_header() -> None:
    table = only("| A |\n|---|")
    assert (table.header is not None and table.header.end, table.parts) == (table.end, ())


@pytest.mark.parametrize(
    ("kind", "before"), [("paragraph", "See [it]."), ("list", "- See [it]."), ("list", "It\n: See [it].")]
)
def test_definitions_of_links_are_in_no_block(kind: str, before: str) -> None:
    assert texts(f"{before}\n\n[it]: http://example.org/") == [(kind, before)]


@pytest.mark.parametrize("line", [":warning: Hot.", "::: note", ":::{note}", ":sync: typed"])
def test_a_colon_without_a_space_defines_nothing(line: str) -> None:
    assert texts(f"Term\n{line}\n\nOther\n\n{line}") == [
        ("paragraph", f"Term\n{line}"),
        ("paragraph", "Other"),
        ("paragraph", line),
    ]


@pytest.mark.parametrize("marker", ["!!! note", '!!! warning "Hot"', "??? tip", "???+ tip"])
def test_an_admonition_has_all_that_is_indented_below_it(marker: str) -> None:
    admonition = f"{marker}\n    One.\n\n    - two\n\n    ```\n    three\n    ```"
    assert texts(f"Before.\n\n{admonition}\n\nAfter.\n\n    code") == [
        ("paragraph", "Before."),
        ("quote", admonition),
        ("paragraph", "After."),
        ("code", "    code"),
    ]


@pytest.mark.parametrize("line", ["!!!", "Wait!!!", "??? ???"])
def test_marks_without_a_name_are_no_admonition(line: str) -> None:
    assert texts(f"{line}\n\n    code") == [("paragraph", line), ("code", "    code")]


@pytest.mark.parametrize("letter", ["ü", "日", "😀", "\ud800"])
def test_blocks_are_counted_in_code_points(letter: str) -> None:
    items = [f"- {letter * 3}", f"- {letter}"]
    text = f"# {letter}\n\n{items[0]}\n{items[1]}\n\n| {letter} |\n|---|\n| {letter * 2} |"
    heading, list_, table = blocks(text)
    assert [text[part.start : part.end] for part in (*list_.parts, *table.parts)] == [*items, f"| {letter * 2} |"]
    assert (heading.end, table.end) == (3, len(text))


def test_a_carriage_return_alone_ends_the_line_after_code() -> None:
    assert texts("\n    code\n\r\rtext") == [("code", "    code"), ("paragraph", "text")]


def test_a_new_page_is_white_space() -> None:
    assert texts("One.\n\f\nTwo.\n\n\f# Three") == [
        ("paragraph", "One."),
        ("paragraph", "Two."),
        ("heading", "# Three"),
    ]


def test_a_rule_with_keys_is_front_matter_only_where_the_text_begins() -> None:
    assert texts("One.\n\n---\ntitle: two\n---")[1:] == [("hidden", "---"), ("heading", "title: two\n---")]


def test_a_rule_with_nothing_right_below_it_hides_nothing() -> None:
    assert texts("---\n\nSeen.\n\n---") == [("hidden", "---"), ("paragraph", "Seen."), ("hidden", "---")]


@pytest.mark.parametrize("nested", ["> " * 10_000, "- " * 10_000, "[" * 50_000, "*a **" * 10_000, "<!--" * 10_000])
def test_a_text_may_be_nested_deeply(nested: str) -> None:
    block = only(f"{nested}x")
    assert (block.start, block.end) == (0, len(nested) + 1)


def test_no_text_has_no_blocks() -> None:
    assert blocks("") == blocks(" \n\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<table>\n\n<tr><td>a\n\nText\n\n</table>\n\nAfter", ["html", "paragraph"]),
        ("<table>\n\n<ul>\n\n</ul>\n\n</table>\n\n<ul>\n\n- b\n\n</ul>", ["html", "html"]),
        ("<table>\n\n<ul>\n\n</ul>\n\nAfter", ["html", "html", "paragraph"]),
        ("</table>\n\n<table>\n\n</table>", ["html", "html"]),
        ("<details>\n\nText\n\n</details>", ["html", "paragraph", "html"]),
    ],
    ids=["a table", "a list in a table", "a table without an end", "an end without a table", "details"],
)
def test_a_table_or_list_of_html_goes_on_to_its_end(text: str, expected: list[str]) -> None:
    assert [kind for kind, _ in texts(text)] == expected


def test_tables_without_an_end_take_no_time_of_their_own() -> None:
    assert len(blocks("<table>\n\n" * 5000)) == 5000
