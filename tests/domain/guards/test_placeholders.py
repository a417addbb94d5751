import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.placeholders import Placeholders
from groundwire_server.domain.guards.restoring import Restorer
from tests.timed import least_time

MADE_UP = r"\w+@\w+|(?<=passport )\d{6}"


def find(text: str) -> list[Finding]:
    """E-mail addresses, and the numbers that stand behind a word."""
    return [
        Finding("email" if "@" in found[0] else "passport_number", *found.span())
        for found in re.finditer(MADE_UP, text)
    ]


def masked(*texts: str) -> list[str]:
    placeholders = Placeholders(find, texts)
    return [placeholders.mask(text) for text in texts]


def restored(originals: dict[str, str], *pieces: str) -> str:
    restorer = Restorer(originals)
    return "".join([*map(restorer.feed, pieces), restorer.rest()])


def test_the_same_words_have_the_same_placeholder_in_every_text() -> None:
    texts = ("a@b, c@d", "c@d, A@b, a@b")
    assert masked(*texts) == ["[EMAIL_1], [EMAIL_2]", "[EMAIL_2], [EMAIL_3], [EMAIL_1]"]
    assert Placeholders(find, texts).originals == {"[EMAIL_1]": "a@b", "[EMAIL_2]": "c@d", "[EMAIL_3]": "A@b"}


def test_texts_that_begin_alike_are_masked_alike() -> None:
    first = masked("a@b, c@d", "repair c@d")
    assert masked("a@b, c@d", "repair c@d", "and e@f")[:2] == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 123456.", "It is [PASSPORT_NUMBER_1]."),
        ("123456", "[PASSPORT_NUMBER_1]"),
        ("1234567 and 0123456 and x123456", "1234567 and 0123456 and x123456"),
        ("no. 123456/7, (123456)", "no. [PASSPORT_NUMBER_1]/7, ([PASSPORT_NUMBER_1])"),
        ("Whose is 123 456?", "Whose is 123 456?"),
    ],
)
def test_words_that_are_found_in_one_text_are_masked_in_all(text: str, expected: str) -> None:
    assert masked(text, "passport 123456")[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("support", "support"), ("firm", "firm"), ("supportdesk", "[EMAIL_1]"), ("desk@", "[EMAIL_1]")],
)
def test_a_plain_word_that_an_address_has_stays_unless_it_is_half_of_it(text: str, expected: str) -> None:
    assert masked("supportdesk@firm", text)[1] == expected


def test_words_with_a_digit_are_masked_in_another_case_and_punctuation() -> None:
    def find_id(text: str) -> list[Finding]:
        return [Finding("id", *found.span(1)) for found in re.finditer(r"passport (\w+)", text)]

    texts = ("passport C01X00T47", "Whose is c01x00t47, or C01-X00T47?", "\uff23\uff10\uff11X00T47", "c01x00t4 c01")
    placeholders = Placeholders(find_id, texts)
    assert [placeholders.mask(text) for text in texts] == [
        "passport [ID_1]",
        "Whose is [ID_2], or [ID_3]?",
        "[ID_4]",
        "c01x00t4 c01",
    ]
    for text in texts:
        assert restored(dict(placeholders.originals), placeholders.mask(text)) == text


def test_short_words_are_masked_only_where_they_are_found() -> None:
    placeholders = Placeholders(lambda text: [Finding("age", 4, 6)] if text == "Age 42" else [], ("Age 42", "Room 42"))
    assert [placeholders.mask(text) for text in ("Age 42", "Room 42")] == ["Age [AGE_1]", "Room 42"]


@pytest.mark.parametrize(
    "like", ["[EMAIL_1]", "[email_1]", "[EMAIL 1]", "[ Email-1 ]", "<EMAIL_1>", "{email_1}", "EMAIL_1", "email\\_1"]
)
def test_a_placeholder_that_a_text_already_has_is_skipped(like: str) -> None:
    texts = ("a@b", f"see {like}, c@d")
    assert masked(*texts) == ["[EMAIL_2]", f"see {like}, [EMAIL_3]"]
    assert restored(dict(Placeholders(find, texts).originals), masked(*texts)[1]) == texts[1]


