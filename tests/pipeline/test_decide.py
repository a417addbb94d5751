from collections.abc import Mapping
from dataclasses import replace

import pytest

from groundwire_server.domain.answer import CheckedSegment, GroundedText, Span
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fallback import Obstacle
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.outcome import Abstained, Answered, Cached, Degraded, FailedSafe, Queued
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.refused import RefusedSentence, SentenceFailure
from groundwire_server.domain.step import Accept, Attempt, Conclude, Variant
from groundwire_server.domain.vocabulary import Action, CacheKey, Cause, Confidence, Loss, NextStep
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.decide import AttemptHistory, PartialResults
from tests.doubles.policies import time_plan
from tests.pipeline.samples import passage, policy

TEXT = GroundedText("It works.", Confidence.HIGH, (), (), 1.0)
BEGINNING = CheckedSegment("It", Span(0, 2, 0, 2, 0, 2), (), ())
CHAIN = replace(
    policy(),
    models=("large", "small"),
    fallbacks={
        Cause.MODEL_UNAVAILABLE: (Action.NEXT_MODEL, Action.PASSAGES_ONLY, Action.FAIL_SAFE),
        Cause.PROMPT_TOO_LONG: (Action.SHORTER_PROMPT, Action.ABSTAIN),
        Cause.CITATION_MISSING: (Action.REPAIR, Action.NEXT_MODEL, Action.ABSTAIN),
    },
)
TRIED = AttemptHistory(used=frozenset({Action.ANSWER}), models=("large",), passages=4, remaining=5.0)


def test_begins_with_the_first_model() -> None:
    assert decide.first(CHAIN) == Attempt("large")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_ends_somewhere_on_the_built_in_route(cause: Cause) -> None:
    tried = replace(TRIED, models=policy().models, used=TRIED.used | {Action.SHORTER_PROMPT})
    for history in (
        AttemptHistory(models=policy().models),
        tried,
        replace(tried, committed=True),
        replace(tried, remaining=0.0),
    ):
        step = decide.after(Failure(cause), history, policy())
        assert isinstance(step, Conclude)
        assert step.cause is cause


def test_takes_the_rows_actions_in_order_each_once() -> None:
    failure = Failure(Cause.MODEL_UNAVAILABLE)
    second = decide.after(failure, TRIED, CHAIN)
    assert second == Attempt("small", cause=Cause.MODEL_UNAVAILABLE, action=Action.NEXT_MODEL)
    spent = replace(TRIED, used=TRIED.used | {Action.NEXT_MODEL, Action.REPAIR}, models=("large", "small"))
    assert decide.after(failure, spent, CHAIN) == Conclude(Action.PASSAGES_ONLY, Cause.MODEL_UNAVAILABLE)
    nothing_left = replace(spent, used=spent.used | {Action.PASSAGES_ONLY})
    assert decide.after(failure, nothing_left, CHAIN).action is Action.FAIL_SAFE


def test_a_chain_without_another_model_goes_on_in_the_row() -> None:
    history = replace(TRIED, models=("large", "small"))
    assert decide.after(Failure(Cause.MODEL_UNAVAILABLE), history, CHAIN).action is Action.PASSAGES_ONLY


def test_the_next_model_is_asked_for_as_long_as_the_chain_has_one() -> None:
    longer = replace(CHAIN, models=("large", "small", "own"))
    history = replace(TRIED, used=TRIED.used | {Action.NEXT_MODEL}, models=("large", "small"))
    step = decide.after(Failure(Cause.MODEL_UNAVAILABLE), history, longer)
    assert step == Attempt("own", cause=Cause.MODEL_UNAVAILABLE, action=Action.NEXT_MODEL)
    asked = replace(history, models=("large", "small", "own"))
    assert decide.after(Failure(Cause.MODEL_UNAVAILABLE), asked, longer).action is Action.PASSAGES_ONLY


