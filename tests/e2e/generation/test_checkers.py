"""A route's checker is asked about what a model wrote in words of its own, through a real server."""

from typing import Any

import pytest

from groundwire.v1 import grounding_pb2, outcome_pb2, report_pb2
from tests.doubles.checking_model import said
from tests.doubles.upstream import Reply, Stall, Upstream, upstream
from tests.e2e.calls import answer
from tests.e2e.generation.conftest import Serve, one_model, provider
from tests.e2e.generation.drafts import SENTENCE, segments, writes

RETOLD = "Lambda expressions create functions."
VERIFIED = {"release": {"minimum": "VERIFIED"}, "fallbacks": {"NOT_VERIFIED": ["ABSTAIN"]}}


def panel(*probabilities: float) -> Reply:
    """What a decision endpoint says of the sentences of one answer."""
    answers = [
        {"type": "predicate", "name": f"s{number}", "probability": probability}
        for number, probability in enumerate(probabilities, start=1)
    ]
    return said({"answers": answers, "usage": {"input_tokens": 90}})


def sections(writer: Upstream, checker: Upstream | str, **route: Any) -> dict[str, Any]:
    made = one_model(writer, route={"checker": "panel", **route})
    made["providers"]["panel"] = provider(checker)
    made["checkers"] = {"panel": {"kind": "decisions", "provider": "panel", "model": "m"}}
    return made


def verdicts(text: grounding_pb2.GroundedText) -> list[tuple[str, str]]:
    return [(grounding_pb2.Verdict.Name(each.verdict), each.checker) for each in text.sentences]


async def test_a_sentence_that_the_checker_entails_is_verified(configured: Serve) -> None:
    draft = Reply(writes(*segments(SENTENCE, RETOLD)))
    async with upstream(draft) as writer, upstream(panel(0.97)) as checker:
        async with configured(sections(writer, checker, **VERIFIED)) as served:
            outcome = await answer(served)
        assert len(checker.requests) == 1
    text = outcome.answered.answer
    assert verdicts(text) == [("VERDICT_VERBATIM", "rules"), ("VERDICT_ENTAILED", "panel")]
    assert text.verified
    purposes = {each.purpose for each in outcome.report.usage}
    assert report_pb2.Usage.PURPOSE_CHECK in purposes


async def test_a_sentence_that_the_checker_finds_unsupported_does_not_stand(configured: Serve) -> None:
    draft = Reply(writes(*segments(RETOLD)))
    abstaining = {"UNSUPPORTED": ["ABSTAIN"]}
    async with (
        upstream(draft) as writer,
        upstream(panel(0.02)) as checker,
        configured(sections(writer, checker, fallbacks=abstaining)) as served,
    ):
        outcome = await answer(served)
    assert outcome.WhichOneof("result") == "abstained"


@pytest.mark.parametrize("failing", ["away", "nonsense", "late"])
async def test_a_checker_that_fails_leaves_what_the_rules_say(configured: Serve, failing: str) -> None:
    wrong = {"nonsense": said({"answers": "yes"}), "late": Reply([Stall()])}
    replies = [wrong[failing]] * 4 if failing in wrong else []
    async with upstream(Reply(writes(*segments(SENTENCE, RETOLD)))) as writer, upstream(*replies) as checker:
        where = checker if failing in wrong else "http://127.0.0.1:9/v1"
        async with configured(sections(writer, where, check={"max_seconds": 0.3})) as served:
            outcome = await answer(served)
    text = outcome.answered.answer
    assert verdicts(text) == [("VERDICT_VERBATIM", "rules"), ("VERDICT_CONSISTENT", "rules")]
    assert not text.verified
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW


@pytest.mark.parametrize(("probability", "result"), [(0.1, "abstained"), (0.9, "answered")])
async def test_passages_that_the_checker_doubts_make_an_answer_unsure(
    configured: Serve, probability: float, result: str
) -> None:
    sure = {"check": {"min_sufficiency": 0.5}, "thresholds": {"min_confidence": "MEDIUM"}}
    fallbacks = {"CONFIDENCE_NOT_ALLOWED": ["ABSTAIN"]}
    async with upstream(Reply(writes(*segments(SENTENCE)))) as writer, upstream(panel(probability)) as checker:
        async with configured(sections(writer, checker, fallbacks=fallbacks, **sure)) as served:
            outcome = await answer(served)
        assert len(checker.requests) == 1
    assert outcome.WhichOneof("result") == result
