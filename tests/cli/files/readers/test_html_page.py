"""HTML as Markdown."""

import pytest

from groundwire_server.cli.files.readers.html_page import read

PAGE = """<!doctype html><html><head><title>Fees | Site</title><style>p {}</style></head><body>
<header>Site name</header><nav><ul><li>Home</li></ul></nav>
<main><h1>Fees</h1><p>These are <b>the</b> fees:</p>
<table><thead><tr><th>Land</th><th>Fee</th></tr></thead><tr><td>Peru</td><td>12 | 13</td></tr></table>
<h2>How to pay</h2><ol><li>Open<ul><li>the app</li></ul></li><li>Pay</li></ol>
<pre><code class="language-sh">pay --fee 12

pay --all</code></pre>
<p hidden>secret</p><p aria-hidden="true">secret</p><div style="color: red; DISPLAY : none">secret</div>
<template><p>secret</p></template><script>secret()</script><!-- secret --><noscript>secret</noscript>
<p>&lt;!-- not hidden --&gt;</p><p><a href="/x">A link</a></p></main>
<footer>Imprint</footer></body></html>"""


def test_the_main_content_is_read_with_its_structure() -> None:
    found = read(PAGE.encode(), "a.html")
    assert found.title == "Fees"
    assert found.text.startswith(
        "# Fees\n\nThese are **the** fees:\n\n| Land | Fee |\n| --- | --- |\n| Peru | 12 \\| 13 |"
    )
    assert "## How to pay\n\n1. Open\n   - the app\n2. Pay\n" in found.text
    assert "```sh\npay --fee 12\n\npay --all\n```" in found.text
    assert "[A link](/x)" in found.text


@pytest.mark.parametrize("unseen", ["secret", "Site name", "Home", "Imprint", "p {}"])
def test_what_nobody_reads_is_left_out(unseen: str) -> None:
    assert unseen not in read(PAGE.encode(), "a.html").text


def test_a_comment_that_is_shown_is_no_comment_of_markdown() -> None:
    assert "\n\\<!-- not" in read(PAGE.encode(), "a.html").text
    assert "not hidden" in read(PAGE.encode(), "a.html").text


def test_a_page_without_main_content_is_read_whole() -> None:
    assert read(b"<title>Mail</title><p>One.<p>Two.", "a.html").text == "One.\n\nTwo.\n"
    assert read(b"<title>Mail</title><p>One.<p>Two.", "a.html").title == "Mail"


def test_several_articles_are_all_read() -> None:
    assert read(b"<body><article>One.</article><article>Two.</article>", "a.html").text.split() == ["One.", "Two."]


def test_a_paragraph_that_begins_like_a_heading_is_none() -> None:
    assert read(b"<p># 5 is the number</p><p>1. Open</p>", "a.html").text == "\\# 5 is the number\n\n1. Open\n"


def test_latin_1_has_quotation_marks_and_the_euro_sign() -> None:
    page = b"<html><head><meta charset=iso-8859-1></head><body><p>\x93Five\x94 is 5 \x80</p>"
    assert read(page, "a.html").text == "“Five” is 5 €\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "<tr><th>City<th>Year<th>Fee<tr><td rowspan=2>Bonn<td>2020<td>5<tr><td>2021<td>6<tr><td>Ulm<td>2022<td>7",
            ["| City | Year | Fee |", "| Bonn | 2020 | 5 |", "| Bonn | 2021 | 6 |", "| Ulm | 2022 | 7 |"],
        ),
        (
            "<tr><th>Year<th>Fee<th>City<tr><td>2020<td>5<td rowspan=9>Bonn<tr><td>2021<td>6",
            ["| Year | Fee | City |", "| 2020 | 5 | Bonn |", "| 2021 | 6 | Bonn |"],
        ),
        (
            "<tr><th>City<th>Fees<tr><td>Bonn<td><table><tr><td>adults<td>9<tr><td>children<td>4</table>",
            ["| City | Fees |", "| Bonn | adults, 9; children, 4 |"],
        ),
    ],
    ids=["in front", "at the end", "table in a cell"],
)
def test_rows_have_all_of_their_cells(rows: str, expected: list[str]) -> None:
    found = read(f"<table>{rows}</table>".encode(), "a.html").text.splitlines()
    assert [" ".join(line.split()) for line in found if "---" not in line] == expected


def test_a_table_for_the_layout_is_none() -> None:
    inner = "<table><tr><th>City<th>Fee<tr><td>Bonn<td>9</table>"
    page = f"<table><tr><td>Menu<td><h1>Fees</h1><p>These are they:</p>{inner}</table>"
    found = read(page.encode(), "a.html").text
    assert "# Fees\n\nThese are they:\n\n| City | Fee |\n| --- | --- |\n| Bonn | 9 |" in found
