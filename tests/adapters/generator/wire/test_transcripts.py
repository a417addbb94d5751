"""Every provider's ways, held to what it was seen to send."""

import json
import logging

import pytest

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, Usage
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import KEY, model
from tests.adapters.generator.wire.transcripts import DRAFT, FOLDER, transcript

LENGTH = FinishReason.LENGTH
COMPLETE = FinishReason.COMPLETE
READ = 13
"""What the prompt is estimated at."""

ESTIMATED = Usage(READ, estimate_tokens(DRAFT), estimated=True)


def estimated(before: str, after: str = "") -> Usage:
    """The estimate of a draft with what a model wrote around it."""
    return Usage(READ, estimate_tokens(before + DRAFT + after), estimated=True)


ANSWERS = {
    "openai-answer": Usage(812, 61),
    "openai-two-choices": Usage(812, 122),
    "openai-whole": Usage(812, 61),
    "azure-answer": Usage(812, 61),
    "mistral-answer": Usage(840, 60),
    "mistral-reasoning": Usage(840, 90),
    "vllm-answer": Usage(812, 61),
    "tgi-answer": Usage(830, 62),
    "ollama-answer": Usage(801, 58),
    "llamacpp-answer": Usage(790, 57),
    "gemini-answer": Usage(805, 59),
    "gemini-no-reason": ESTIMATED,
    "plain-fenced": estimated("```json\n", "\n```\n"),
    "vllm-think": Usage(812, 95),
    "ollama-thinking-fenced": Usage(801, 90),
    "tgi-thoughts-without-a-beginning": estimated("Okay, the passages say where parcels wait.\n</think>\n\n"),
    "plain-reasoning-tags": estimated("<reasoning>p1 and p2.</reasoning>"),
    "vllm-reasoning-content": Usage(812, 80),
    "openai-reasoning-field": Usage(812, 75),
    "plain-usage-empty": ESTIMATED,
    "vllm-usage-so-far": Usage(812, 61),
    "plain-prose-around": estimated("Sure! Here is the answer as JSON:\n\n\n\nI hope this helps!"),
    "vllm-tool-call": Usage(812, 70),
    "ollama-tool-call": Usage(801, 70),
    "plain-function-call": ESTIMATED,
    "openai-whole-tool-call": Usage(812, 61),
    "openai-json-named-sse": Usage(812, 61),
    "openai-whole-as-stream": Usage(812, 61),
    "plain-whole-without-a-reason": ESTIMATED,
    "plain-bom-crlf": ESTIMATED,
    "anthropic-answer": Usage(902, 66),
    "anthropic-preamble": Usage(902, 66),
    "anthropic-gateway-usage": Usage(902, 66),
    "anthropic-json-schema": Usage(902, 66),
    "anthropic-text-for-tool": Usage(902, 66),
    "anthropic-input-at-start": Usage(902, 66),
    "anthropic-text-at-start": Usage(902, 66),
    "anthropic-thinking": Usage(902, 66),
    "anthropic-thinking-tags": Usage(902, 66),
    "anthropic-whole": Usage(902, 66),
    "anthropic-whole-text": Usage(902, 66),
    "anthropic-usage-wrong": ESTIMATED,
    "anthropic-without-a-stop": Usage(902, 66),
}

OTHER_ENDS = {
    "openai-length": (LENGTH, Usage(812, 20)),
    "mistral-length": (LENGTH, Usage(840, 19)),
    "anthropic-max-tokens": (LENGTH, Usage(902, 20)),
    "anthropic-window-exceeded": (LENGTH, Usage(902, 20)),
    # What the model wrote is no draft: the pipeline calls it empty, or malformed.
    "openai-tool-call": (COMPLETE, Usage(700, 9)),
    "plain-thoughts-without-an-end": (COMPLETE, Usage(READ, 16, estimated=True)),
    "empty-answer": (COMPLETE, Usage(READ, 0, estimated=True)),
    "plain-prose": (COMPLETE, Usage(READ, 7, estimated=True)),
}

