"""Languages are told by script and function words, or not at all."""

import pytest

from groundwire_server.domain.claims.language import differ, language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The bridge was closed to traffic for a week.", "en"),
        ("Die Brücke war eine Woche lang für den Verkehr gesperrt.", "de"),
        ("Le pont est fermé à la circulation pour une semaine.", "fr"),
        ("El puente está cerrado al tráfico durante una semana y no se abre.", "es"),
        ("Il ponte è chiuso al traffico per una settimana.", "it"),
        ("De brug is een week lang niet open voor het verkeer.", "nl"),
        ("A ponte não é aberta e os carros não passam por uma semana.", "pt"),
        ("Мост закрыт на неделю.", "cyrillic"),
        ("Η γέφυρα έκλεισε.", "greek"),
        ("הגשר נסגר.", "hebrew"),
        ("الجسر مغلق", "arabic"),
        ("पुल बंद है", "devanagari"),
        ("สะพานปิด", "thai"),
        ("橋は閉鎖された。", "kana"),
        ("桥已关闭。", "han"),
        ("다리가 닫혔다", "hangul"),
        ("Rollo", ""),
        ("", ""),
        ("12 345", ""),
        ("\ud800 🙂", ""),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert language(text) == code


def test_languages_differ_only_where_both_are_known() -> None:
    assert differ("en", "de")
    assert not differ("en", "en")
    assert not differ("", "de")
    assert not differ("en", "")
