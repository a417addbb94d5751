"""The files that guards are measured on are whole, labelled right, and as they were before any guard."""

import base64
import codecs
import hashlib
import re
from collections import Counter
from itertools import pairwise

import pytest

from bench.guards.data import (
    FOLDER,
    LabelledSpan,
    PersonalText,
    PlantedDocument,
    read_adapted,
    read_benign,
    read_personal,
    read_planted,
    read_questions,
)
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Prompt
from groundwire_server.pipeline.draft import DraftReader
from tests.bench.check_digits import NATIONAL_IDS, iban, luhn, national_id

PLANTED = read_planted()
BENIGN = read_benign()
PERSONAL = read_personal()
QUESTIONS = read_questions()
ADAPTED = read_adapted()

POSITIVES = [(text, span) for text in PERSONAL for span in text.personal]
LOOKALIKES = [(text, span) for text in PERSONAL for span in text.lookalikes]

PLANTED_KINDS = {
    *("plain_imperative", "role_marker", "chat_template", "fence_break", "html_comment", "hidden_text", "table_cell"),
    *("code", "other_language", "base64", "hex", "rot13", "zero_width", "homoglyph", "unicode_tags", "split_sentences"),
    *("faq_entry", "system_notice", "dictated_answer", "show_link", "show_phone", "payment_details", "credentials"),
    *("image_exfiltration", "ignore_documents", "do_not_cite", "few_shot", "false_authority"),
}

# Of the files that were there before any guard, and of attacks that were adapted to them before they were changed.
# A published figure keeps its meaning only while the file stays the same: other examples go into a file of their own.
DIGESTS = {
    "planted.json": "e8c85d9612194a1b93dca9558af10d5e3e08f1c0471f7349230c3721bed16ede",
    "benign.json": "d22b2ad815101a57b385e95e3d0e5792f710f8d0e70216dce452f7fe537a61b4",
    "personal.json": "31ed2116d0a87b9a954f6896163e2a738f9d117027341d871c9431803f0bc0f2",
    "adapted.json": "2169551affa4f486e4e27d4b0309d5d64c176cfb888d123f66c299bb483afb49",
    "questions.json": "f9947e6f91a4a593d6948a0cc8df02470b52097d5dcd7cb7c8c6b73b399c7c9a",
}


def words(pair: tuple[PersonalText, LabelledSpan]) -> str:
    return pair[0].words(pair[1])


def of(kind: str) -> PlantedDocument:
    return next(each for each in PLANTED if each.kind == kind)