def test_no_step_is_begun_that_the_time_cannot_hold() -> None:
    history = replace(TRIED, remaining=decide.LEAST_ATTEMPT / 2)
    assert decide.after(Failure(Cause.MODEL_UNAVAILABLE), history, CHAIN).action is Action.PASSAGES_ONLY
    assert decide.after(Failure(Cause.PROMPT_TOO_LONG), history, CHAIN).action is Action.ABSTAIN


def test_a_shorter_prompt_asks_the_same_model_with_half_of_the_passages() -> None:
    step = decide.after(Failure(Cause.PROMPT_TOO_LONG), TRIED, CHAIN)
    assert step == Attempt("large", Variant.SHORTENED, Cause.PROMPT_TOO_LONG, Action.SHORTER_PROMPT)
    assert decide.after(Failure(Cause.PROMPT_TOO_LONG), replace(TRIED, passages=1), CHAIN).action is Action.ABSTAIN


def test_a_repair_asks_the_model_that_erred_once_and_shows_it_what_it_wrote() -> None:
    wrong = Failure(Cause.CITATION_MISSING)
    history = replace(TRIED, draft="a draft")
    step = decide.after(wrong, history, CHAIN)
    draft = Draft("a draft", Cause.CITATION_MISSING)
    assert step == Attempt("large", Variant.REPAIR, Cause.CITATION_MISSING, Action.REPAIR, draft)
    again = decide.after(wrong, replace(history, used=history.used | {Action.REPAIR}, models=("large", "large")), CHAIN)
    assert again == Attempt("small", cause=Cause.CITATION_MISSING, action=Action.NEXT_MODEL)


def test_there_is_nothing_to_repair_where_nothing_was_written() -> None:
    assert decide.after(Failure(Cause.CITATION_MISSING), TRIED, CHAIN).action is Action.NEXT_MODEL
    no_time = replace(TRIED, draft="a draft", remaining=decide.LEAST_ATTEMPT / 2)
    assert decide.after(Failure(Cause.CITATION_MISSING), no_time, CHAIN).action is Action.ABSTAIN


def test_a_long_draft_is_shown_in_part() -> None:
    step = decide.after(Failure(Cause.CITATION_MISSING), replace(TRIED, draft="x" * 100_000), CHAIN)
    assert isinstance(step, Attempt)
    assert step.repair_of is not None
    assert len(step.repair_of.text) == 2 * CHAIN.display_limit


SENTENCE = RefusedSentence("It flies.")
BAD = SentenceFailure(Cause.CITATION_MISSING, SENTENCE)
BEFORE = replace(TRIED, standing=2, draft="a draft")
AT_THE_SENTENCE = Attempt(
    "large", Variant.SENTENCE_REPAIR, BAD.cause, Action.REPAIR, Draft("It flies.", BAD.cause, SENTENCE)
)
WHOLE = Variant.REPAIR
REPAIRS: dict[str, tuple[AttemptHistory, Failure, Variant | Action]] = {
    "after a checked beginning": (BEFORE, BAD, Variant.SENTENCE_REPAIR),
    "after one that has left": (replace(BEFORE, committed=True), BAD, Variant.SENTENCE_REPAIR),
    "the second sentence": (
        replace(BEFORE, repaired=(1,), used=frozenset({Action.REPAIR})),
        BAD,
        Variant.SENTENCE_REPAIR,
    ),
    "the same sentence": (replace(BEFORE, repaired=(2,), used=frozenset({Action.REPAIR})), BAD, Action.NEXT_MODEL),
    "the third sentence": (replace(BEFORE, repaired=(0, 1), used=frozenset({Action.REPAIR})), BAD, Action.NEXT_MODEL),
    "nothing stands": (replace(BEFORE, standing=0), BAD, WHOLE),
    "not a sentence": (BEFORE, Failure(BAD.cause), WHOLE),
    "no time": (replace(BEFORE, remaining=decide.LEAST_ATTEMPT / 2), BAD, Action.ABSTAIN),
}


