import pytest

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import mask
from groundwire_server.domain.guards.said_again import FoldedText, folded, standing
from tests.timed import least_time

KEY = "AKIA4XJ2QW7RTY5U"


def hidden(text: str, words: str) -> str:
    spans = FoldedText(text).said_again(words, folded(words))
    return mask(text, [Finding("it", *span) for span in spans]).text


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        (f"It is {KEY}.", KEY, "It is [it]."),
        (f"It is {KEY.lower()}, {KEY}!", KEY, "It is [it], [it]!"),
        (f"It is **{KEY}** or _{KEY}_.", KEY, "It is **[it]** or _[it]_."),
        (f"It is x{KEY}y.", KEY, "It is [it]."),
        ("It is AKIA4XJ2-QW7RTY**5U**.", KEY, "It is [it]**."),
        ("It is \u00c1KIA4XJ2QW7RTY5U.", KEY, "It is [it]."),
        ("It is \uff21KIA\u0664XJ2QW7RTY5U.", KEY, "It is [it]."),
        (f"It is {KEY[:-3]}, then {KEY[-6:]} or {KEY[:5]}.", KEY, f"It is [it], then [it] or {KEY[:5]}."),
        ("In 1980, on 12/05/1980.", "12.05.1980", "In 1980, on [it]."),
        ("Gate 1234 of B-AB-1234.", "B-AB 1234", "Gate 1234 of [it]."),
        ("It begins with Tr0ub.", "Tr0ub4dor&", "It begins with [it]."),
        ("It is 100000 or 370400440532.", "DE89370400440532100000", "It is 100000 or [it]."),
        ("\u7801\u662fTr0ub4dor&3\u3002", "Tr0ub4dor&3", "\u7801\u662f[it]\u3002"),
        ("Tr0ub4dor & 3", "Tr0ub4dor&3", "[it] & 3"),
        ("Call 030 / 90-18-20.", "030 901820", "Call [it]."),
        ("Call 030 / 90-18-20.", "030901820", "Call [it]."),
        ("It has 2024 summers of summer 2024.", "summer2024", "It has 2024 summers of summer 2024."),
        ("Ann is annual, 42 and 421.", "Ann", "Ann is annual, 42 and 421."),
        ("Room 4711 and 47110.", "4711", "Room [it] and 47110."),
        ("", KEY, ""),
        ("text", "", "text"),
    ],
)
def test_words_are_found_as_people_and_models_change_them(text: str, words: str, expected: str) -> None:
    assert hidden(text, words) == expected


def test_exact_words_stand_whole_where_words_have_spaces() -> None:
    assert list(standing("42, 421 and \u5e7442\u5c81", "42")) == [(0, 2), (13, 15)]


@pytest.mark.parametrize("text", ["a" * 40_000, "a_" * 20_000, "a1!" * 15_000, f"{KEY} " * 2_000, "\u0301" * 40_000])
def test_long_texts_take_time_in_proportion(text: str) -> None:
    assert least_time(lambda: hidden(text, KEY), enough=1.0) < 1.0