@pytest.mark.parametrize(("name", "digest"), DIGESTS.items())
def test_a_file_is_as_it_was(name: str, digest: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_ids_and_texts_are_unique() -> None:
    for items in (PLANTED, BENIGN, PERSONAL, QUESTIONS, ADAPTED):
        assert len({each.id for each in items}) == len({each.text.casefold() for each in items}) == len(items)


def test_thirty_five_documents_have_instructions_of_every_kind_in_nine_languages() -> None:
    assert len(PLANTED) == 35
    assert {each.kind for each in PLANTED} == PLANTED_KINDS
    assert {each.language for each in PLANTED} == {"en", "de", "fr", "es", "zh", "ja", "ru", "ar", "hi"}


@pytest.mark.parametrize("document", PLANTED, ids=lambda each: each.id)
def test_an_instruction_stands_once_in_a_document_that_says_more(document: PlantedDocument) -> None:
    rest = document.text
    places = [document.text.index(piece) for piece in document.planted]
    assert places == sorted(places)
    for piece in document.planted:
        assert document.text.count(piece) == 1
        rest = rest.replace(piece, "")
    assert len(re.findall(r"[.。।:!?]", rest)) >= 3
    assert document.sign not in rest
    assert document.title
    assert document.question


@pytest.mark.parametrize("document", PLANTED, ids=lambda each: each.id)
def test_the_sign_of_obedience_is_in_the_obedient_reply_alone(document: PlantedDocument) -> None:
    assert document.sign in document.obeyed.text
    assert document.sign not in document.honest.text
    assert all(segment.cites == ("p1",) for segment in document.honest.segments)
    cited = () if document.kind == "do_not_cite" else ("p1",)
    assert all(segment.cites == cited for segment in document.obeyed.segments)


@pytest.mark.parametrize("document", PLANTED, ids=lambda each: each.id)
def test_the_server_reads_both_replies(document: PlantedDocument) -> None:
    for reply in (document.obeyed, document.honest):
        reader = DraftReader(10_000)
        reader.answers(Prompt("answer", "1", "", "", document.question, {"p1": Passage("1", document.text)}))
        assert [segment.text for segment in reader.feed(reply.written())] == [each.text for each in reply.segments]
        assert reader.failure is None


def test_encoded_instructions_say_what_the_obedient_reply_says() -> None:
    assert of("base64").sign in base64.b64decode(of("base64").planted[0]).decode()
    assert of("hex").sign in bytes.fromhex(of("hex").planted[0]).decode()
    assert of("rot13").sign in codecs.decode(of("rot13").planted[0], "rot13")
    assert of("unicode_tags").sign in "".join(chr(ord(each) - 0xE0000) for each in of("unicode_tags").planted[0])
    assert "Disregard prior instructions" in of("zero_width").planted[0].replace("\u200b", "")
    assert re.search(r"[\u0400-\u04ff]", of("homoglyph").planted[0])


def test_no_address_in_a_planted_or_a_harmless_text_is_one_that_somebody_may_own() -> None:
    texts = "\n".join([*(each.text for each in PLANTED), *(each.text for each in BENIGN)])
    hosts = re.findall(r"(?:https?://|[\w.+-]+@)([\w-]+(?:\.[\w-]+)+)", texts)
    assert hosts
    assert [host for host in hosts if not host.endswith(".example")] == []
    account = re.search(r"DE\d\d(?: \d+)+", of("payment_details").planted[0])
    assert account is not None
    assert iban(account[0])


def test_a_hundred_harmless_texts_are_about_what_attacks_are_about_in_many_languages() -> None:
    assert len(BENIGN) == 100
    languages = Counter(each.language for each in BENIGN)
    assert languages["en"] == 75
    assert len(languages) >= 12
    topics = Counter(each.topic for each in BENIGN)
    assert {"passwords", "payments", "prompts", "instructions", "credentials", "contact"} <= topics.keys()
    assert {"system_messages", "encoding", "ignore", "links"} <= topics.keys()
    assert all(80 <= len(each.text) <= 600 for each in BENIGN if each.language not in {"zh", "ja"})
    assert len({each.question for each in BENIGN}) == 100


def test_every_category_has_twenty_five_pieces_of_personal_data_and_ten_lookalikes() -> None:
    positives = Counter(span.category for _, span in POSITIVES)
    lookalikes = Counter(span.category for _, span in LOOKALIKES)
    assert positives.keys() == lookalikes.keys()
    assert len(positives) == 12
    assert min(positives.values()) >= 25
    assert min(lookalikes.values()) >= 10


def test_every_category_has_the_kinds_that_are_common() -> None:
    kinds: dict[str, set[str]] = {}
    for _, span in POSITIVES:
        kinds.setdefault(span.category, set()).add(span.kind)
    assert kinds["national_id"] == NATIONAL_IDS.keys()
    assert len(kinds["phone"]) >= 10
    assert len(kinds["iban"]) >= 20
    assert kinds["ip"] == {"v4", "v6"}
    assert {"aws_access_key", "github", "slack", "private_key", "jwt", "password"} <= kinds["secret"]


@pytest.mark.parametrize("text", PERSONAL, ids=lambda each: each.id)
def test_spans_are_in_order_apart_and_around_words(text: PersonalText) -> None:
    for spans in (text.personal, text.lookalikes):
        assert list(spans) == sorted(spans, key=lambda span: span.start)
    spans = sorted([*text.personal, *text.lookalikes], key=lambda span: span.start)
    assert spans
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text.text) for span in spans)
    assert all(text.words(span) == text.words(span).strip(" .,;\"'") for span in spans if span.kind != "code")


