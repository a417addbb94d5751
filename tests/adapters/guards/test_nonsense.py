"""Which questions say nothing in any language."""

import pytest

from groundwire_server.adapters.guards.nonsense import NonsenseGuard
from groundwire_server.domain.guards.finding import Finding

GUARD = NonsenseGuard()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("🙂🙂🙂", "signs alone"),
        ("???!!!", "signs alone"),
        ("blah blah blah blah blah blah", "the same words"),
        ("Lorem ipsum dolor sit amet consectetur", "placeholder"),
        ("asdfghjkl", "no words"),
        ("xkqjz vbnmp wrtzk", "no words"),
        ("aaaaaaaaaaaa", "no words"),
        ("lalalalalala", "no words"),
        ("йцукенг фывапр", "no words"),
    ],
)
def test_nonsense_is_found_as_a_whole(text: str, rule: str) -> None:
    assert GUARD.find(text) == [Finding("nonsense", 0, len(text), rule)]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "What is nginx?", "kubectl", "xfs vs ext4", "HTTP TLS SSH DNS", "xyzzy", "AB-123", "ORA-00942"),
        *("Angstschweiß Selbstschutz", "Szczebrzeszyn", "Schwarzwald", "Þingvellir", "Nguyễn", "smrt", "Tchaikovsky"),
        *("strncpy sprintf", "ConnectionResetError errno 104", "really really really good", "no no", "¿Qué?", "Wo?"),
        *(
            "日本語",
            "这个多少钱",
            "كم السعر؟",
            "Сколько стоит?",
            "ΑΒΓΔ",
            "ราคาเท่าไร",
            "가격은?",
            "What does asdfgh mean?",
        ),
    ],
)
def test_what_somebody_may_ask_is_spared(text: str) -> None:
    assert not GUARD.find(text)


def test_it_looks_at_a_whole_text() -> None:
    assert not GUARD.by_word
    assert not GUARD.about("no words")
