"""`groundwire reviews`, without a terminal."""

import json
from pathlib import Path

import pytest

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.review_pb2 import Review
from tests.cli.reviews.conftest import Command
from tests.doubles.reviewed_service import DECIDED, TAKEN, TICKET, ReviewedService, waiting
from tests.doubles.service import FORBIDDEN, Failure


def test_reviews_that_wait_are_listed_between_tabs(command: Command, service: ReviewedService) -> None:
    ran = command("reviews", "list", "--kind", "approval", "--route", "compliance", "--newest")
    assert (ran.code, ran.err) == (0, "1 review\n")
    assert ran.out.rstrip("\n").split("\t") == [
        TICKET, "PENDING", "APPROVAL", "REVIEW_REQUIRED", "compliance", "", "2026-11-27T15:00:00Z",
        "Who may sign for parcels?",
    ]  # fmt: skip
    narrowed = service.calls[0].request.filter
    assert list(narrowed.states) == [Review.STATE_PENDING, Review.STATE_CLAIMED]
    assert (list(narrowed.kinds), narrowed.route) == ([Review.KIND_APPROVAL], "compliance")


def test_a_list_ends_at_its_limit_and_may_have_every_state(command: Command, service: ReviewedService) -> None:
    service.listed = {f"t{number}": waiting(f"t{number}") for number in range(5)}
    ran = command("reviews", "list", "--all", "--limit", "2", "--json")
    assert [json.loads(line)["ticket"] for line in ran.out.splitlines()] == ["t0", "t1"]
    assert not service.calls[0].request.filter.states


def test_what_a_question_does_to_a_terminal_is_neutralised(command: Command, service: ReviewedService) -> None:
    service.listed[TICKET].question.text = "Who\x1b[2J may\tsign\n\u202eno?"
    assert "Who�[2J may sign �no?" in command("reviews", "list").out


def test_showing_has_each_sentence_with_its_conflict_and_passage(command: Command) -> None:
    ran = command("reviews", "show", TICKET)
    assert ran.code == 0
    for said in (
        "state      PENDING",
        "question   Who may sign for parcels?",
        "2 CONTRADICTED: the passages say",
        "! weaker than the route lets leave",
        "»Anybody« may sign for them.",
        "! quantifier: “Anybody”, but",
        "[2] Handbook",
        "»Only the front desk« may sign",
        "1 passage withheld, at rank 3",
    ):
        assert said in ran.out


def test_json_is_the_contract(command: Command) -> None:
    assert json.loads(command("reviews", "show", TICKET, "--json").out)["proposed"]["sentences"][1]["conflicts"]


def test_approving_claims_and_decides_what_was_claimed(command: Command, service: ReviewedService) -> None:
    ran = command("reviews", "approve", TICKET, "--note", "fine")
    assert (ran.code, ran.out) == (0, f"approved {TICKET}\n")
    claimed, approved = service.calls
    assert (claimed.method, approved.request.etag, approved.request.note) == ("ClaimReview", "2", "fine")


def test_an_etag_is_decided_as_it_was_shown(command: Command, service: ReviewedService) -> None:
    assert command("reviews", "reject", TICKET, "--etag", "1", "--fault", "no_answer", "--wrong", "2").code == 0
    (rejected,) = service.calls
    assert (rejected.request.etag, list(rejected.request.wrong_sentences)) == ("1", [1])
    assert list(rejected.request.faults) == [AnswerFault.ANSWER_FAULT_NO_ANSWER]


def test_a_claim_is_shown_and_given_back(command: Command, service: ReviewedService) -> None:
    assert "CLAIMED by ada until 2026-11-27 15:30:00 UTC" in command("reviews", "claim", TICKET, "--lease", "60").out
    assert command("reviews", "release", TICKET).code == 0
    assert [call.method for call in service.calls] == ["ClaimReview", "ReleaseReview"]
    assert service.calls[0].request.lease.seconds == 60


@pytest.mark.parametrize("failure", [TAKEN, DECIDED])
def test_a_review_that_cannot_be_decided_says_why(command: Command, service: ReviewedService, failure: Failure) -> None:
    service.failures["ClaimReview"] = failure
    ran = command("reviews", "approve", TICKET)
    assert (ran.code, failure.message in ran.err) == (4, True)
    assert command("reviews", "show", "unknown").code == 4


def test_a_text_leaves_without_a_question_where_it_is_supported(
    command: Command, service: ReviewedService, tmp_path: Path
) -> None:
    (tmp_path / "answer.md").write_text("Only the front desk may sign.\n")
    edit = ("reviews", "edit", TICKET, "--text", str(tmp_path / "answer.md"), "--yes")
    service.unsupported = {"Only the front desk may sign."}
    ran = command(*edit)
    assert (ran.code, "does not let leave" in ran.err) == (4, True)
    assert command(*edit, "--accept-unsupported", "--fault", "incorrect").out == f"edited {TICKET}\n"
    edited = service.calls[-1].request
    assert (edited.text, edited.accept_unsupported, edited.etag) == ("Only the front desk may sign.", True, "3")


@pytest.mark.parametrize(
    ("text", "said"),
    [("   \n", "the text is empty"), ("Parcels wait in the mail room. Anybody may sign for them.", "the draft's")],
)
def test_a_text_that_says_nothing_new_is_not_sent(
    command: Command, service: ReviewedService, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "answer.md").write_text(text)
    ran = command("reviews", "edit", TICKET, "--text", str(tmp_path / "answer.md"), "--yes")
    assert (ran.code, said in ran.err) == (1, True)
    assert [call.method for call in service.calls] == ["ClaimReview"]


def test_without_a_terminal_nothing_can_be_asked(command: Command, tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text("Nobody may sign.")
    ran = command("reviews", "edit", TICKET, "--text", str(tmp_path / "answer.md"))
    assert (ran.code, "add --yes" in ran.err) == (2, True)
    ran = command("reviews", "edit", TICKET, "--yes")
    assert (ran.code, "give --text FILE" in ran.err) == (2, True)
    ran = command("reviews", "next")
    assert (ran.code, "groundwire reviews claim" in ran.err) == (2, True)


def test_a_watch_prints_each_change(command: Command, service: ReviewedService) -> None:
    service.watched = [[waiting("t0"), waiting("t1"), FORBIDDEN]]
    ran = command("reviews", "watch", "--kind", "sample")
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["t0", "t1"]
    assert (ran.code, list(service.calls[0].request.filter.kinds)) == (4, [Review.KIND_SAMPLE])
