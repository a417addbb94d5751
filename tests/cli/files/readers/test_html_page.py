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
    assert "<!-- not" not in read(PAGE.encode(), "a.html").text
    assert "not hidden" in read(PAGE.encode(), "a.html").text


def test_a_page_without_main_content_is_read_whole() -> None:
    assert read(b"<title>Mail</title><p>One.<p>Two.", "a.html").text == "One.\n\nTwo.\n"
    assert read(b"<title>Mail</title><p>One.<p>Two.", "a.html").title == "Mail"


def test_several_articles_are_all_read() -> None:
    assert read(b"<body><article>One.</article><article>Two.</article>", "a.html").text.split() == ["One.", "Two."]
