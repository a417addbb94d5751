"""HTML as Markdown."""

import pytest

from groundwire_server.markup.html import markdown_of, without_html


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One <b>bold</b> <i>word</i>\nand <code>a &lt; b</code></p>Two", "One **bold** *word* and `a < b`\n\nTwo"),
        ("<p>One<p>Two", "One\n\nTwo"),
        ("a<br>b<br/>\nc", "a\nb\nc"),
        ("<h2 align=center><img src=a.png alt=Logo> Fees</h2>", "## Fees"),
        ("<h1><a href=x><img src=a.png alt='The mail room'></a></h1>", "# The mail room"),
        ("<ul><li>one<li>two<ol start=3><li>x</ol></ul>", "- one\n- two\n\n  3. x"),
        ("<ul><li>one<ul><li>x</ul></ul>", "- one\n  - x"),
        ("<dl><dt>A<dt>B<dd>both<dt>C<dd>one</dl>", "- **A, B**: both\n- **C**: one"),
        ("<details><summary>More</summary>Text.</details>", "**More**\n\nText."),
        ("<pre><code class=language-sh>pay &amp;&amp; go\n  now</code></pre>", "```sh\npay && go\n  now\n```"),
        ("<blockquote><p>a<p>b</blockquote>", "> a\n>\n> b"),
        ('<a href="/x">there</a> <a href="#y">here</a> <a href="javascript:x()">this</a>', "[there](/x) here this"),
        ("<p># no heading</p><p>&lt;b&gt; and ``` are shown", "\\# no heading\n\n\\<b> and \\``` are shown"),
        ("<p hidden>a</p><p style='display: none'>b</p><script>c</script><!-- d --><template>e</template>f", "f"),
        ("<a name=x></a></div></td>", ""),
        ("<b>open <p>and <i>never closed", "open\n\nand *never closed*"),
        ("1 < 2 and a<b", "1 < 2 and a\\<b"),
    ],
)
def test_html_is_read_as_what_it_is(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        ("<tr><th>Land<th>Fee<tr><td>Peru<td>12", ["| Land | Fee |", "| --- | --- |", "| Peru | 12 |"]),
        ("<tr><td>Land<td>2019<tr><td>Peru<td>12", ["| Land | 2019 |", "| --- | --- |", "| Peru | 12 |"]),
        ("<tr><td>Peru<td>12<tr><td>Chile<td>9", ["|  |  |", "| --- | --- |", "| Peru | 12 |", "| Chile | 9 |"]),
        ("<tr><th>Peru<td>12<tr><th>Chile<td>9", ["|  |  |", "| --- | --- |", "| Peru | 12 |", "| Chile | 9 |"]),
        (
            "<thead><tr><th rowspan=2>Land<th colspan=2>Fee<tr><th>2024<th>2025<tbody><tr><td>Peru<td>12<td>13",
            ["| Land | Fee 2024 | Fee 2025 |", "| --- | --- | --- |", "| Peru | 12 | 13 |"],
        ),
        (
            "<caption>Fees</caption><tr><th>A<th>B<tr><td>1<td>2",
            ["Fees:", "", "| A | B |", "| --- | --- |", "| 1 | 2 |"],
        ),
        ("<tr><th colspan=2>Fees<tr><th>A<th>B<tr><td>1<td>2", ["Fees", "", "| A | B |", "| --- | --- |", "| 1 | 2 |"]),
        ("<tr><td>Text alone", ["Text alone"]),
        ("<tr><td><h2>Left</h2>a<td><h2>Right</h2>b", ["## Left", "", "a", "", "## Right", "", "b"]),
    ],
    ids=["header", "years", "data", "names", "two rows", "caption", "title", "one cell", "layout"],
)
def test_a_table_has_its_header(html: str, rows: list[str]) -> None:
    assert markdown_of(f"<table>{html}</table>").splitlines() == rows


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<ul><li>a</li><li>b</li></ul>", "a; b"),
        ("<p>Either<ol><li>a<li>b</ol>", "Either a; b"),
        ("<pre>pay --all\npay | log</pre>", "`pay --all` `pay \\| log`"),
        ("<p>a<p>b", "a b"),
        ("a<br>b", "a b"),
        ("<dl><dt>A<dd>one<dt>B<dd>two</dl>", "**A**: one; **B**: two"),
        ("<table><tr><td>adults<td>9<tr><td>children<td>4</table>", "adults, 9; children, 4"),
        ("<code>a`b</code>", "``a`b``"),
    ],
)
def test_what_is_in_a_cell_stays_apart_on_one_line(cell: str, said: str) -> None:
    found = markdown_of(f"<table><tr><th>A<th>B<tr><td>{cell}<td>end</table>")
    assert found.splitlines()[-1] == f"| {said} | end |"


def test_markdown_between_tags_is_read_too() -> None:
    html = (
        "<table><tr><th>A</th><th>B</th></tr><tr><td>\n\n**12** EUR:\n\n```sh\npay\n```\n\n</td><td>b</td></tr></table>"
    )
    assert without_html(html).splitlines()[-1] == "| **12** EUR: `pay` | b |"


@pytest.mark.parametrize(
    "html",
    ["<div>" * 5000, "<table><tr><td>" * 5000, "<b><p>" * 5000, "<a " * 50_000, '<a "' * 50_000, "<!" * 50_000],
)
def test_html_without_an_end_is_read_to_its_end(html: str) -> None:
    assert markdown_of(f"<p>first</p>{html}>last").startswith("first")


def test_cells_that_span_more_than_there_is_take_no_room() -> None:
    rows = "".join(f"<tr><td rowspan=99999 colspan=99999>{number}" for number in range(300))
    assert len(markdown_of(f"<table><tr><td>a<td>b{rows}</table>")) < 20_000
