import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.plain_form import plain_form


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain", "plain"),
        ("＋４９ ３０", "+49 30"),
        ("٠٦١٢ ०१२", "0612 012"),
        ("030\u2011901\u2013820", "030-901-820"),
        ("1\u00a02\u202f3\u30004", "1 2 3 4"),
        ("ab\u00adc\u200b\u200bd", "abcd"),
        ("\u200e+1\u200f", "+1"),
        ("Straße 五", "Straße 五"),
        ("\u200b", ""),
        ("+49\ufe0f 30\u034f", "+49 30"),
        ("\U0001d400\U0001d41b", "Ab"),
    ],
)
def test_digits_dashes_and_spaces_of_any_script_are_ascii_ones(text: str, plain: str) -> None:
    assert plain_form(text).text == plain


def test_a_text_that_has_nothing_to_change_is_not_copied() -> None:
    for text in ("plain 12", "Straße und Größe"):
        assert plain_form(text).text is text


@given(st.lists(st.sampled_from(["a", "1", "\u200b", "\u00ad", "٣", "ß", "😀", "\u2013"])).map("".join), st.data())
def test_every_span_is_that_of_the_same_characters_in_the_original(text: str, data: st.DataObject) -> None:
    plain = plain_form(text)
    if not plain.text:
        return
    start = data.draw(st.integers(0, len(plain.text) - 1))
    end = data.draw(st.integers(start + 1, len(plain.text)))
    first, last = plain.original(start, end)
    assert plain_form(text[first:last]).text == plain.text[start:end]
    assert text[first] not in "\u200b\u00ad"
    assert text[last - 1] not in "\u200b\u00ad"
