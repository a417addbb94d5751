import pytest

from groundwire_server.domain.claims.dependence import qualifies, refers_back


@pytest.mark.parametrize(
    "sentence",
    [
        "It also floats.",
        "This rule holds on Sundays.",
        "The latter is cheaper.",
        "As such, parcels wait.",
        "However, parcels wait.",
        "They’re signed for at the desk.",
        "Diese Regel gilt auch sonntags.",
        "Das ist der Preis.",
        "Cette règle vaut aussi.",
        "C’est le prix.",
        "Esta regla vale también.",
        "Quest’ultimo costa di meno.",
        "Deze regel geldt ook.",
        "Isso custa dez euros.",
        "これは十ユーロです。",
    ],
)
def test_a_sentence_may_lean_on_the_one_before(sentence: str) -> None:
    assert refers_back(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Parcels wait in the mail room.",
        "The last parcel leaves at noon.",
        "Items of more than ten kilograms are carried by two.",
        "Das Haus hat zwei Türen.",
        "Les colis attendent à la loge.",
        "Los paquetes esperan en la recepción.",
    ],
)
def test_a_sentence_stands_by_itself(sentence: str) -> None:
    assert not refers_back(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Parcels wait, except on Sundays.",
        "Parcels are not signed for.",
        "Parcels don't wait.",
        "Parcels wait only if they are light.",
        "Parcels wait unless the room is full.",
        "Parcels wait, but letters leave.",
        "Pakete warten, außer sonntags.",
        "Les colis attendent, sauf le dimanche.",
        "Los paquetes no esperan.",
        "I pacchi aspettano tranne la domenica.",
        "Pakketten wachten, behalve op zondag.",
        "Os pacotes não esperam.",
        "荷物は待ちます。",
    ],
)
def test_a_sentence_may_limit_what_others_say(sentence: str) -> None:
    assert qualifies(sentence)


@pytest.mark.parametrize(
    "sentence", ["Parcels wait in the mail room.", "Pakete warten in der Poststelle.", "It costs 9."]
)
def test_a_sentence_limits_nothing(sentence: str) -> None:
    assert not qualifies(sentence)
