import pytest

from groundwire_server.domain.text.language_tag import language_tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        ("EN-gb", "en-GB"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("zh-yue", "zh-yue"),
        ("de-CH-1996", "de-CH-1996"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-DE-u-co-phonebk", "de-DE"),
        ("en-GB-x-ignore-rules", "en-GB"),
    ],
)
def test_a_tag_is_what_everybody_understands_of_it(text: str, tag: str) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize(
    "text", ["", "e", "en_GB", "en-", "-en", "x-klingon", "en GB", "englishlanguage", "en-GB\n", "é", "en-GB" * 20]
)
def test_what_is_not_a_tag_is_none(text: str) -> None:
    assert language_tag(text) is None