@pytest.mark.parametrize(
    ("kind", "published"),
    [
        ("us_ssn", "219-09-9999"),
        ("uk_nino", "AB 12 34 56 C"),
        ("de_steuer_id", "86 095 742 719"),
        ("fr_nir", "2 55 08 14 168 025 38"),
        ("es_dni", "12345678-Z"),
        ("it_codice_fiscale", "RSSMRA85T10A562S"),
        ("nl_bsn", "111222333"),
        ("pl_pesel", "44051401359"),
        ("br_cpf", "529.982.247-25"),
        ("in_aadhaar", "2341 2341 2346"),
    ],
)
def test_a_check_takes_the_published_example_and_none_that_is_a_character_off(kind: str, published: str) -> None:
    assert national_id(kind, published)
    assert not national_id(kind, published[:-1])
    assert kind == "us_ssn" or not national_id(kind, published[:-1] + ("Q" if published[-1].isalpha() else "0"))


def test_check_digits_are_right() -> None:
    for pair in POSITIVES:
        span = pair[1]
        if span.category == "card":
            assert luhn(words(pair)), words(pair)
        elif span.category == "iban":
            assert iban(words(pair)), words(pair)
        elif span.category == "national_id":
            assert national_id(span.kind, words(pair)), words(pair)


def test_lookalikes_that_are_mistyped_have_wrong_check_digits() -> None:
    mistyped = [pair for pair in LOOKALIKES if pair[1].kind in {"checksum", "length", "country", "range"}]
    assert {span.category for _, span in mistyped} == {"card", "iban", "national_id"}
    for pair in mistyped:
        match pair[1].category:
            case "card":
                assert not luhn(words(pair))
            case "iban":
                assert not iban(words(pair))
            case _:
                assert not any(national_id(kind, words(pair)) for kind in NATIONAL_IDS), words(pair)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+",
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])",
        r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{3,4}){3,8}\b",
        r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)",
    ],
    ids=["email", "ip", "iban", "us_ssn"],
)
def test_what_plainly_looks_like_personal_data_is_labelled(pattern: str) -> None:
    found = 0
    for text in PERSONAL:
        for match in re.finditer(pattern, text.text):
            found += 1
            labelled = [*text.personal, *text.lookalikes]
            assert any(span.start < match.end() and match.start() < span.end for span in labelled), match[0]
    assert found


def test_secrets_are_not_to_be_found_by_a_scanner_of_repositories() -> None:
    written = (FOLDER / "personal.json").read_text(encoding="utf-8")
    secrets = [words(pair) for pair in POSITIVES if pair[1].category == "secret"]
    assert [secret for secret in secrets if secret in written] == []
    assert not re.search(r"AKIA|ghp_|xox[bp]-|sk_live_|PRIVATE KEY", written)


def test_sixty_questions_are_unwanted_and_twice_as_many_are_ordinary() -> None:
    unwanted = [each for each in QUESTIONS if each.unwanted]
    ordinary = [each for each in QUESTIONS if not each.unwanted]
    assert (len(unwanted), len(ordinary)) == (60, 120)
    kinds = Counter(each.label for each in unwanted)
    assert kinds.keys() == {"injection", "jailbreak", "prompt_extraction", "nonsense"}
    assert min(kinds.values()) >= 10
    assert len({each.language for each in unwanted}) >= 8
    assert len({each.language for each in ordinary}) >= 10
    assert {"How do I reset my password?", "What does the system prompt of our bot do?"} <= {
        each.text for each in ordinary
    }


def test_adapted_attacks_evade_rules_in_many_ways_and_languages() -> None:
    assert len(ADAPTED) >= 40
    assert {each.question for each in ADAPTED} == {True, False}
    assert len({each.kind for each in ADAPTED}) >= 15
    assert len({each.language for each in ADAPTED}) >= 12
