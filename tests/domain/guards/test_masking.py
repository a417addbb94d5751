import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import Mask, Placeholders, mask


def emails(text: str) -> list[Finding]:
    return [Finding("email", found.start(), found.end()) for found in re.finditer(r"\w+@\w+", text)]


def restored(text: str, placeholders: Placeholders) -> str:
    return re.sub(r"\[\w+_\d+\]", lambda found: placeholders.originals.get(found[0], found[0]), text)


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


def test_the_same_words_have_the_same_placeholder_in_every_text_of_a_call() -> None:
    placeholders = Placeholders(emails)
    assert placeholders.mask("a@b, c@d") == "[EMAIL_1], [EMAIL_2]"
    assert placeholders.mask("c@d, A@b, a@b") == "[EMAIL_2], [EMAIL_3], [EMAIL_1]"
    assert placeholders.originals == {"[EMAIL_1]": "a@b", "[EMAIL_2]": "c@d", "[EMAIL_3]": "A@b"}


def test_the_numbering_depends_on_what_stands_before_alone() -> None:
    assert (
        Placeholders(emails).mask("a@b, c@d")
        == Placeholders(emails).mask("a@b, c@d, e@f")[: len("[EMAIL_1], [EMAIL_2]")]
    )


@pytest.mark.parametrize("like", ["[EMAIL_1]", "[email_1]", "[EMAIL 1]", "[ Email_01 ]"])
def test_a_placeholder_that_a_text_already_has_is_skipped(like: str) -> None:
    placeholders = Placeholders(emails, [f"see {like}"])
    assert placeholders.mask("a@b") == "[EMAIL_2]"
    assert placeholders.mask(f"see {like}") == f"see {like}"
    assert Placeholders(emails).mask(f"a@b see {like}") == f"[EMAIL_2] see {like}"


def test_what_looks_like_a_placeholder_that_was_given_before_gets_one_of_its_own() -> None:
    placeholders = Placeholders(emails)
    placeholders.mask("a@b")
    masked = placeholders.mask("literally [email_1], c@d")
    assert masked == "literally [EMAIL_2], [EMAIL_3]"
    assert placeholders.originals["[EMAIL_2]"] == "[email_1]"


@pytest.mark.parametrize(
    ("category", "expected"), [("national_id", "[NATIONAL_ID_1]"), ("code-name", "[CODE_NAME_1]"), ("x2", "[X2_1]")]
)
def test_a_placeholder_names_the_category(category: str, expected: str) -> None:
    assert Placeholders(lambda text: [Finding(category, 0, len(text))]).mask("words") == expected


def test_categories_that_are_written_alike_share_their_numbers() -> None:
    placeholders = Placeholders(lambda _: [Finding("code-name", 0, 1), Finding("code_name", 1, 2)])
    assert placeholders.mask("ab") == "[CODE_NAME_1][CODE_NAME_2]"


PIECES = st.sampled_from(["a@b", "c@d", "[EMAIL_1]", "[EMAIL_2]", "[email 3]", "[EMAIL_", "1]", " ", "é", "😀", "\n"])


@given(st.lists(st.lists(PIECES).map("".join), max_size=5))
def test_originals_can_be_put_back_whatever_the_texts_are(texts: list[str]) -> None:
    for placeholders in (Placeholders(emails), Placeholders(emails, texts)):
        masked = [placeholders.mask(text) for text in texts]
        assert [restored(each, placeholders) for each in masked] == texts
        assert not any(re.search(r"\b[ac]@[bd]\b", each) for each in masked)


@given(st.text("01 "), st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9))))
def test_every_span_moves_with_its_words(text: str, stretches: list[tuple[int, int]]) -> None:
    findings = [Finding("x", start, min(start + length, len(text))) for start, length in stretches if start < len(text)]
    masked = mask(text, findings)
    covered = {place for each in findings for place in range(each.start, each.end)}
    for place in range(len(text)):
        start, end = masked.span(place, place + 1)
        assert masked.text[start:end] == ("[x]" if place in covered else text[place])