FAILURES = {
    "openai-refusal": Cause.MODEL_REFUSED,
    "openai-content-filter": Cause.MODEL_CONTENT_FILTERED,
    "openai-error-in-stream": Cause.MODEL_INTERRUPTED,
    "vllm-error-object": Cause.PROMPT_TOO_LONG,
    "tgi-error-event": Cause.PROMPT_TOO_LONG,
    "plain-error-named": Cause.MODEL_UNAVAILABLE,
    "plain-error-detail": Cause.MODEL_UNAVAILABLE,
    "gemini-error-list": Cause.MODEL_RATE_LIMITED,
    "anthropic-error-named": Cause.PROMPT_TOO_LONG,
    "openai-429-resets": Cause.MODEL_RATE_LIMITED,
    "plain-429-milliseconds": Cause.MODEL_RATE_LIMITED,
    "gemini-blocklist": Cause.MODEL_CONTENT_FILTERED,
    "gemini-filter-named": Cause.MODEL_CONTENT_FILTERED,
    "openai-401": Cause.MODEL_MISCONFIGURED,
    "openai-404": Cause.MODEL_MISCONFIGURED,
    "openai-429": Cause.MODEL_RATE_LIMITED,
    "openai-429-quota": Cause.MODEL_QUOTA_EXHAUSTED,
    "openai-400": Cause.MODEL_MISCONFIGURED,
    "openai-400-context": Cause.PROMPT_TOO_LONG,
    "openai-500": Cause.MODEL_UNAVAILABLE,
    "gateway-502": Cause.MODEL_UNAVAILABLE,
    "gateway-503": Cause.MODEL_UNAVAILABLE,
    "proxy-page": Cause.MODEL_MISCONFIGURED,
    "azure-400-content-filter": Cause.MODEL_CONTENT_FILTERED,
    "azure-404": Cause.MODEL_MISCONFIGURED,
    "azure-429": Cause.MODEL_RATE_LIMITED,
    "mistral-422": Cause.MODEL_MISCONFIGURED,
    "mistral-400-context": Cause.PROMPT_TOO_LONG,
    "mistral-429": Cause.MODEL_RATE_LIMITED,
    "vllm-400-context": Cause.PROMPT_TOO_LONG,
    "vllm-error-in-stream": Cause.MODEL_UNAVAILABLE,
    "tgi-422": Cause.PROMPT_TOO_LONG,
    "tgi-429": Cause.MODEL_RATE_LIMITED,
    "ollama-404": Cause.MODEL_MISCONFIGURED,
    "llamacpp-error-line": Cause.PROMPT_TOO_LONG,
    "llamacpp-400-context": Cause.PROMPT_TOO_LONG,
    "llamacpp-503-loading": Cause.MODEL_NOT_READY,
    "gemini-safety": Cause.MODEL_CONTENT_FILTERED,
    "gemini-429": Cause.MODEL_RATE_LIMITED,
    "gemini-400-context": Cause.PROMPT_TOO_LONG,
    "gemini-503": Cause.MODEL_UNAVAILABLE,
    "anthropic-refusal": Cause.MODEL_REFUSED,
    "anthropic-overloaded-in-stream": Cause.MODEL_INTERRUPTED,
    "anthropic-overloaded-at-start": Cause.MODEL_UNAVAILABLE,
    "anthropic-529": Cause.MODEL_UNAVAILABLE,
    "anthropic-401": Cause.MODEL_MISCONFIGURED,
    "anthropic-400-prompt": Cause.PROMPT_TOO_LONG,
    "anthropic-400-credit": Cause.MODEL_QUOTA_EXHAUSTED,
    "anthropic-402": Cause.MODEL_QUOTA_EXHAUSTED,
    "anthropic-413": Cause.PROMPT_TOO_LONG,
    "anthropic-429": Cause.MODEL_RATE_LIMITED,
    "anthropic-500": Cause.MODEL_UNAVAILABLE,
}

RETRY_AFTER = {
    "openai-429": 1.5,
    "gateway-503": 3.0,
    "azure-429": 7.0,
    "gemini-429": 34.5,
    "anthropic-429": 12.0,
    "anthropic-529": None,
    "openai-429-resets": 360.0,
    "plain-429-milliseconds": 2.5,
    "gemini-error-list": 7.0,
}


def spoken(name: str) -> str:
    if name == "anthropic-json-schema":
        return "anthropic-json"
    first = name.split("-", maxsplit=1)[0]
    return {"gateway": "openai", "proxy": "openai", "empty": "plain"}.get(first, first)


def drafted(text: str) -> object:
    """The draft at the beginning of a text, whatever words come after it."""
    return json.JSONDecoder().raw_decode(text)[0]


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_whole_answer_is_read_and_counted(name: str) -> None:
    async with model(spoken(name), transcript(name)) as asked:
        text, last, pieces = await asked.write()
    assert (drafted(text), last, pieces) == (json.loads(DRAFT), Finish(COMPLETE, ANSWERS[name]), 1)


async def test_the_halves_of_a_character_are_joined() -> None:
    async with model("openai", transcript("openai-halves")) as asked:
        text, last, _ = await asked.write()
    assert (text, last) == (DRAFT.replace("naïvely.", "naïvely 📮."), Finish(COMPLETE, Usage(812, 63)))


@pytest.mark.parametrize("name", OTHER_ENDS)
async def test_an_end_that_is_no_answer_is_told(name: str) -> None:
    async with model(spoken(name), transcript(name)) as asked:
        _, last, _ = await asked.write()
        assert (last.reason, last.usage) == OTHER_ENDS[name]


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_has_its_cause_and_none_of_the_providers_words(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with model(spoken(name), transcript(name)) as asked:
        with pytest.raises(Failure) as failure:
            await asked.write()
    assert failure.value.cause is FAILURES[name]
    assert str(failure.value) == FAILURES[name].value
    assert failure.value.__cause__ is None
    assert "SECRET" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("name", RETRY_AFTER)
async def test_a_failure_says_when_the_provider_wants_to_be_asked_again(name: str) -> None:
    async with model(spoken(name), transcript(name)) as asked:
        with pytest.raises(Failure) as failure:
            await asked.write()
    assert failure.value.retry_after == RETRY_AFTER[name]


def test_every_transcript_is_held_to() -> None:
    assert {path.stem for path in FOLDER.glob("*.http")} == {*ANSWERS, *OTHER_ENDS, *FAILURES, "openai-halves"}


def test_the_answer_of_the_transcripts_is_one_draft() -> None:
    assert [segment["cites"] for segment in json.loads(DRAFT)["segments"]] == [["p1"], ["p1", "p2"]]
