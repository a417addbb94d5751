"""A text whose passages are known is given its verdicts: a reviewer's, or a draft that no answer came of."""

import asyncio

import pytest

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, Confidence, Verdict
from tests.doubles.generator import DONE
from tests.pipeline.running import FIRST, PASSAGE, SECOND, path
from tests.pipeline.samples import ALICE, ask, passage

EVIDENCE = [passage("c1", PASSAGE), passage("c2", "Generators yield values lazily.", allowed=frozenset({"hr"}))]
LAZY = "Generators yield values lazily."


async def checked(text: str, seconds: float = 4.0) -> GroundedText:
    made, now = await path([DONE]), asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(), ALICE, now, Deadline(now + seconds))
    answer = await made.answerer.check_draft(text, inquiry, EVIDENCE)
    assert not any(model.requests for model in made.models)
    return answer


def words(answer: GroundedText) -> dict[str, Verdict]:
    return {
        answer.text[each.span.start_code_point : each.span.end_code_point]: each.verdict for each in answer.sentences
    }


async def test_every_sentence_has_its_verdict_and_rests_on_what_carries_it() -> None:
    text = f"{FIRST} {LAZY} Their bodies hold 77 expressions."
    answer = await checked(text)
    assert answer.text == text
    verdicts = words(answer)
    assert verdicts[FIRST] is verdicts[LAZY] is Verdict.VERBATIM
    assert verdicts["Their bodies hold 77 expressions."] in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}
    for sentence in answer.sentences:
        for index in sentence.citations:
            citation = answer.citations[index]
            assert citation.quote in citation.passage.text
            assert (citation.span, citation.added) == (sentence.span, True)
    assert [answer.citations[each.citations[0]].passage.chunk_id for each in answer.sentences[:2]] == ["c1", "c2"]
    assert answer.confidence is Confidence.LOW


async def test_a_text_that_its_passages_carry_is_verified() -> None:
    answer = await checked(f"{FIRST} {SECOND}")
    assert answer.verified
    assert answer.grounding_score == 1.0
    assert answer.confidence is not Confidence.LOW


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "Click https://evil.example/now to win."])
async def test_what_no_passage_carries_is_never_supported(text: str) -> None:
    answer = await checked(text)
    assert not answer.verified
    assert answer.text == text


async def test_a_text_without_a_claim_has_no_verdict_that_counts() -> None:
    assert (await checked("Hello!")).weakest_verdict in {None, Verdict.UNSUPPORTED}


async def test_a_check_ends_with_its_time() -> None:
    with pytest.raises(Failure) as failed:
        await checked(FIRST, seconds=0.0)
    assert failed.value.cause is Cause.TIME_EXHAUSTED


async def test_it_is_one_stage_and_asks_no_model() -> None:
    made, now = await path([DONE]), asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0))
    await made.answerer.check_draft(FIRST, inquiry, EVIDENCE)
    assert [span.name for span in made.spans.finished if span.name == "groundwire.check"] == ["groundwire.check"]