@pytest.mark.parametrize("text", ["passport 123456EMAIL_1, a@b", "a@b EMAIL_1passport 123456", "EMAIL_12 a@b"])
def test_what_would_be_a_placeholder_beside_another_is_skipped(text: str) -> None:
    placeholders = Placeholders(find, [text])
    assert "[EMAIL_2]" in placeholders.mask(text)
    assert restored(dict(placeholders.originals), placeholders.mask(text)) == text


@pytest.mark.parametrize(
    ("category", "expected"), [("national_id", "[NATIONAL_ID_1]"), ("code-name", "[CODE_NAME_1]"), ("x2", "[X2_1]")]
)
def test_a_placeholder_names_the_category(category: str, expected: str) -> None:
    assert Placeholders(lambda text: [Finding(category, 0, len(text))], ["words"]).mask("words") == expected


def test_categories_that_are_written_alike_share_their_numbers() -> None:
    placeholders = Placeholders(lambda _: [Finding("code-name", 0, 1), Finding("code_name", 1, 2)], ["ab"])
    assert placeholders.mask("ab") == "[CODE_NAME_1][CODE_NAME_2]"


def test_texts_without_findings_stay_and_need_nothing_put_back() -> None:
    placeholders = Placeholders(find, ["nothing"])
    assert placeholders.mask("nothing") == "nothing"
    assert not placeholders.originals


ORIGINALS = {"[EMAIL_1]": "a@b", "[EMAIL_12]": "c@d", "[BIRTH_DATE_1]": "5 May", "[DATE_1]": "6 May"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[EMAIL_1]", "a@b"),
        ("[email_1]", "a@b"),
        ("[Email 1]", "a@b"),
        ("[EMAIL-1]", "a@b"),
        ("[ EMAIL_1 ]", "a@b"),
        ("[EMAIL\\_1]", "a@b"),
        ("EMAIL_1", "a@b"),
        ("email_1's", "a@b's"),
        ("<EMAIL_1>", "a@b"),
        ("{EMAIL_1}", "a@b"),
        ("\u3010EMAIL_1\u3011", "a@b"),
        ("\u90ae\u7bb1EMAIL_1\u3002", "\u90ae\u7bb1a@b\u3002"),
        ("(EMAIL_1)", "(a@b)"),
        ("([EMAIL_1])", "(a@b)"),
        ("<[EMAIL_1]>", "<a@b>"),
        ("[[EMAIL_1]]", "[a@b]"),
        ("[EMAIL_12]", "c@d"),
        ("EMAIL_12", "c@d"),
        ("[EMAIL_1] or [EMAIL_12].", "a@b or c@d."),
        ("[EMAIL_1][EMAIL_12]", "a@bc@d"),
        ("[BIRTH DATE 1]", "5 May"),
        ("birth_date_1, date_1", "5 May, 6 May"),
        ("[the EMAIL_1]", "[the a@b]"),
        ("[EMAIL_9] [PHONE_1] EMAIL_123 EMAIL_1234567", "[EMAIL_9] [PHONE_1] EMAIL_123 EMAIL_1234567"),
        ("email 1", "email 1"),
        ("EMAIL1 xEMAIL_1 EMAIL_1x _EMAIL_1 EMAIL_", "EMAIL1 xEMAIL_1 EMAIL_1x _EMAIL_1 EMAIL_"),
        ("[EMAIL_9 EMAIL_1]", "[EMAIL_9 a@b]"),
        ("[BIRTH DATE_9] [BIRTH DATE_1", "[BIRTH DATE_9] [BIRTH 6 May"),
        ("[EMAIL_1", "[a@b"),
        ("[EMAIL", "[EMAIL"),
        ("ıEMAIL_1 ß[EMAIL_1]ß", "ıa@b ßa@bß"),
    ],
)
def test_originals_are_put_back_wherever_a_piece_ends(written: str, expected: str) -> None:
    text, whole = f"To {written}", f"To {expected}"
    assert restored(ORIGINALS, text) == whole
    assert restored(ORIGINALS, *text) == whole
    for first in range(len(text)):
        for second in range(first, len(text)):
            assert restored(ORIGINALS, text[:first], text[first:second], text[second:]) == whole