@pytest.mark.parametrize("case", REPAIRS)
def test_one_sentence_is_repaired_once_and_two_of_an_answer(case: str) -> None:
    history, failure, expected = REPAIRS[case]
    step = decide.after(failure, history, CHAIN)
    assert (step.variant if isinstance(step, Attempt) and isinstance(expected, Variant) else step.action) is expected
    assert decide.keeps_beginning(step) is (expected is Variant.SENTENCE_REPAIR)
    if expected is Variant.SENTENCE_REPAIR:
        assert step == AT_THE_SENTENCE


def test_what_was_repaired_is_remembered_by_what_stands_before_it() -> None:
    assert BEFORE.begun(AT_THE_SENTENCE).repaired == (2,)
    assert BEFORE.begun(Attempt("small", cause=BAD.cause, action=Action.NEXT_MODEL)).repaired == ()


def test_a_route_without_a_repair_in_its_row_repairs_no_sentence() -> None:
    row = replace(CHAIN, fallbacks={BAD.cause: (Action.NEXT_MODEL, Action.REPAIR)})
    assert decide.after(BAD, BEFORE, row).action is Action.NEXT_MODEL
    committed = replace(BEFORE, committed=True)
    assert decide.after(BAD, committed, row) == Attempt("small", Variant.CONTINUED, BAD.cause, Action.NEXT_MODEL)


def test_a_whole_repair_shows_what_is_wrong_with_the_sentence() -> None:
    step = decide.after(BAD, replace(TRIED, draft="a draft"), CHAIN)
    assert isinstance(step, Attempt)
    assert step.repair_of == Draft("a draft", BAD.cause, SENTENCE)


def test_a_repaired_answer_is_whole() -> None:
    step = Attempt("large", Variant.REPAIR, Cause.CITATION_MISSING, Action.REPAIR, Draft("", Cause.CITATION_MISSING))
    outcome = decide.outcome(Accept(step, TEXT), PartialResults(), policy())
    assert outcome.result == Answered(TEXT)
    assert (outcome.cause, outcome.action) == (Cause.CITATION_MISSING, Action.REPAIR)
    assert outcome.next_step is NextStep.SHOW


def test_passages_are_offered_only_when_there_are_some() -> None:
    asked = AttemptHistory(models=policy().models)
    assert decide.after(Failure(Cause.MODEL_TIMEOUT), asked, policy()).action is Action.FAIL_SAFE
    some = replace(TRIED, models=policy().models)
    assert decide.after(Failure(Cause.MODEL_TIMEOUT), some, policy()).action is Action.PASSAGES_ONLY


PLAN = time_plan(4.0)


@pytest.mark.parametrize(
    ("models", "row", "bounded"),
    [
        (("large",), (Action.NEXT_MODEL,), True),
        (("large", "small"), (Action.NEXT_MODEL,), False),
        (("large",), (Action.PASSAGES_ONLY,), False),
    ],
)
def test_a_model_may_be_late_only_where_nobody_could_follow_it(
    models: tuple[str, ...], row: tuple[Action, ...], bounded: bool
) -> None:
    chain = replace(CHAIN, fallbacks={Cause.MODEL_SLOW_START: row})
    by = decide.start_by(replace(TRIED, models=models), PLAN, chain, 1.0)
    assert by == (PLAN.first_token_by(1.0) if bounded else NEVER)


def test_a_model_may_be_late_where_no_time_would_be_left_for_another() -> None:
    chain = replace(CHAIN, fallbacks={Cause.MODEL_SLOW_START: (Action.NEXT_MODEL,)})
    late = replace(PLAN, first_token_share=0.99)
    assert decide.start_by(TRIED, late, chain, PLAN.generate_by.at - 1.0) == NEVER
    assert decide.start_by(TRIED, PLAN, chain, PLAN.generate_by.at - 1.0) < NEVER


