"""What a checker's word changes of a verdict, and that a checker never fails an answer."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SentenceToCheck,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.policy import OVERRULABLE, CheckPolicy
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Purpose, Verdict
from groundwire_server.pipeline.entailment import CheckerAnswer, FinalVerdict, ask_checker, final_verdict
from groundwire_server.pipeline.report import ReportBuilder
from tests.doubles.spans import Spans

THRESHOLDS = EntailmentThresholds(entailed_from=0.8, unsupported_below=0.3)
POLICY = CheckPolicy(share=0.5, max_seconds=2.0, overrule=OVERRULABLE)
STRICT = CheckPolicy(share=0.5, max_seconds=2.0, overrule=frozenset())
CONSISTENT, UNSUPPORTED, CONTRADICTED = Verdict.CONSISTENT, Verdict.UNSUPPORTED, Verdict.CONTRADICTED
ENTAILED = Verdict.ENTAILED
HARD = [
    ConflictKind.NUMBER,
    ConflictKind.DATE,
    ConflictKind.UNIT,
    ConflictKind.NAME,
    ConflictKind.NEGATION,
]
NEVER_OVERRULED = [
    *HARD,
    ConflictKind.CONDITION,
    ConflictKind.ATTRIBUTION,
    ConflictKind.OPERATOR,
    ConflictKind.MARKUP,
    ConflictKind.UNTRUSTED,
    ConflictKind.COMMAND,
]
PASSED = [ConflictKind.UNCOVERED, ConflictKind.LANGUAGE]


def ruled(
    verdict: Verdict, conflicts: Sequence[ConflictKind], probability: float | None, policy: CheckPolicy = POLICY
) -> Verdict:
    return final_verdict(verdict, conflicts, probability, THRESHOLDS, policy).verdict


def test_every_kind_of_conflict_is_one_of_three() -> None:
    assert sorted([*NEVER_OVERRULED, *OVERRULABLE, *PASSED]) == sorted(ConflictKind)


@pytest.mark.parametrize("probability", [None, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("verdict", [Verdict.VERBATIM, Verdict.NOT_A_CLAIM])
def test_what_needs_no_model_is_left_as_it_is(verdict: Verdict, probability: float | None) -> None:
    assert final_verdict(verdict, [], probability, THRESHOLDS, POLICY) == FinalVerdict(verdict)


@pytest.mark.parametrize("verdict", [CONSISTENT, UNSUPPORTED, CONTRADICTED])
@pytest.mark.parametrize("probability", [None, 0.3, 0.5, 0.799])
def test_a_checker_that_is_undecided_leaves_what_the_rules_say(verdict: Verdict, probability: float | None) -> None:
    assert final_verdict(verdict, [], probability, THRESHOLDS, POLICY) == FinalVerdict(verdict)


@pytest.mark.parametrize("probability", [0.8, 1.0])
@pytest.mark.parametrize("conflicts", [[], *([each] for each in PASSED), PASSED])
@pytest.mark.parametrize("verdict", [CONSISTENT, UNSUPPORTED])
def test_a_sentence_that_nothing_stands_against_is_entailed(
    verdict: Verdict, conflicts: list[ConflictKind], probability: float
) -> None:
    assert final_verdict(verdict, conflicts, probability, THRESHOLDS, POLICY) == FinalVerdict(ENTAILED, by_checker=True)


@pytest.mark.parametrize("kind", NEVER_OVERRULED)
@pytest.mark.parametrize("beside", [[], [ConflictKind.ROLE], PASSED])
@pytest.mark.parametrize("verdict", [UNSUPPORTED, CONTRADICTED])
def test_a_hard_conflict_stands_whatever_a_model_says(
    verdict: Verdict, kind: ConflictKind, beside: list[ConflictKind]
) -> None:
    assert final_verdict(verdict, [kind, *beside], 1.0, THRESHOLDS, POLICY) == FinalVerdict(verdict)


def test_a_policy_cannot_let_a_hard_conflict_be_overruled() -> None:
    lenient = CheckPolicy(0.5, 2.0, frozenset(ConflictKind))
    assert [ruled(CONTRADICTED, [kind], 1.0, lenient) for kind in HARD] == [CONTRADICTED] * len(HARD)


@pytest.mark.parametrize("kind", sorted(OVERRULABLE))
def test_a_soft_conflict_is_overruled_where_the_route_allows_it(kind: ConflictKind) -> None:
    ruling = final_verdict(CONTRADICTED, [kind, ConflictKind.UNCOVERED], 0.9, THRESHOLDS, POLICY)
    assert ruling == FinalVerdict(ENTAILED, by_checker=True, overruled=frozenset({kind}))
    assert final_verdict(CONTRADICTED, [kind], 0.9, THRESHOLDS, STRICT) == FinalVerdict(CONTRADICTED)


@pytest.mark.parametrize(
    ("verdict", "expected"), [(CONSISTENT, UNSUPPORTED), (UNSUPPORTED, UNSUPPORTED), (CONTRADICTED, CONTRADICTED)]
)
def test_what_a_model_finds_unsupported_does_not_stand(verdict: Verdict, expected: Verdict) -> None:
    ruling = final_verdict(verdict, [], 0.299, THRESHOLDS, POLICY)
    assert (ruling.verdict, ruling.by_checker) == (expected, verdict is CONSISTENT)


class ScriptedChecker:
    """Answers by a function, after seconds."""

    name, model, fingerprint, thresholds = "it", "writer", "0" * 16, THRESHOLDS

    def __init__(self, answer: Callable[[CheckRequest], CheckReply], seconds: float = 0.0) -> None:
        self._answer = answer
        self._seconds = seconds
        self.deadline: Deadline | None = None

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        self.deadline = deadline
        await asyncio.sleep(self._seconds)
        return self._answer(request)

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        raise NotImplementedError


REQUEST = CheckRequest(Requester("acme"), "", ("A.",), (SentenceToCheck("A."), SentenceToCheck("B.")))
USED = Usage(12, 3)


def failing(failure: Failure) -> Callable[[CheckRequest], CheckReply]:
    def fail(request: CheckRequest) -> CheckReply:
        raise failure

    return fail


async def asked(checker: ScriptedChecker, seconds: float = 10.0) -> tuple[CheckerAnswer, ReportBuilder]:
    report = ReportBuilder("", "", "", 0.0)
    answer_by = Deadline(asyncio.get_running_loop().time() + seconds)
    return await ask_checker(checker, REQUEST, POLICY, answer_by, report), report


async def test_probabilities_come_with_their_usage() -> None:
    checked, report = await asked(ScriptedChecker(lambda _: CheckReply((0.9, None), USED)))
    assert checked == CheckerAnswer((0.9, None))
    assert report.usage == {("writer", Purpose.CHECK): USED}


@pytest.mark.parametrize(
    ("failure", "usage"),
    [
        (ChargedFailure(Failure(Cause.MODEL_RATE_LIMITED), USED), USED),
        (ChargedFailure(Failure(Cause.BUDGET_EXHAUSTED), Usage()), None),
        (Failure(Cause.CAPACITY_EXHAUSTED), None),
    ],
)
async def test_a_failure_leaves_the_rules_and_says_why(failure: Failure, usage: Usage | None) -> None:
    checked, report = await asked(ScriptedChecker(failing(failure)))
    assert checked == CheckerAnswer((None, None), failure.cause)
    assert report.usage == ({} if usage is None else {("writer", Purpose.CHECK): usage})


@pytest.mark.parametrize("fails", [True, False])
async def test_the_span_of_the_stage_says_why_a_checker_said_nothing(fails: bool) -> None:
    spans = Spans()
    answer = failing(Failure(Cause.MODEL_UNAVAILABLE)) if fails else lambda _: CheckReply((0.9, None), USED)
    with spans.tracer.start_as_current_span("check"):
        await asked(ScriptedChecker(answer))
    expected = {"groundwire.checker": "it", "groundwire.checker.cause": "MODEL_UNAVAILABLE"} if fails else {}
    assert spans.attributes("check") == expected


@pytest.mark.parametrize("number", [0, 1, 3])
async def test_a_reply_to_other_sentences_is_none(number: int) -> None:
    checked, _ = await asked(ScriptedChecker(lambda _: CheckReply((0.9,) * number, USED)))
    assert checked == CheckerAnswer((None, None), Cause.MODEL_MISCONFIGURED)


@pytest.mark.parametrize(("seconds", "waited"), [(3.0, 1.5), (60.0, 2.0)])
async def test_a_checker_that_never_answers_is_left_at_its_share_of_the_time(seconds: float, waited: float) -> None:
    checker = ScriptedChecker(lambda _: CheckReply((), USED), 1e6)
    began = asyncio.get_running_loop().time()
    checked, _ = await asked(checker, seconds)
    assert checked == CheckerAnswer((None, None), Cause.MODEL_TIMEOUT)
    assert checker.deadline == Deadline(began + waited)
    assert asyncio.get_running_loop().time() - began == pytest.approx(waited, abs=0.05)


async def test_no_sentence_asks_nobody() -> None:
    checker = ScriptedChecker(failing(Failure(Cause.INTERNAL)))
    nothing = CheckRequest(Requester("acme"), "", ("A.",), ())
    assert await ask_checker(checker, nothing, POLICY, Deadline(1e9), ReportBuilder("", "", "", 0.0)) == CheckerAnswer(
        ()
    )


async def test_a_caller_that_leaves_takes_the_checker_along() -> None:
    checker = ScriptedChecker(lambda _: CheckReply((), USED), 1e6)
    task = asyncio.create_task(asked(checker))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
