"""Chunks of Markdown: what stays together, and what is repeated where it cannot."""

import pytest

from groundwire_server.corpus.chunking import ChunkDraft, chunks
from groundwire_server.corpus.measure import CHUNK_CHARACTERS, TextMeasure
from groundwire_server.domain.document import PassageKind

LONG = "The Normans gave their name to Normandy, and stayed there for good. "
"""A sentence of 68 characters."""


def cut(text: str, measure: TextMeasure | None = None) -> list[ChunkDraft]:
    found = list(chunks(text, measure or TextMeasure()))
    assert all(len(each.text) <= CHUNK_CHARACTERS for each in found)
    return found


def texts(text: str) -> list[str]:
    return [each.text for each in cut(text)]


def test_a_section_begins_a_chunk_that_has_its_heading() -> None:
    text = f"# Guide\n\n{LONG * 3}\n\n## Install\n\n{LONG * 3}\n\n### Linux\n\n{LONG * 3}\n\n## Use\n\n{LONG * 3}"
    found = cut(text)
    assert [each.place().section for each in found] == [
        ("Guide",),
        ("Guide", "Install"),
        ("Guide", "Install", "Linux"),
        ("Guide", "Use"),
    ]
    assert [each.text.splitlines()[0] for each in found] == ["# Guide", "## Install", "### Linux", "## Use"]


def test_a_heading_without_text_stands_above_the_first_section_below_it() -> None:
    (found,) = cut("# Guide\n\n## Install\n\nRun it.")
    assert found.text == "# Guide\n\n## Install\n\nRun it."
    assert found.place().section == ("Guide", "Install")


def test_tiny_sections_under_one_parent_stand_together() -> None:
    tiny = "\n\n".join(f"## Version {number}\n\n- fixed {number}" for number in range(3))
    (found,) = cut(f"# Changes\n\n{tiny}")
    assert found.place().section == ("Changes",)


def test_tiny_sections_under_two_parents_do_not() -> None:
    found = cut("# One\n\n## A\n\nText.\n\n# Two\n\n## B\n\nText.")
    assert [each.place().section for each in found] == [("One", "A"), ("Two", "B")]


def test_a_long_table_has_its_header_in_each_chunk() -> None:
    rows = [f"| Country {number} | {number} | {'x' * 40} |" for number in range(60)]
    header = "| Country | Fee | Note |\n|---|---|---|"
    found = cut(f"## Fees\n\nThese are the fees:\n\n{header}\n" + "\n".join(rows))
    assert len(found) > 3
    assert found[0].text.startswith(f"## Fees\n\nThese are the fees:\n\n{header}\n| Country 0 ")
    assert all(each.text.startswith(f"{header}\n| Country") for each in found[1:])
    assert [line for each in found for line in each.text.splitlines() if "xxx" in line] == rows
    assert {each.place().kind for each in found} == {PassageKind.TABLE}


def test_a_long_list_has_its_lead_in_in_each_chunk() -> None:
    items = [f"- item {number} {'x' * 60}" for number in range(40)]
    found = texts("Supported are:\n\n" + "\n".join(items))
    assert len(found) > 3
    assert all(each.startswith("Supported are:\n\n- item ") for each in found)
    assert [line for each in found for line in each.splitlines() if line.startswith("-")] == items


def test_long_code_stays_code_in_each_chunk() -> None:
    lines = [f"run --number {number} {'x' * 60}" for number in range(40)]
    found = cut("Run:\n\n```sh\n" + "\n".join(lines) + "\n```")
    assert len(found) > 3
    assert found[0].text.startswith("Run:\n\n```sh\n")
    assert all(each.text.endswith("\n```") and "```sh\n" in each.text for each in found)
    assert [line for each in found for line in each.text.splitlines() if line.startswith("run")] == lines
    assert {each.place().kind for each in found} == {PassageKind.CODE}


@pytest.mark.parametrize(
    "block",
    ["```\ncode\n```", "| a | b |\n|---|---|\n| 1 | 2 |", "- one\n- two", "1. one\n2. two", "    indented"],
    ids=["fence", "table", "list", "steps", "indented"],
)
@pytest.mark.parametrize("before", [LONG * 11, LONG * 3], ids=["long", "short"])
def test_a_block_comes_with_the_sentence_before_it(before: str, block: str) -> None:
    found = texts(f"{LONG * 8}\n\n{before.strip()}\n\n{block}\n\nAfter.")
    (holding,) = [each for each in found if block in each]
    assert f"{LONG.strip()}\n\n{block}" in holding


@pytest.mark.parametrize(
    "question", ["**How do I pay?**", "__How do I pay?__", "**How do I pay**?", "### How do I pay?"]
)
def test_a_question_comes_with_its_answer(question: str) -> None:
    answer = f"By card. {LONG * 4}".strip()
    found = texts(f"{LONG * 8}\n\n{question}\n\n{answer}")
    assert found[-1] == f"{question}\n\n{answer}"


def test_a_heading_is_never_cut_from_the_long_paragraph_below_it() -> None:
    found = texts(f"# Head\n\n{LONG * 30}")
    assert found[0].startswith(f"# Head\n\n{LONG.strip()}")
    assert len(found) == 3


