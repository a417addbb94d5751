"""Sentences that say alone what they say in their text."""

import pytest

from groundwire_server.domain.text.standalone import standalone_sentences

_LONG = (
    "Employees may remove the covers, " + "for cleaning and for inspection, " * 18 + "unless the machine is running."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cats purr. Dogs bark.", ["Cats purr.", "Dogs bark."]),
        ("You may not:\n- use the VPN\n- share a key\n\nCats purr.", ["You may not:", "Cats purr."]),
        ("These claims are false:\n\nCats bark.\n\nDogs bark.", ["These claims are false:", "Dogs bark."]),
        ("- Cats purr.\n- Dogs bark.", ["- Cats purr.", "- Dogs bark."]),
        ('He said: "Cats bark. All do. Dogs purr," and was wrong. Cats purr.', ["Cats purr."]),
        ("He said “Cats bark. All do.” Cats purr.", ["Cats purr."]),
        ('A pipe of 5" is thick.\n\nCats purr.', ["Cats purr."]),
        ('The "def" statement is compound. Cats purr.', ['The "def" statement is compound.', "Cats purr."]),
        ("bark at night. Dogs bark.", ["Dogs bark."]),
        (_LONG, [_LONG]),
        (_LONG.rpartition(", ")[0], []),
        ("", []),
    ],
)
def test_what_its_text_may_deny_does_not_stand_alone(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in standalone_sentences(text)] == expected
