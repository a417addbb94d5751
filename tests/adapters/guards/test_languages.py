"""Which questions are in a language that is not served."""

import pytest

from groundwire_server.adapters.guards.languages import LanguagesGuard, UnknownLanguageError
from groundwire_server.domain.guards.finding import Finding


@pytest.mark.parametrize(
    ("served", "text", "other"),
    [
        ("en", "Was kostet das Paket nach Österreich und wie lange dauert es?", "de"),
        ("en de", "Quel est le prix de la livraison ?", "fr"),
        ("en", "Hoeveel kost het pakket naar België?", "nl"),
        ("en", "価格はいくらですか", "ja"),
        ("en", "这个多少钱", "han"),
        ("en", "가격은 얼마입니까?", "ko"),
        ("en", "ราคาเท่าไร", "th"),
        ("ru", "Яка ціна доставки і що це означає?", "uk"),
        ("zh", "What is the price of this?", "en"),
    ],
)
def test_a_question_in_another_language_is_found(served: str, text: str, other: str) -> None:
    assert LanguagesGuard(served.split()).find(text) == [Finding("language", 0, len(text), other)]


@pytest.mark.parametrize(
    ("served", "text"),
    [
        *[("en", text) for text in ("What is the price?", "Kubernetes", "Die Hard", "What does 你好 mean?", "🙂", "")],
        *[("en", text) for text in ("laissez-faire economics", "Who was Marie de la Tour?", "kargo ne kadar?")],
        *[
            ("en de", "Was kostet das Paket?"),
            ("zh", "这个多少钱"),
            ("ja", "東京駅"),
            ("ru", "Сколько стоит доставка?"),
        ],
        *[("fa", "قیمت چقدر است؟"), ("ar", "كم سعر التوصيل إلى المدينة؟"), ("mr", "किंमत किती आहे?")],
    ],
)
def test_a_question_that_may_be_in_a_served_language_is_spared(served: str, text: str) -> None:
    guard = LanguagesGuard(served.split())
    assert not guard.find(text)
    assert not guard.by_word
    assert not guard.about("de")


def test_a_language_that_is_not_told_apart_is_refused() -> None:
    with pytest.raises(UnknownLanguageError, match=r"^tlh, xx: not among am, ar,"):
        LanguagesGuard(["en", "xx", "tlh"])
