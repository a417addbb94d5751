"""How a review looks on the terminal."""

from collections.abc import Callable

import pytest

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.reviews.page import show_review
from tests.cli.screen import Screen
from tests.doubles.reviewed_service import drafted, waiting, whole


def page(review: Review, width: int = 80, *, full: bool = False, terminal: bool = False) -> str:
    screen = Screen(width, terminal=terminal)
    show_review(screen.console, review, full=full)
    return "".join(f"{line.rstrip()}\n" for line in screen.lines())


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_passage_stands_beside_its_sentence_where_there_is_room(
    golden: Callable[[str, str], None], width: int
) -> None:
    drawn = page(whole(waiting()), width)
    assert all(len(line) <= width for line in drawn.splitlines())
    golden(f"review-{width}", drawn)


def test_nothing_is_said_by_colour_alone() -> None:
    assert page(whole(waiting()), terminal=True) == page(whole(waiting()))


def test_a_sample_has_no_verdicts_before_its_decision() -> None:
    sample = whole(waiting())
    sample.kind = Review.KIND_SAMPLE
    drawn = page(sample)
    assert "withheld until it is decided" in drawn
    assert "VERBATIM" not in drawn
    assert "Bring a badge." in drawn
    sample.state = Review.STATE_REJECTED
    assert "CONTRADICTED" in page(sample)


def test_what_was_decided_is_shown_with_its_remarks() -> None:
    review = whole(waiting())
    review.state, review.reviewer, review.note = Review.STATE_EDITED, "ada", "by the handbook"
    review.decide_time.FromJsonString("2026-11-27T15:20:00Z")
    review.faults.append(AnswerFault.ANSWER_FAULT_INCORRECT)
    review.wrong_sentences.append(1)
    review.decided.CopyFrom(drafted("Parcels wait in the mail room. Nobody may sign for them."))
    drawn = page(review)
    for said in (
        "EDITED by ada, 2026-11-27 15:20:00 UTC", "faults     incorrect", "wrong      2", "by the handbook",
        "text that left", "»Nobody« may sign",
    ):  # fmt: skip
        assert said in drawn


def test_a_citation_that_is_withheld_is_named() -> None:
    review = whole(waiting())
    review.proposed.citations[1].chunk_id = "withheld-3"
    review.proposed.citations[1].quote = ""
    review.proposed.sentences[1].conflicts[0].chunk_id = "withheld-3"
    review.proposed.sentences[1].conflicts[0].passage_words = ""
    assert "withheld-3: a passage that you may not see" in page(review, 120)


def test_a_block_has_no_draft_and_names_its_guard() -> None:
    review = waiting()
    review.kind, review.trigger = Review.KIND_BLOCK, Review.TRIGGER_APPEAL
    review.guard, review.category = "secrets", "api_key"
    drawn = page(review)
    assert "was the guard right to forbid an answer?" in drawn
    assert "the guard secrets found api_key" in " ".join(drawn.split())
    assert "draft" not in drawn


def test_a_draft_full_of_markup_and_control_characters_is_shown_as_text() -> None:
    review = whole(waiting())
    text = "<script>alert(1)</script> \x1b[31mred. [link](http://x) \u202eback."
    review.proposed.CopyFrom(drafted(text))
    drawn = page(review, 120)
    assert "<script>alert(1)</script> �[31mred." in drawn
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn


def test_whole_passages_are_printed_when_asked_for() -> None:
    review = whole(waiting())
    review.passages[0].text = "Parcels. " * 100
    assert page(review, full=True).count("Parcels.") > 90
    assert page(review).count("Parcels.") < 50


def test_what_the_caller_knows_of_the_question_is_shown_with_it() -> None:
    review = waiting()
    review.question.context.update({"region": "eu", "plan": "pro\x1b[31m"})
    drawn = page(review)
    assert "context    plan=pro" in drawn
    assert "region=eu" in drawn
    assert "\x1b" not in drawn
