"""What providers and the gateways before them make of their protocols, and what is read of it."""

import json

import pytest

from groundwire_server.adapters.generator.http.response_parser import ResponseParser
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import dialect
from tests.adapters.generator.wire.transcripts import DRAFT

COMPLETE, LENGTH = FinishReason.COMPLETE, FinishReason.LENGTH
CHAT, MESSAGES = "openai", "anthropic"
FORMS = [*PROFILES, "anthropic", "anthropic-json"]


def read(name: str, *events: object) -> tuple[str, ResponseParser]:
    """The text of a response of these events, one a read, and what reads it."""
    parser = dialect(name).parser()
    text = ""
    for event in events:
        text += parser.take([event if isinstance(event, bytes) else json.dumps(event).encode()])
        if parser.failure is not None or parser.done:
            break
    return text + parser.end(), parser


def cause(parser: ResponseParser) -> Cause | None:
    return None if parser.failure is None else parser.failure.cause


def writes(name: str, text: object) -> object:
    """An event in which a model writes."""
    if name.startswith(MESSAGES):
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def stops(name: str, reason: str, usage: object = None) -> object:
    """An event that says why it stopped."""
    if name.startswith(MESSAGES):
        return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage}


def weighed(text: str, logprobs: object) -> object:
    """An event in which a model writes, with log probabilities."""
    choice = {"index": 0, "delta": {"content": text}, "logprobs": logprobs, "finish_reason": None}
    return {"choices": [choice]}


def test_tokens_come_with_their_likeliest_alternatives() -> None:
    def tokens(text: str) -> object:
        likeliest = [{"token": text, "logprob": -0.25, "bytes": None}, {"token": "no", "logprob": -1.5}]
        return weighed(text, {"content": [{"token": text, "logprob": -0.25, "top_logprobs": likeliest}]})

    text, parser = read(CHAT, tokens('{"answers'), tokens('": []}'), stops(CHAT, "stop"))
    assert text == '{"answers": []}'
    assert [token.text for token in parser.tokens] == ['{"answers', '": []}']
    assert parser.tokens[1].likeliest == (('": []}', -0.25), ("no", -1.5))


@pytest.mark.parametrize("odd", [None, [], {}, {"content": None}, {"content": [{}]}, {"content": [{"token": 7}]}, "x"])
def test_log_probabilities_that_cannot_be_read_harm_no_answer(odd: object) -> None:
    text, parser = read(CHAT, weighed('{"confidence": "high"', odd), writes(CHAT, "}"), stops(CHAT, "stop"))
    assert (text, cause(parser), parser.tokens) == ('{"confidence": "high"}', None, [])