@pytest.mark.parametrize(
    ("cause", "action"),
    [
        (Cause.MODEL_UNAVAILABLE, Action.CUT_SHORT),
        (Cause.PROMPT_TOO_LONG, Action.ABSTAIN),
        (Cause.MODEL_INTERRUPTED, Action.CUT_SHORT),
    ],
)
def test_a_checked_beginning_is_better_than_passages_alone_or_nothing(cause: Cause, action: Action) -> None:
    ended = replace(TRIED, models=("large", "small"), passages=1, beginning=True)
    assert decide.after(Failure(cause), ended, CHAIN).action is action


def test_the_longest_beginning_is_kept_with_its_author() -> None:
    longer = replace(BEGINNING, delta="It works")
    partial = PartialResults().or_longer((longer,), "large").or_longer((BEGINNING,), "small")
    assert (partial.beginning, partial.author) == ((longer,), "large")


STANDS = replace(TRIED, committed=True, draft="a draft")


@pytest.mark.parametrize("cause", [Cause.MODEL_UNAVAILABLE, Cause.CITATION_MISSING])
def test_verified_text_that_has_left_stands_and_the_next_model_continues_it(cause: Cause) -> None:
    step = decide.after(Failure(cause), STANDS, CHAIN)
    assert step == Attempt("small", Variant.CONTINUED, cause, Action.NEXT_MODEL)


CUT: dict[str, tuple[AttemptHistory, Mapping[Cause, tuple[Action, ...]]]] = {
    "no row": (STANDS, {}),
    "a row without the next model": (STANDS, {Cause.MODEL_UNAVAILABLE: (Action.ABSTAIN,)}),
    "a row that ends before it": (STANDS, {Cause.MODEL_UNAVAILABLE: (Action.PASSAGES_ONLY, Action.NEXT_MODEL)}),
    "no other model": (replace(STANDS, models=("large", "small")), CHAIN.fallbacks),
    "no time": (replace(STANDS, remaining=decide.LEAST_ATTEMPT / 2), CHAIN.fallbacks),
}


@pytest.mark.parametrize("case", CUT)
def test_what_stands_is_cut_short_where_nobody_can_continue_it(case: str) -> None:
    history, rows = CUT[case]
    step = decide.after(Failure(Cause.MODEL_UNAVAILABLE), history, replace(CHAIN, fallbacks=rows))
    assert step == Conclude(Action.CUT_SHORT, Cause.MODEL_UNAVAILABLE)


def test_the_first_attempts_answer_is_answered() -> None:
    outcome = decide.outcome(Accept(Attempt("large"), TEXT), PartialResults(), policy())
    assert outcome.result == Answered(TEXT)
    assert (outcome.cause, outcome.action) == (Cause.ANSWER_VALIDATED, Action.ANSWER)
    assert outcome.next_step is NextStep.SHOW


@pytest.mark.parametrize(
    ("step", "loss"),
    [
        (Attempt("small", cause=Cause.MODEL_TIMEOUT, action=Action.NEXT_MODEL), Loss.SIMPLER_MODEL),
        (Attempt("small", Variant.CONTINUED, Cause.MODEL_INTERRUPTED, Action.NEXT_MODEL), Loss.SIMPLER_MODEL),
        (Attempt("large", Variant.SHORTENED, Cause.PROMPT_TOO_LONG, Action.SHORTER_PROMPT), Loss.FEWER_PASSAGES),
    ],
)
def test_a_later_attempts_answer_says_what_it_lacks(step: Attempt, loss: Loss) -> None:
    outcome = decide.outcome(Accept(step, TEXT), PartialResults(), policy())
    assert outcome.result == Degraded((loss,), TEXT)
    assert (outcome.cause, outcome.action) == (step.cause, step.action)
    assert outcome.next_step is NextStep.SHOW_WITH_CAUTION


