"""`groundwire reviews next`: one review after the other, by keys."""

import pytest

from groundwire.v1.review_pb2 import Review
from tests.cli.reviews.conftest import Typed
from tests.doubles.reviewed_service import DECIDED, ReviewedService, waiting


@pytest.fixture
def service() -> ReviewedService:
    return ReviewedService(waiting("t0"), waiting("t1"), waiting("t2"))


def methods(service: ReviewedService) -> list[str]:
    """What was called to change reviews."""
    return [call.method for call in service.calls if call.method not in {"GetServerInfo", "ListReviews"}]


def test_each_key_does_what_it_says(typed: Typed, service: ReviewedService) -> None:
    ran = typed("a\ny\nr\n1 6\nnot so\ns\n", "reviews", "next")
    assert ran.code == 0
    assert [service.listed[ticket].state for ticket in ("t0", "t1", "t2")] == [
        Review.STATE_APPROVED, Review.STATE_REJECTED, Review.STATE_PENDING,
    ]  # fmt: skip
    assert "approved t0" in ran.out
    assert "rejected t1" in ran.out
    assert "yours until 2026-11-27 15:30:00 UTC" in ran.out
    assert "1 sentence weaker than the route lets leave" in ran.err
    assert ran.err.endswith("2 reviews decided, 3 wait\n")
    rejected = next(call.request for call in service.calls if call.method == "RejectReview")
    assert (list(rejected.faults), rejected.note, rejected.etag) == ([1, 6], "not so", "2")
    assert methods(service)[-2:] == ["ClaimReview", "ReleaseReview"]


def test_quitting_gives_the_review_back(typed: Typed, service: ReviewedService) -> None:
    typed("q\n", "reviews", "next")
    assert methods(service) == ["ClaimReview", "ReleaseReview"]


def test_the_end_of_the_input_quits(typed: Typed, service: ReviewedService) -> None:
    assert typed("", "reviews", "next").code == 0
    assert methods(service) == ["ClaimReview", "ReleaseReview"]


def test_one_review_alone_may_be_taken(typed: Typed, service: ReviewedService) -> None:
    ran = typed("f\nx\na\nn\ns\n", "reviews", "next", "--once")
    assert ran.out.count("question   Who may sign") == 3
    assert methods(service) == ["ClaimReview", "ReleaseReview"]


def test_what_another_reviewer_has_taken_is_passed_over(typed: Typed, service: ReviewedService) -> None:
    service.failures["ClaimReview"] = DECIDED
    ran = typed("", "reviews", "next")
    assert ran.code == 0
    assert "t0: The review was decided." in ran.err
    assert "no review waits for you" in ran.err


def test_a_claim_that_was_left_over_comes_first(typed: Typed, service: ReviewedService) -> None:
    for ticket, reviewer in (("t1", "ben"), ("t2", "ada")):
        service.listed[ticket].state = Review.STATE_CLAIMED
        service.listed[ticket].reviewer = reviewer
    typed("s\nq\n", "reviews", "next")
    claims = [call.request for call in service.calls if call.method == "ClaimReview"]
    assert [claim.ticket for claim in claims] == ["t2", "t0"]


def test_a_role_that_is_withdrawn_ends_the_session(typed: Typed, service: ReviewedService) -> None:
    service.forbidden = frozenset({"ApproveReview"})
    ran = typed("a\ny\n", "reviews", "next")
    assert (ran.code, "use a credential that has the role" in ran.err) == (4, True)
    assert methods(service)[-1] == "ReleaseReview"
