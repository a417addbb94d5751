"""What a cause and a route rule out, and that what is built in fits it."""

from dataclasses import replace

import pytest

from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.domain.fallback import CHOOSABLE, ENDS, PASSING, QUEUEABLE, Obstacle, askable, never_on
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Action, Cause
from tests.doubles.policies import built_in_policy

A, C = Action, Cause
ROUTE = replace(
    built_in_policy(), models=("large", "small"), priced=frozenset({"large"}), queue=True, review=ReviewPolicy()
)

FAILED = (A.NEXT_MODEL, A.CACHED_ANSWER, A.PASSAGES_ONLY, A.FAIL_SAFE)
BAD = (A.REPAIR, A.NEXT_MODEL, A.CACHED_ANSWER, A.PASSAGES_ONLY)
FULL = (A.NEXT_MODEL, A.QUEUE, A.CACHED_ANSWER, A.PASSAGES_ONLY, A.FAIL_SAFE)
TABLE: dict[tuple[Cause, ...], tuple[Action, ...]] = {
    (C.NO_EVIDENCE, C.INSUFFICIENT_EVIDENCE, C.MODEL_ABSTAINED, C.QUESTION_UNCLEAR): (A.ABSTAIN,),
    (
        C.MODEL_SLOW_START,
        C.MODEL_TIMEOUT,
        C.MODEL_UNAVAILABLE,
        C.MODEL_NOT_READY,
        C.MODEL_MISCONFIGURED,
        C.MODEL_INTERRUPTED,
        C.TIME_EXHAUSTED,
    ): FAILED,
    (
        C.OUTPUT_MALFORMED,
        C.OUTPUT_EMPTY,
        C.OUTPUT_CUT_OFF,
        C.OUTPUT_TOO_LONG,
        C.CITATION_MISSING,
        C.CITATION_UNKNOWN,
        C.QUOTE_NOT_FOUND,
        C.UNSUPPORTED,
        C.CONTRADICTED,
        C.NOT_VERIFIED,
    ): BAD,
    (C.PROMPT_LEAKED,): (A.NEXT_MODEL, A.CACHED_ANSWER, A.PASSAGES_ONLY),
    (C.MODEL_REFUSED, C.MODEL_CONTENT_FILTERED): (A.NEXT_MODEL, A.PASSAGES_ONLY),
    (C.PROMPT_TOO_LONG,): (A.SHORTER_PROMPT, A.NEXT_MODEL, A.PASSAGES_ONLY),
    (C.MODEL_RATE_LIMITED, C.MODEL_QUOTA_EXHAUSTED, C.CAPACITY_EXHAUSTED): FULL,
    (C.CONFIDENCE_NOT_ALLOWED, C.REVIEW_REQUIRED): (A.REVIEW, A.ABSTAIN),
    (C.REVIEW_REJECTED, C.REVIEW_EXPIRED): (A.ABSTAIN,),
    (C.QUESTION_FORBIDDEN, C.EVIDENCE_FORBIDDEN, C.ANSWER_FORBIDDEN): (A.BLOCK,),
    (C.STORE_UNAVAILABLE, C.STORE_TIMEOUT, C.STORE_MISCONFIGURED, C.EMBEDDER_UNAVAILABLE): (
        A.CACHED_ANSWER,
        A.FAIL_SAFE,
    ),
    (C.BUDGET_EXHAUSTED,): (A.NEXT_MODEL, A.CACHED_ANSWER, A.QUEUE, A.FAIL_SAFE),
    (C.GUARD_UNAVAILABLE,): (A.PASSAGES_ONLY, A.FAIL_SAFE),
    (C.INTERNAL,): (A.FAIL_SAFE,),
}


def test_the_table_built_in_is_the_one_that_the_product_decided() -> None:
    assert {cause: row for causes, row in TABLE.items() for cause in causes} == FALLBACKS


def test_every_cause_of_a_failure_has_a_row() -> None:
    assert set(FALLBACKS) == set(Cause) - {Cause.ANSWER_VALIDATED}


def test_no_action_built_in_stands_behind_one_that_is_always_possible() -> None:
    assert not [cause for cause, row in FALLBACKS.items() if ENDS.intersection(row[:-1])]
    assert set().union(*FALLBACKS.values()) == CHOOSABLE, "each action follows something"