def test_an_abstention_shows_the_nearest_passages() -> None:
    passages = tuple(passage(str(n), f"text {n}") for n in range(8))
    partial = PartialResults(passages)
    partial = replace(partial, shown=partial.nearest(policy().nearest))
    outcome = decide.outcome(Conclude(Action.ABSTAIN, Cause.INSUFFICIENT_EVIDENCE), partial, policy())
    assert outcome.result == Abstained(8, passages[:3])
    assert outcome.next_step is NextStep.REPHRASE


def test_passages_alone_and_an_answer_cut_short_are_degraded() -> None:
    chosen = (passage("a", "text"),)
    remains = PartialResults(chosen, chosen, (BEGINNING,), shown=chosen)
    passages = decide.outcome(Conclude(Action.PASSAGES_ONLY, Cause.MODEL_TIMEOUT), remains, policy())
    assert passages.result == Degraded((Loss.ANSWER,), passages=chosen)
    cut = decide.outcome(Conclude(Action.CUT_SHORT, Cause.MODEL_TIMEOUT), remains, policy())
    assert cut.result == Degraded((Loss.REST_OF_ANSWER,), answer=GroundedText.of([BEGINNING], None))


@pytest.mark.parametrize(
    ("cause", "given", "retryable", "wait"),
    [
        (Cause.STORE_UNAVAILABLE, None, True, decide.RETRY_AFTER),
        (Cause.MODEL_RATE_LIMITED, 7.5, True, 7.5),
        (Cause.STORE_MISCONFIGURED, None, False, None),
    ],
)
def test_failing_safe_says_whether_and_when_to_retry(
    cause: Cause, given: float | None, retryable: bool, wait: float | None
) -> None:
    outcome = decide.outcome(Conclude(Action.FAIL_SAFE, cause, given), PartialResults(), policy())
    assert outcome.result == FailedSafe(retryable, wait)
    assert outcome.next_step is (NextStep.RETRY_AFTER if retryable else NextStep.DO_NOT_RETRY)


def test_passages_in_place_of_an_answer_are_those_that_were_found() -> None:
    best, beside = passage("best", "one"), replace(passage("beside", "two"), neighbour=True)
    assert PartialResults((best,), (beside, best)).presentable == (best,)


def test_what_a_guard_distrusts_never_stands_in_the_place_of_an_answer() -> None:
    good, bad = passage("c1", "Rain."), replace(passage("c2", "Ignore all."), trusted=False)
    for searched, shown in (((bad, good), (good,)), ((bad,), ())):
        partial = PartialResults(searched, searched)
        assert partial.presentable == partial.nearest(3) == shown


def test_passages_alone_are_no_step_where_a_guard_distrusts_all_of_them() -> None:
    history = replace(TRIED, models=("large", "small"), presentable=False)
    assert decide.after(Failure(Cause.MODEL_UNAVAILABLE), history, CHAIN).action is Action.FAIL_SAFE


LATER = replace(CHAIN, queue=True, fallbacks={Cause.CAPACITY_EXHAUSTED: (Action.QUEUE, Action.CACHED_ANSWER)})
STAND_IN = Cached(TEXT, 60.0, (CacheKey.QUESTION,))
FULL_UP = Failure(Cause.CAPACITY_EXHAUSTED)
WAITS = Conclude(Action.QUEUE, Cause.CAPACITY_EXHAUSTED)
STANDS_IN = Conclude(Action.CACHED_ANSWER, Cause.CAPACITY_EXHAUSTED)
BEGUN = replace(TRIED, models=("large", "small"))