TOO_LONG = "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens."
ERRORS: dict[str, tuple[object, Cause]] = {
    "an object": ({"error": {"message": TOO_LONG, "code": 400}}, Cause.PROMPT_TOO_LONG),
    "an object with a code": ({"error": {"message": "x", "code": "context_length_exceeded"}}, Cause.PROMPT_TOO_LONG),
    "vLLM's": ({"object": "error", "message": TOO_LONG, "type": "BadRequestError", "code": 400}, Cause.PROMPT_TOO_LONG),
    "digits for a status": ({"object": "error", "message": TOO_LONG, "code": "400"}, Cause.PROMPT_TOO_LONG),
    "without a mark": ({"message": TOO_LONG, "status": 400}, Cause.PROMPT_TOO_LONG),
    "words": ({"error": TOO_LONG}, Cause.PROMPT_TOO_LONG),
    "words with a kind beside them": ({"error": "x", "error_type": "rate_limited"}, Cause.MODEL_RATE_LIMITED),
    "details": ({"detail": TOO_LONG}, Cause.PROMPT_TOO_LONG),
    "a list of details": (
        {"detail": [{"loc": ["body"], "msg": TOO_LONG, "type": "value_error"}]},
        Cause.PROMPT_TOO_LONG,
    ),
    "details around an error": ({"detail": {"error": {"message": "x", "code": 429}}}, Cause.MODEL_RATE_LIMITED),
    "a list of errors": ({"success": False, "errors": [{"code": 401, "message": "x"}]}, Cause.MODEL_MISCONFIGURED),
    "in a list": ([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], Cause.MODEL_RATE_LIMITED),
    "Anthropic's": ({"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, Cause.MODEL_RATE_LIMITED),
    "Anthropic's, wrapped": (
        {"error": {"type": "error", "error": {"type": "billing_error", "message": "x"}}},
        Cause.MODEL_QUOTA_EXHAUSTED,
    ),
    "a status of the server": ({"error": {"message": TOO_LONG, "code": 500}}, Cause.MODEL_UNAVAILABLE),
    "a code of the provider's own": ({"error": {"message": "x", "code": 1302}}, Cause.MODEL_UNAVAILABLE),
    "nothing in it": ({"type": "error"}, Cause.MODEL_UNAVAILABLE),
    "wrong types": ({"error": {"code": [], "message": {}, "type": 7, "details": "x"}}, Cause.MODEL_UNAVAILABLE),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("shape", ERRORS)
def test_an_error_has_its_cause_in_every_shape(shape: str, name: str) -> None:
    error, expected = ERRORS[shape]
    assert cause(read(name, error)[1]) is expected


@pytest.mark.parametrize("name", FORMS)
def test_an_error_after_text_keeps_the_text(name: str) -> None:
    text, parser = read(name, writes(name, '{"confidence'), {"detail": "SECRET"}, writes(name, "more"))
    assert (text, cause(parser)) == ('{"confidence', Cause.MODEL_UNAVAILABLE)


def test_an_error_beside_a_reason_is_the_reason() -> None:
    choice = {"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 429, "message": "x"}}
    assert cause(read(CHAT, {"choices": [choice]})[1]) is Cause.MODEL_RATE_LIMITED


@pytest.mark.parametrize("event", [{}, {"id": "x", "choices": []}, {"type": "ping"}, {"error": None}, {"object": "x"}])
@pytest.mark.parametrize("name", FORMS)
def test_an_event_that_says_nothing_is_no_error(event: object, name: str) -> None:
    text, parser = read(name, event, writes(name, DRAFT), event, stops(name, "stop"))
    assert (text, parser.reason, parser.failure) == (DRAFT, COMPLETE, None)


REASONS: dict[str, FinishReason | Cause] = {
    **dict.fromkeys(["stop", "eos", "eos_token", "stop_sequence", "end_turn", "tool_use", "COMPLETE"], COMPLETE),
    **dict.fromkeys(["OTHER", "MALFORMED_FUNCTION_CALL", "something new", "unknown"], COMPLETE),
    **dict.fromkeys(["length", "MAX_TOKENS", "model_length", "model_context_window_exceeded"], LENGTH),
    **dict.fromkeys(
        ["content_filter", "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"],
        Cause.MODEL_CONTENT_FILTERED,
    ),
    **dict.fromkeys(
        ["Content_Filter", "blocklist", "spii", "sensitive", "guardrail_intervened", "content_filter: OTHER"],
        Cause.MODEL_CONTENT_FILTERED,
    ),
    **dict.fromkeys(["refusal", "REFUSAL", "LANGUAGE"], Cause.MODEL_REFUSED),
    **dict.fromkeys(["error", "abort", "network_error", "insufficient_system_resource"], Cause.MODEL_UNAVAILABLE),
}


@pytest.mark.parametrize("name", [CHAT, MESSAGES])
@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_has_its_meaning_in_any_case(reason: str, name: str) -> None:
    text, parser = read(name, writes(name, DRAFT), stops(name, reason))
    assert text == DRAFT
    assert (parser.reason or cause(parser)) is REASONS[reason]


@pytest.mark.parametrize("reason", ["", "null", "None", "FINISH_REASON_UNSPECIFIED", None])
@pytest.mark.parametrize("name", [CHAT, MESSAGES])
def test_a_reason_that_is_none_is_none(reason: str, name: str) -> None:
    _, parser = read(name, writes(name, DRAFT), stops(name, reason))
    assert (parser.reason, parser.failure) == (None, None)


NO_COUNTS: list[object] = [
    None,
    {},
    [],
    "many",
    7,
    {"prompt_tokens": None, "input_tokens": None},
    {"prompt_tokens": "812", "completion_tokens": "61", "input_tokens": "812", "output_tokens": "61"},
    {"prompt_tokens": -1, "completion_tokens": -1, "input_tokens": -1, "output_tokens": -1},
    {"prompt_tokens": True, "input_tokens": True},
    {"prompt_tokens": 8.5, "input_tokens": 8.5},
    {"prompt_tokens": 10**15, "input_tokens": 10**15},
    {"prompt_tokens": {}, "completion_tokens": [], "input_tokens": {}, "output_tokens": []},
    {"prompt_tokens": 0, "completion_tokens": 0, "input_tokens": 0},
]


@pytest.mark.parametrize("usage", NO_COUNTS, ids=str)
@pytest.mark.parametrize("name", [CHAT, MESSAGES])
def test_a_usage_that_counts_nothing_fails_nothing(usage: object, name: str) -> None:
    chunk = {**writes(name, DRAFT), "usage": usage}  # type: ignore[dict-item]
    text, parser = read(name, {"type": "message_start", "message": {"usage": usage}}, chunk, stops(name, "stop", usage))
    assert (text, parser.reason, parser.failure) == (DRAFT, COMPLETE, None)
    assert parser.input_tokens is None
    assert parser.cached_tokens == 0


@pytest.mark.parametrize("details", [None, {}, [], "many", {"cached_tokens": "12"}, {"cached_tokens": -3}])
def test_details_that_count_nothing_leave_the_count(details: object) -> None:
    usage = {"prompt_tokens": 812, "completion_tokens": 61, "prompt_tokens_details": details}
    _, parser = read(CHAT, writes(CHAT, DRAFT), stops(CHAT, "stop", usage))
    assert (parser.input_tokens, parser.output_tokens, parser.cached_tokens) == (812, 61, 0)


@pytest.mark.parametrize("wrong", [7, None, [], {"x": "y"}])
def test_text_of_another_type_ends_it_and_keeps_the_text_before(wrong: object) -> None:
    events = [start(0, type="text"), writes(MESSAGES, '{"c'), writes(MESSAGES, wrong)]
    text, parser = read(MESSAGES, *events)
    assert (text, cause(parser)) == ('{"c', Cause.MODEL_UNAVAILABLE)
    text, parser = read(MESSAGES, start(0, type="tool_use"), gives(0, '{"c'), gives(0, wrong))
    assert (text, cause(parser)) == ('{"c', Cause.MODEL_UNAVAILABLE)


def call(arguments: object, **more: object) -> object:
    return {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"arguments": arguments}, **more}]}}]}