PASSED_OVER: dict[tuple[Cause, Action], Obstacle] = {
    # The row is that of all output, and here there is none.
    (C.OUTPUT_EMPTY, A.REPAIR): Obstacle.NOTHING_WRITTEN,
}


@pytest.mark.parametrize(("cause", "action"), [(cause, action) for cause, row in FALLBACKS.items() for action in row])
def test_what_is_built_in_can_be_taken_on_a_route_that_has_everything(cause: Cause, action: Action) -> None:
    assert never_on(action, cause, ROUTE) is PASSED_OVER.get((cause, action))


@pytest.mark.parametrize(
    ("cause", "action", "route", "obstacle"),
    [
        (C.NO_EVIDENCE, A.NEXT_MODEL, ROUTE, Obstacle.NOTHING_FOUND),
        (C.EMBEDDER_UNAVAILABLE, A.PASSAGES_ONLY, ROUTE, Obstacle.NOTHING_FOUND),
        (C.STORE_UNAVAILABLE, A.PASSAGES_ONLY, ROUTE, Obstacle.NOTHING_FOUND),
        (C.STORE_TIMEOUT, A.NEXT_MODEL, ROUTE, Obstacle.NOTHING_FOUND),
        (C.STORE_MISCONFIGURED, A.SHORTER_PROMPT, ROUTE, Obstacle.NOTHING_FOUND),
        (C.QUESTION_FORBIDDEN, A.SHORTER_PROMPT, ROUTE, Obstacle.NOTHING_FOUND),
        (C.MODEL_TIMEOUT, A.REPAIR, ROUTE, Obstacle.NOTHING_WRITTEN),
        (C.MODEL_TIMEOUT, A.BLOCK, ROUTE, Obstacle.NOT_FORBIDDEN),
        (C.QUESTION_FORBIDDEN, A.CACHED_ANSWER, ROUTE, Obstacle.NOT_SCREENED),
        (C.GUARD_UNAVAILABLE, A.CACHED_ANSWER, ROUTE, Obstacle.NOT_SCREENED),
        (C.UNSUPPORTED, A.QUEUE, ROUTE, Obstacle.LASTING),
        (C.MODEL_MISCONFIGURED, A.QUEUE, ROUTE, Obstacle.LASTING),
        (C.MODEL_TIMEOUT, A.CACHED_ANSWER, replace(ROUTE, cache=None), Obstacle.NO_CACHE),
        (C.MODEL_TIMEOUT, A.QUEUE, replace(ROUTE, queue=False), Obstacle.NO_QUEUE),
        (C.MODEL_TIMEOUT, A.QUEUE, ROUTE, None),
        (C.UNSUPPORTED, A.REVIEW, replace(ROUTE, review=None), Obstacle.NO_REVIEWERS),
        (C.MODEL_TIMEOUT, A.NEXT_MODEL, replace(ROUTE, models=("large",)), Obstacle.ONE_MODEL),
        (C.BUDGET_EXHAUSTED, A.NEXT_MODEL, replace(ROUTE, priced=frozenset(ROUTE.models)), Obstacle.NO_FREE_MODEL),
        (C.ANSWER_FORBIDDEN, A.REPAIR, ROUTE, None),
        (C.NO_EVIDENCE, A.CACHED_ANSWER, ROUTE, None),
    ],
)
def test_what_can_never_be_taken_says_why(
    cause: Cause, action: Action, route: Policy, obstacle: Obstacle | None
) -> None:
    assert never_on(action, cause, route) is obstacle


def test_what_passes_may_wait_and_so_may_what_is_renewed() -> None:
    assert {Cause.MODEL_QUOTA_EXHAUSTED, Cause.BUDGET_EXHAUSTED} == QUEUEABLE - PASSING


def test_only_a_free_model_follows_when_money_is_used_up() -> None:
    route = replace(ROUTE, models=("large", "small", "own"), priced=frozenset({"large", "small"}))
    assert askable(Cause.BUDGET_EXHAUSTED, route, ("large",)) == ("own",)
    assert askable(Cause.MODEL_TIMEOUT, route, ("large",)) == ("small", "own")