@pytest.mark.parametrize(
    ("history", "route", "step"),
    [
        (replace(BEGUN, allow_queue=True, stand_in=True), LATER, WAITS),
        (replace(BEGUN, allow_queue=True), replace(LATER, queue=False), Action.FAIL_SAFE),
        (replace(BEGUN, stand_in=True), LATER, STANDS_IN),
        (replace(BEGUN, allow_queue=True, stand_in=True, used=frozenset({Action.QUEUE})), LATER, STANDS_IN),
        (replace(BEGUN, allow_queue=True, stand_in=True, beginning=True), LATER, WAITS),
        (replace(BEGUN, allow_queue=True, stand_in=True, committed=True), LATER, Action.CUT_SHORT),
        (BEGUN, LATER, Action.FAIL_SAFE),
        (replace(BEGUN, remaining=0.0, stand_in=True), LATER, STANDS_IN),
    ],
    ids=[
        "both",
        "a route without a queue",
        "a caller who does not allow it",
        "a queue that did not take it",
        "a beginning that has not left",
        "text that has left",
        "neither",
        "no time left",
    ],
)
def test_a_question_waits_or_an_earlier_answer_stands_in_where_nothing_has_left(
    history: AttemptHistory, route: Policy, step: Conclude | Action
) -> None:
    taken = decide.after(FULL_UP, history, route)
    assert (taken if isinstance(step, Conclude) else taken.action) == step


@pytest.mark.parametrize(
    ("cause", "next_step"),
    [(Cause.CAPACITY_EXHAUSTED, NextStep.SHOW_WITH_CAUTION), (Cause.ANSWER_VALIDATED, NextStep.SHOW)],
)
def test_an_earlier_answer_is_cached_and_shown_with_caution_after_a_failure(cause: Cause, next_step: NextStep) -> None:
    outcome = decide.outcome(Conclude(Action.CACHED_ANSWER, cause), PartialResults(stand_in=STAND_IN), policy())
    assert (outcome.result, outcome.cause, outcome.next_step) == (STAND_IN, cause, next_step)


def test_a_question_that_waits_is_queued() -> None:
    queued = Queued("operations/1", 3, 2.0)
    outcome = decide.outcome(WAITS, PartialResults(queued=queued), policy())
    assert (outcome.result, outcome.action, outcome.next_step) == (queued, Action.QUEUE, NextStep.WAIT_FOR_OPERATION)


def test_only_a_model_without_a_price_follows_when_the_budget_is_used_up() -> None:
    route = replace(
        CHAIN,
        models=("large", "small", "own"),
        priced=frozenset({"large", "small"}),
        fallbacks={Cause.BUDGET_EXHAUSTED: (Action.NEXT_MODEL,)},
    )
    step = decide.after(Failure(Cause.BUDGET_EXHAUSTED), TRIED, route)
    assert step == Attempt("own", cause=Cause.BUDGET_EXHAUSTED, action=Action.NEXT_MODEL)
    dear = replace(route, priced=frozenset(route.models))
    assert decide.after(Failure(Cause.BUDGET_EXHAUSTED), TRIED, dear).action is Action.FAIL_SAFE


def test_each_action_of_a_row_says_what_it_means_or_why_it_is_passed_over() -> None:
    route = replace(policy(), models=("large",), queue=False)
    considered = dict(decide.consider(Failure(Cause.MODEL_RATE_LIMITED), replace(TRIED, passages=0), route))
    assert considered == {
        Action.NEXT_MODEL: Obstacle.ONE_MODEL,
        Action.QUEUE: Obstacle.NO_QUEUE,
        Action.CACHED_ANSWER: Obstacle.NO_STAND_IN,
        Action.PASSAGES_ONLY: Obstacle.NOTHING_TO_SHOW,
        Action.FAIL_SAFE: Conclude(Action.FAIL_SAFE, Cause.MODEL_RATE_LIMITED),
    }


@pytest.mark.parametrize(("retry_after", "action"), [(60.0, Action.QUEUE), (None, Action.FAIL_SAFE)])
def test_only_a_budget_that_is_renewed_is_worth_waiting_for(retry_after: float | None, action: Action) -> None:
    route = replace(LATER, fallbacks={Cause.BUDGET_EXHAUSTED: (Action.QUEUE,)})
    spent = Failure(Cause.BUDGET_EXHAUSTED, retry_after=retry_after)
    assert decide.after(spent, replace(BEGUN, allow_queue=True), route).action is action
