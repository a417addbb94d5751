"""Sentences that say alone what they say in their text."""

import pytest

from groundwire_server.domain.text.standalone import standalone_sentences

_LONG = (
    "Employees may remove the covers, " + "for cleaning and for inspection, " * 18 + "unless the machine is running."
)
_CODE = "\n".join(f"Set_{number} = compute(value, number={number})" for number in range(15))


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
        ("- Never do:\n  - bark\n- Cats purr.", ["- Never do:", "- Cats purr."]),
        ("- Never do:\n\n      bark()\n\n- Cats purr.", ["- Never do:", "- Cats purr."]),
        ("You may not:\n- do so:\n  - bark\n- purr\n\nDogs bark.", ["You may not:", "Dogs bark."]),
        ("1. You may not:\n- bark\n- purr", ["1. You may not:"]),
        ("- You may not:\n- bark\n- purr", ["- You may not:"]),
        (f"```\n{_CODE}\n```", [_CODE]),
        (f"{_CODE}\n\nCats purr.", [_CODE, "Cats purr."]),
        (_CODE, []),
        (_LONG, [_LONG]),
        (_LONG.rpartition(", ")[0], []),
        ("", []),
    ],
)
def test_what_its_text_may_deny_does_not_stand_alone(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in standalone_sentences(text)] == expected
