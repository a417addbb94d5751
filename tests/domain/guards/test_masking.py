import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import Mask, mask


def emails(text: str) -> list[Finding]:
    return [Finding("email", found.start(), found.end()) for found in re.finditer(r"\w+@\w+", text)]


def test_a_placeholder_stands_for_each_finding() -> None:
    masked = mask("a@b or c@d.", emails("a@b or c@d."))
    assert masked.text == "[email] or [email]."
    assert masked.masks == (Mask("email", 0, 7, "a@b"), Mask("email", 11, 18, "c@d"))
    assert [masked.text[each.start : each.end] for each in masked.masks] == ["[email]", "[email]"]


def test_a_text_without_findings_stays() -> None:
    assert mask("nothing", []).text == "nothing"
    assert mask("nothing", []).masks == ()


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([Finding("phone", 0, 4), Finding("card", 2, 9)], "[card]9"),
        ([Finding("card", 0, 9), Finding("phone", 2, 4)], "[card]9"),
        ([Finding("phone", 2, 4), Finding("phone", 2, 4)], "01[phone]456789"),
        ([Finding("phone", 0, 4), Finding("email", 4, 8)], "[phone][email]89"),
        ([Finding("a", 0, 3), Finding("b", 2, 5), Finding("c", 4, 9)], "[c]9"),
        ([Finding("b", 5, 7), Finding("a", 0, 2)], "[a]234[b]789"),
    ],
)
def test_overlapping_findings_get_the_placeholder_of_the_longest(findings: list[Finding], expected: str) -> None:
    assert mask("0123456789", findings).text == expected


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("Write to", "Write to"),
        ("to ab@cd", "to [email]"),
        ("b@c", "[email]"),
        ("d today.", "[email] today."),
        (" today.", " today."),
        ("Write to ab@cd today. Or e@f", "Write to [email] today. Or [email]"),
        ("e@f", "[email]"),
        ("Or", "Or"),
    ],
)
def test_a_span_of_the_text_is_found_in_the_masked_text(original: str, expected: str) -> None:
    text = "Write to ab@cd today. Or e@f"
    masked = mask(text, emails(text))
    start, end = masked.span(text.index(original), text.index(original) + len(original))
    assert masked.text[start:end] == expected


@pytest.mark.parametrize(
    ("masked", "expected"),
    [
        ("Write to", "Write to"),
        ("to [email]", "to ab@cd"),
        ("[email", "ab@cd"),
        ("mail] t", "ab@cd t"),
        (" today.", " today."),
        ("Or [email]", "Or e@f"),
        ("Write to [email] today. Or [email]", "Write to ab@cd today. Or e@f"),
    ],
)
def test_a_span_of_the_masked_text_is_found_in_the_text(masked: str, expected: str) -> None:
    text = "Write to ab@cd today. Or e@f"
    whole = mask(text, emails(text))
    at = whole.text.index(masked)
    start, end = whole.original_span(at, at + len(masked))
    assert text[start:end] == expected


@given(st.text("01 "), st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9))))
def test_every_span_moves_with_its_words(text: str, stretches: list[tuple[int, int]]) -> None:
    findings = [Finding("x", start, min(start + length, len(text))) for start, length in stretches if start < len(text)]
    masked = mask(text, findings)
    covered = {place for each in findings for place in range(each.start, each.end)}
    for place in range(len(text)):
        start, end = masked.span(place, place + 1)
        assert masked.text[start:end] == ("[x]" if place in covered else text[place])
        assert masked.original_span(start, end) == (place, place + 1) or place in covered
