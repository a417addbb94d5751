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
        ('+++\ntitle = "From TOML"\n+++\n# Heading', "From TOML"),
        ('+++\r\ntitle = "From TOML"\r\n+++\r\n', "From TOML"),
        ("+++\ntitle =\n+++\n# Heading", "Heading"),
        ("# Pods {#pods .wide}", "Pods"),
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


def test_front_matter_in_toml_is_metadata() -> None:
    front = 'title = "T"\nweight = 3\ndate = 2026-11-27\ntags = ["a", "b"]\nbig = inf\n[nested]\na = 1'
    assert read(f"+++\n{front}\n+++\nText".encode(), "a.md").metadata == {
        "weight": 3,
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


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_guessed(encoding: str) -> None:
    text = "The valve opens at nine – every day.\r\n"
    assert decoded(text.encode(encoding)) == (
        text,
        (f"does not name its encoding: read as {encoding}, which is a guess",),
    )


def test_lines_in_another_encoding_do_not_change_the_others() -> None:
    content = "Straße, Brücke, Größe\n".encode() + "Café\n".encode("latin-1")
    assert decoded(content) == (
        "Straße, Brücke, Größe\nCafé\n",
        ("is not UTF-8 throughout: 1 byte read as cp1252, which is a guess",),
    )


def test_zero_bytes_that_have_strayed_into_a_text_are_left_out() -> None:
    found, (warning,) = decoded(b"word " * 300 + b"\0" + b"word")
    assert (found, warning) == ("word " * 300 + "word", "has characters of the value zero: they are left out")


@pytest.mark.parametrize("content", [b"name\0size\0mode\0", b"\0" * 5000, b"a\0b\0" * 9 + b"\0\0c" * 9])
def test_a_file_with_many_zero_bytes_is_no_text(content: bytes) -> None:
    with pytest.raises(UnreadableContentError, match="is not a text file"):
        decoded(content)


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
