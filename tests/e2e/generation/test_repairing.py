"""A sentence of a draft cannot be used: the model goes on from what stands before it, through a real server."""

import json
from typing import Any

import pytest

from groundwire.v1 import event_pb2, outcome_pb2, report_pb2
from tests.doubles.upstream import Beat, Echo, Reply, upstream
from tests.e2e.calls import answer, kept_text, kinds, stream
from tests.e2e.generation.conftest import Serve, one_model, provider
from tests.e2e.generation.drafts import DONE, SECOND, SENTENCE, chunk, cited, usage

WRONG = "Lambda bodies hold 77 expressions."
WHOLE = f"{SENTENCE} {SECOND}"


def begun() -> Reply:
    """A draft of which the second sentence contradicts its passage; its third never leaves."""

    def pieces(body: bytes) -> bytes:
        handle = json.loads(cited(body, SECOND)[1])["cites"]
        wrong = ", " + json.dumps({"text": WRONG, "cites": handle})
        return chunk("".join([*cited(body, SENTENCE)[:2], wrong]))

    return Reply([Echo(pieces), Beat(), chunk("]}", reason="stop"), usage(), DONE])


def rest(*, opened: bool) -> Reply:
    """What follows in place of it: the rest of a draft whose opening the server was given, or else a whole one."""
    return Reply(
        [
            Echo(lambda body: chunk("".join(cited(body, SECOND)[opened:]))),
            chunk(reason="stop"),
            usage(900, 12, 850),
            DONE,
        ]
    )


def sections(double: Any, profile: str) -> dict[str, Any]:
    made = one_model(double)
    made["providers"]["cloud"] = provider(double, profile=profile)
    return made


@pytest.mark.parametrize("mode", ["unary", "STREAM_MODE_CHECKED", "STREAM_MODE_PROVISIONAL"])
@pytest.mark.parametrize("profile", ["vllm", "openai"])
async def test_the_rest_of_an_answer_is_written_from_the_bad_sentence_on(
    configured: Serve, profile: str, mode: str
) -> None:
    continues = profile == "vllm"
    async with upstream(begun(), rest(opened=continues)) as double:
        async with configured(sections(double, profile)) as served:
            if mode == "unary":
                outcome = await answer(served)
            else:
                events = await stream(served, mode=event_pb2.StreamMode.Value(mode))
                outcome = events[-1].outcome
                assert kept_text(events) == WHOLE
                assert mode == "STREAM_MODE_PROVISIONAL" or "retraction" not in kinds(events)
            assert "77 expressions" not in served.spans.everything()
        first, second = (json.loads(request.body) for request in double.requests)
    assert outcome.answered.answer.text == WHOLE
    assert (outcome.action, outcome.next_step) == (outcome_pb2.ACTION_REPAIR, outcome_pb2.NEXT_STEP_SHOW)
    assert [(each.purpose, each.cached_input_tokens) for each in outcome.report.usage] == [
        (report_pb2.Usage.PURPOSE_ANSWER, 0),
        (report_pb2.Usage.PURPOSE_REPAIR, 850),
    ]
    turns = second["messages"]
    assert turns[: len(first["messages"])] == first["messages"], "what the provider has read it need not read again"
    assert SENTENCE in turns[2]["content"]
    assert WRONG not in turns[2]["content"]
    assert (WRONG in turns[3]["content"], SECOND in turns[3]["content"]) == (True, True)
    assert [turn["role"] for turn in turns[4:]] == ["assistant"] * continues
    assert second.get("continue_final_message", False) is continues