def test_what_nobody_sees_is_in_no_chunk() -> None:
    text = (
        "---\ntitle: front secret\n---\n\nSeen <!-- inline secret --> text.\n\n"
        "<!-- block secret\n\nof two paragraphs -->\n\n"
        "- item <!-- nested secret -->\n\n  <!-- block in item secret -->\n\n"
        "| a | b |\n|---|---|\n| 1 <!-- cell secret --> | 2 |\n\n"
        "<style>\np { color: secret }\n</style>\n\n<script>\nsecret()\n</script>\n\n[link]: https://example.org/secret\n"
    )
    found = "\n\n".join(texts(text))
    assert "secret" not in found
    assert all(word in found for word in ("Seen", "text.", "- item", "| 1 "))


@pytest.mark.parametrize(
    ("quotation", "text"),
    [
        (
            "> Parcels wait\n> for ten days.\n>\n> Then they go back.",
            "Parcels wait\nfor ten days.\n\nThen they go back.",
        ),
        ("> [!WARNING]\n> Parcels wait.", "Parcels wait."),
        ("> [!NOTE] Mail\n> Parcels wait.", "Mail\nParcels wait."),
        (">> Parcels\n> > wait.", "Parcels\nwait."),
        ("> Run:\n>\n> ```\n> # all\n> drain\n> ```", "Run:\n\n```\n# all\ndrain\n```"),
        ("> - a\n> - b", "- a\n- b"),
        ("> | a | b |\n> |---|---|\n> | 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ],
)
def test_a_quotation_is_without_its_marks(quotation: str, text: str) -> None:
    assert texts(quotation) == [text]


def test_a_heading_in_a_quotation_begins_no_section() -> None:
    (chunk,) = cut("# Mail\n\n> ## Note\n> Parcels wait.\n\nThe room is small.")
    assert (chunk.section, chunk.text) == (("Mail",), "# Mail\n\n**Note**\n\nParcels wait.\n\nThe room is small.")


def test_text_after_a_comment_is_seen() -> None:
    assert texts("<!-- secret --> Open from nine.") == ["Open from nine."]


@pytest.mark.parametrize(
    "code",
    ["```html\n<!-- shown -->\n```", "Write `<!-- shown -->` there.", "- item\n\n  ```html\n  <!-- shown -->\n  ```"],
    ids=["fence", "span", "fence in an item"],
)
def test_comments_in_code_are_text(code: str) -> None:
    assert texts(code) == [code]


def test_rows_that_are_too_long_are_cut() -> None:
    found = texts("| a | b |\n|---|---|\n| " + LONG * 30 + "| end |")
    assert len(found) > 2
    assert "end" in found[-1]


@pytest.mark.parametrize("line", ["# Head", "Lead-in:", "**Why?**"])
def test_thousands_of_headings_without_text_are_text(line: str) -> None:
    text = f"{line}\n\n" * 5000
    assert "".join("".join(texts(text)).split()) == "".join(text.split())


def test_a_header_that_is_padded_is_repeated_without_its_padding() -> None:
    lines = [f"| {'Name':<400} | Note |", f"|{'-' * 402}|------|"]
    lines += [f"| {f'name {number}':<400} | note {number} |" for number in range(60)]
    found = texts("\n".join(lines))
    assert len(found) == 2
    assert all(each.startswith("| Name | Note |\n|---|---|\n| name ") for each in found)


def test_a_header_that_is_too_long_to_repeat_is_not() -> None:
    header = "| " + " | ".join(f"column {number} {'x' * 20}" for number in range(20)) + " |"
    delimiters = "|" + "---|" * 20
    rows = ["| " + " | ".join(f"{row}.{number}" for number in range(20)) + " |" for row in range(20)]
    found = texts("\n".join([header, delimiters, *rows]))
    assert "".join("".join(found).split()) == "".join(f"{header}{delimiters}{''.join(rows)}".split())


def test_a_section_is_measured_in_what_the_embedder_reads() -> None:
    found = cut("```\n" + "x = 1\n" * 100 + "```", TextMeasure(_small))
    assert len(found) == 2
    assert all(_small(each.text) <= 1 for each in found)


def _small(text: str) -> float:
    """How much of an embedder that reads 200 letters a text takes."""
    return len("".join(text.split())) / 200


HTML = """\
<h1 align="center"><img src="logo.png"><br>Fees</h1>

<table>

<tr><th>Land</th><th>Fee</th></tr>

<tr><td>Peru</td><td>

**12** EUR

</td></tr>
</table>

<details>
<summary>How to <b>pay</b></summary>

Press <kbd>Pay</kbd> or run `<b>`:

- <i>one</i>

</details>
"""


def test_html_in_markdown_is_read_as_markdown() -> None:
    (found,) = cut(HTML)
    assert found.place().section == ("Fees",)
    assert found.text == (
        "# Fees\n\n| Land | Fee |\n| --- | --- |\n| Peru | **12** EUR |\n\n"
        "**How to pay**\n\nPress Pay or run `<b>`:\n\n- one"
    )


def test_a_long_table_of_html_has_its_header_in_each_chunk() -> None:
    rows = "".join(f"<tr><td>Country {number}</td><td>{'x' * 40}</td></tr>\n" for number in range(60))
    found = cut(f"<table><tr><th>Country</th><th>Note</th></tr>\n{rows}</table>")
    assert len(found) > 2
    assert all(each.text.startswith("| Country | Note |\n| --- | --- |\n| Country") for each in found)
    assert {each.place().kind for each in found} == {PassageKind.TABLE}


def test_a_table_of_html_without_an_end_does_not_hide_what_follows() -> None:
    assert "# Next" in texts("<table><tr><td>a\n\n# Next\n\nText.")[-1]