def start(index: int, **block: object) -> object:
    return {"type": "content_block_start", "index": index, "content_block": block}


def gives(index: int, part: object) -> object:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": part}}


HALVES = [DRAFT[:40], DRAFT[40:]]
PLACES: dict[str, tuple[str, list[object]]] = {
    "a call": (CHAT, [call("", index=0, id="x"), *(call(half, index=0) for half in HALVES)]),
    "a call without a number": (CHAT, [call(half) for half in HALVES]),
    "words, then a call": (CHAT, [writes(CHAT, "Let me see."), *(call(half, index=0) for half in HALVES)]),
    "a call of no number": (CHAT, [call(half, index=None) for half in HALVES]),
    "two calls": (CHAT, [call(DRAFT, index=0), call('{"q": 1}', index=1)]),
    "content, then a call": (CHAT, [writes(CHAT, DRAFT), call('{"q": 1}', index=0)]),
    "words and a call in one": (
        CHAT,
        [{"choices": [{"message": {"content": "See:", "tool_calls": [{"function": {"arguments": DRAFT}}]}}]}],
    ),
    "content in parts": (CHAT, [{"choices": [{"delta": {"content": [{"type": "text", "text": DRAFT}]}}]}]),
    "no content but thoughts": (
        CHAT,
        [{"choices": [{"delta": {"content": None, "reasoning_content": "{"}}]}, writes(CHAT, DRAFT)],
    ),
    "text for the tool": (MESSAGES, [start(0, type="text", text=""), *(writes(MESSAGES, half) for half in HALVES)]),
    "text without a beginning": (MESSAGES, [writes(MESSAGES, DRAFT)]),
    "words, then the tool": (
        MESSAGES,
        [start(0, type="text", text="I will."), start(1, type="tool_use", input={}), *(gives(1, h) for h in HALVES)],
    ),
    "two tools": (
        MESSAGES,
        [start(0, type="tool_use"), gives(0, DRAFT), start(1, type="tool_use"), gives(1, '{"q":1}')],
    ),
    "the input of a tool of the server": (
        MESSAGES,
        [start(0, type="server_tool_use", input={}), gives(0, '{"q":1}'), start(1, type="tool_use"), gives(1, DRAFT)],
    ),
    "the input whole and again": (
        MESSAGES,
        [start(0, type="tool_use", input=json.loads(DRAFT)), gives(0, DRAFT)],
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_draft_is_read_wherever_it_stands(place: str) -> None:
    name, events = PLACES[place]
    text, parser = read(name, *events, stops(name, "stop"))
    assert (json.loads(text), parser.reason, parser.failure) == (json.loads(DRAFT), COMPLETE, None)


EMOJI = DRAFT.replace("naïvely", "📮 👩\u200d🚒")


@pytest.mark.parametrize("name", [CHAT, MESSAGES])
def test_halves_of_characters_are_joined_wherever_they_are_cut(name: str) -> None:
    units = [
        EMOJI.encode("utf-16-le")[at : at + 2].decode("utf-16-le", "surrogatepass")
        for at in range(0, 2 * len(EMOJI) + 6, 2)
    ]
    for size in (1, 2, 3, 5):
        pieces = ["".join(units[at : at + size]) for at in range(0, len(units), size)]
        text, parser = read(name, *(writes(name, piece) for piece in pieces), stops(name, "stop"))
        assert (text, parser.failure) == (EMOJI, None)


@pytest.mark.parametrize(
    "alone", [chr(0xD83D), chr(0xDCEE), chr(0xDCEE) + chr(0xD83D)], ids=["first", "second", "the wrong way round"]
)
@pytest.mark.parametrize("name", [CHAT, MESSAGES])
def test_a_half_that_stays_alone_is_replaced(alone: str, name: str) -> None:
    events = [writes(name, '{"a'), writes(name, alone), writes(name, "b"), stops(name, "stop")]
    text, parser = read(name, *events)
    assert (text, parser.failure) == ('{"a' + "\ufffd" * len(alone) + "b", None)


def test_half_of_a_character_in_deep_nesting_fails_as_what_cannot_be_read() -> None:
    _, parser = read(CHAT, b'{"x":"\\ud83d","y":' + b"[" * 200_000)
    assert isinstance(parser.failure, Failure)
    assert cause(parser) is Cause.MODEL_UNAVAILABLE