@pytest.mark.parametrize("piece", ["Write to ", "[1] says ", "them, ", "{x: ", "[EMAIL_9] ", "list[ind", "[EMAIL_1x"])
def test_what_cannot_become_a_placeholder_is_not_held_back(piece: str) -> None:
    assert Restorer(ORIGINALS).feed(piece) == piece


@pytest.mark.parametrize(
    ("piece", "released"), [("a [", "a "), ("a [EMA", "a "), ("a EMAIL_1", "a "), ("a [x", "a [x")]
)
def test_a_beginning_of_a_placeholder_is_held_back(piece: str, released: str) -> None:
    assert Restorer(ORIGINALS).feed(piece) == released


def test_originals_are_written_as_the_reply_is() -> None:
    restorer = Restorer({"[ADDRESS_1]": '5 "Mill"\nLane\\2'}, lambda words: json.dumps(words)[1:-1])
    reply = json.loads(restorer.feed('{"text": "At [ADDRESS_1]."}') + restorer.rest())
    assert reply["text"] == 'At 5 "Mill"\nLane\\2.'


PIECES = st.sampled_from(
    [
        *("a@b", "c@d", "passport 123456", "123456", "[EMAIL_1]", "EMAIL_2", "[email 3]", "[EMAIL_", "EMAIL_", "1"),
        *("[", "]", "<", "_", " ", "\\", "é", "😀", "\n", "EMAIL", "[PASSPORT NUMBER_1]", "passport_number_2", "ß"),
    ]
)
TEXTS = st.lists(PIECES).map("".join)


@given(st.lists(TEXTS, max_size=5), st.data())
def test_originals_can_be_put_back_whatever_the_texts_are_and_however_they_are_split(
    texts: list[str], data: st.DataObject
) -> None:
    placeholders = Placeholders(find, texts)
    for text in texts:
        sent = placeholders.mask(text)
        assert not re.search(r"\b[ac]@[bd]\b", sent)
        if any(text != words and text in words for words in placeholders.originals.values()):
            continue  # stands for the whole words
        cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=4)))
        pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
        assert restored(dict(placeholders.originals), *pieces) == text


@given(st.lists(PIECES, max_size=12))
def test_a_reply_is_the_same_however_it_is_split(pieces: list[str]) -> None:
    assert restored(ORIGINALS, *pieces) == restored(ORIGINALS, "".join(pieces))


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"info@x{number}" for number in range(3000)),
        " ".join(f"{'a ' * (number % 40)}@x{number}" for number in range(300)),
        "a@b " + "[EMAIL_" * 5000,
        "a@b " + "EMAIL_1_" * 5000,
        "a@b " + "[" * 40_000,
        "a@b " + "[EMAIL 1 " * 4000,
    ],
    ids=["alike", "of many words", "begun", "joined", "brackets", "open"],
)
def test_long_texts_take_time_in_proportion(text: str) -> None:
    def find_whole(text: str) -> list[Finding]:
        return [Finding("email", *found.span()) for found in re.finditer(r"(?<!\S)(?:a )*\w{0,9}@\w+", text)]

    originals = dict(Placeholders(find_whole, [text]).originals)

    def work() -> None:
        Placeholders(find_whole, [text]).mask(text)
        restored(originals, text)
        restored(originals, *(text[start : start + 50] for start in range(0, len(text), 50)))

    assert least_time(work, enough=1.0) < 1.0
