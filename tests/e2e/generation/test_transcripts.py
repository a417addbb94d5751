"""What each provider was seen to send, over gRPC: the outcome that callers get of it."""

from typing import Any

import pytest

from groundwire.v1 import (
    cause_pb2,
    outcome_pb2,
)
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.test_transcripts import ANSWERS, FAILURES, OTHER_ENDS, spoken
from tests.adapters.generator.wire.transcripts import transcript
from tests.doubles.upstream import Upstream, upstream
from tests.e2e.calls import answer, ingest, kept_text, question, stream, used
from tests.e2e.generation.conftest import Serve, Served, one_model

TEXT = "Parcels wait in the mail room — naïvely. The mail room opens at noon."
DOCUMENTS = (("post", f"{TEXT} So says the porter."), ("house", f"{TEXT} So say the rules of the house."))
ASKED = question("Where do parcels wait, and when does the mail room open?")
ENDS = {
    "openai-length": Cause.OUTPUT_CUT_OFF,
    "mistral-length": Cause.OUTPUT_CUT_OFF,
    "anthropic-max-tokens": Cause.OUTPUT_CUT_OFF,
    "anthropic-window-exceeded": Cause.OUTPUT_CUT_OFF,
    "openai-tool-call": Cause.OUTPUT_MALFORMED,
    "plain-thoughts-without-an-end": Cause.OUTPUT_EMPTY,
    "empty-answer": Cause.OUTPUT_EMPTY,
    "plain-prose": Cause.OUTPUT_MALFORMED,
    **FAILURES,
}


def sections(double: Upstream, name: str) -> dict[str, Any]:
    """A server over the provider of a transcript, of its kind and in its profile."""
    made = one_model(double, retry={"max_attempts": 1})
    profile = spoken(name)
    if profile.startswith("anthropic"):
        made["providers"]["cloud"]["kind"] = made["models"]["large"]["kind"] = "anthropic"
        made["models"]["large"]["output"] = "json_schema" if profile == "anthropic-json" else "tool"
    else:
        version = {"api_version": "2024-10-21"} if profile == "azure" else {}
        made["providers"]["cloud"] |= {"profile": profile, **version}
    return made


async def both(served: Served) -> tuple[outcome_pb2.Outcome, outcome_pb2.Outcome, str]:
    """The outcome as a whole, and streamed with what its reader has at the end."""
    await ingest(served, *DOCUMENTS)
    events = await stream(served, ASKED)
    return await answer(served, ASKED), events[-1].outcome, kept_text(events)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_of_each_provider_is_an_answer(configured: Serve, name: str) -> None:
    async with upstream(transcript(name)) as double, configured(sections(double, name)) as served:
        unary, streamed, text = await both(served)
    assert unary.answered.answer.text == streamed.answered.answer.text == text == TEXT
    assert unary.answered.answer == streamed.answered.answer
    assert len(unary.answered.answer.citations) == 3
    expected, counted = ANSWERS[name], used(unary)
    assert counted.estimated is expected.estimated
    if not counted.estimated:
        assert (counted.input_tokens, counted.output_tokens) == (expected.input_tokens, expected.output_tokens)


@pytest.mark.parametrize("name", ENDS)
async def test_any_other_end_of_each_provider_has_its_outcome(configured: Serve, name: str) -> None:
    async with upstream(transcript(name)) as double, configured(sections(double, name)) as served:
        unary, streamed, text = await both(served)
        assert "SECRET" not in served.spans.everything()
    assert text == ""
    for outcome in (unary, streamed):
        assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{ENDS[name]}"
        assert outcome.action == outcome_pb2.ACTION_PASSAGES_ONLY
        assert len(outcome.degraded.passages) == 2
        assert "SECRET" not in str(outcome)


def test_every_transcript_is_driven() -> None:
    assert ENDS.keys() == {*OTHER_ENDS, *FAILURES}
