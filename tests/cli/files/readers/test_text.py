"""Markdown, plain text, and in which encoding they are."""

import pytest

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.markdown import read, read_plain
from groundwire_server.cli.files.readers.port import UnreadableContentError


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("```sh\n# not the title\n```\n\n# The title", "The title"),
        ("---\ntitle: From the front\n---\n# Heading", "From the front"),
        ("---\ntitle: [a, b]\n---\n# Heading", "Heading"),
        ("<h1 align=center><img src=x><b>The</b> title</h1>\n\nText", "The title"),
        ("The title\n=========\n\nText", "The title"),
        ("## Second\n\n# First", "First"),
        ("Text\n\n### Only", "Only"),
        ("# The `code` *title* #", "The code title"),
        ("<!-- # Hidden -->\n\n# Seen", "Seen"),
        ("no heading", ""),
        ("---\n- a list\n---\n", ""),
        ("---\ntitle: [\n---\n# Heading", "Heading"),
    ],
)
def test_the_title_is_in_the_front_matter_or_the_first_heading(text: str, title: str) -> None:
    assert read(text.encode(), "a.md").title == title


def test_simple_values_of_the_front_matter_are_metadata() -> None:
    front = (
        "title: T\nweight: 4400\ndraft: false\ndate: 2026-11-27\ntags: [a, b]\nnested: {a: b}\nbad key: 1\nnan: .nan"
    )
    assert read(f"---\n{front}\n---\n".encode(), "a.md").metadata == {
        "weight": 4400,
        "draft": False,
        "date": "2026-11-27",
        "tags": ["a", "b"],
    }


@pytest.mark.parametrize("front", ["a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "[" * 20_000, "k" * 60_000 + ": 1"])
def test_a_hostile_front_matter_is_no_metadata(front: str) -> None:
    assert not read(f"---\n{front}\n---\n# Title".encode(), "a.md").metadata.keys() - {"a"}


def test_front_matter_never_exceeds_what_a_document_may_have() -> None:
    front = "\n".join(f"key{number}: {'x' * 300}" for number in range(100))
    assert 5 < len(read(f"---\n{front}\n---\n".encode(), "a.md").metadata) < 20


def test_plain_text_is_not_markdown() -> None:
    found = read_plain(b"# News\n\n# More\n", "a.txt")
    assert (found.markdown, found.title, found.text) == (False, "News", "# News\n\n# More\n")
    assert read_plain(b"News\n# More\n", "a.txt").title == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_is_certain_is_not_mentioned(encoding: str) -> None:
    assert decoded("Grüße, 日本".encode(encoding)) == ("Grüße, 日本", ())


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Die Straße ist gesperrt – für alle."),
        ("cp1251", "Потерянные ключи сдают дежурному. Почта открывается в девять часов утра."),
        ("shift_jis", "鍵をなくした場合は、管理人に届け出てください。郵便室は九時に開きます。"),
        ("gb18030", "丢失的钥匙请交给管理员。邮件室上午九点开门，星期日休息。"),
    ],
)
def test_an_encoding_that_was_guessed_is_told(encoding: str, text: str) -> None:
    found, (warning,) = decoded(text.encode(encoding))
    assert found == text
    assert warning.startswith("is not UTF-8: read as ")


def test_a_declared_encoding_counts_where_it_fits() -> None:
    assert decoded("Grüße".encode("latin-1"), "latin-1") == ("Grüße", ())
    assert decoded("Grüße".encode(), "no-such-encoding") == ("Grüße", ())
    assert decoded("联通".encode("gbk"), "gbk") == ("联通", ())


@pytest.mark.parametrize("declared", ["latin-1", "iso-8859-15", "windows-1252", "ascii", "koi8-r"])
def test_text_in_utf_8_is_read_so_where_a_single_byte_encoding_is_declared(declared: str) -> None:
    assert decoded("Grüße für 5 €".encode(), declared) == ("Grüße für 5 €", ())


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UnreadableContentError, match="not a text file"):
        decoded(b"\x7fELF\x02\x00\xff")
