"""What requests say of their beginning, and what of it a provider has kept."""

import json
from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.adapters.generator.anthropic import AnthropicDialect, AnthropicOptions
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.masking import masked_prompt
from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.domain.generation import Finish, Usage
from tests.adapters.generator.wire.models import ask, model
from tests.doubles.local_guard import PatternGuard
from tests.doubles.upstream import Reply

SYSTEM = "The same for all.\nThe terms of one question."
SAME = len("The same for all.\n")
MARK = {"type": "ephemeral"}


def anthropic(*, marks: bool = True, **options: Any) -> AnthropicDialect:
    return AnthropicDialect(AnthropicOptions(model="claude-test", cache_marks=marks, **options))


def openai(*, marks: bool = True) -> OpenAiDialect:
    return OpenAiDialect(OpenAiOptions(model="model-test", cache_marks=marks))


def body(spoken: Dialect, system: str = SYSTEM, prefix: int | None = None, user: str = "Why?") -> dict[str, Any]:
    request = ask()
    prompt = replace(request.prompt, system=system, prefix=prefix, user=user)
    decoded: dict[str, Any] = json.loads(spoken.body(replace(request, prompt=prompt)))
    return decoded


def test_instructions_that_are_all_the_same_are_marked_at_their_end() -> None:
    assert body(anthropic())["system"] == [{"type": "text", "text": SYSTEM, "cache_control": MARK}]


def test_what_differs_stands_behind_the_mark() -> None:
    assert body(anthropic(), prefix=SAME)["system"] == [
        {"type": "text", "text": "The same for all.\n", "cache_control": MARK},
        {"type": "text", "text": "The terms of one question."},
    ]


@pytest.mark.parametrize(
    ("system", "prefix", "marked"),
    [
        ("", None, ""),
        (" \n", None, " \n"),
        (SYSTEM, 0, SYSTEM),
        ("The same.\n \n", 10, [{"type": "text", "text": "The same.\n", "cache_control": MARK}]),
    ],
    ids=["nothing", "white space", "nothing the same", "white space behind"],
)
def test_no_block_is_without_text_since_the_provider_refuses_it(system: str, prefix: int | None, marked: Any) -> None:
    assert body(anthropic(), system=system, prefix=prefix)["system"] == marked


@pytest.mark.parametrize("output", ["tool", "json_schema", "prompt"])
def test_there_is_one_mark_however_the_output_is_constrained(output: str) -> None:
    assert json.dumps(body(anthropic(output=output), prefix=SAME)).count("cache_control") == 1


def test_without_the_option_nothing_is_said() -> None:
    assert body(anthropic(marks=False))["system"] == SYSTEM
    assert "prompt_cache_key" not in body(openai(marks=False))


def test_prompts_that_begin_alike_have_one_key_and_others_have_another() -> None:
    one = body(openai(), prefix=SAME)["prompt_cache_key"]
    assert body(openai(), system=SYSTEM.replace("terms", "words"), prefix=SAME, user="How?")["prompt_cache_key"] == one
    assert body(openai(), prefix=SAME - 1)["prompt_cache_key"] != one
    assert len(one) == 32


def test_a_key_says_nothing_of_the_prompt() -> None:
    key = body(openai(), system="acme")["prompt_cache_key"]
    assert "acme" not in key
    assert set(key) <= set("0123456789abcdef")


def test_a_note_on_masked_words_stands_behind_the_mark() -> None:
    prompt = replace(ask().prompt, user="Write to ada@example.org.")
    masked, originals = masked_prompt(prompt, Masker([PatternGuard(email=r"\w+@\w+\.org")]))
    assert originals
    assert masked.system_parts == (prompt.system, masked.system.removeprefix(prompt.system))
    assert masked.system_parts[1]


async def test_what_the_provider_read_and_put_is_counted() -> None:
    usage = {
        "input_tokens": 40,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 1200,
        "output_tokens": 9,
    }
    text = '{"confidence": "high", "segments": []}'
    message = {
        "type": "message",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": usage,
        "model": "claude-test",
    }
    reply = Reply([json.dumps(message).encode()], headers=(("Content-Type", "application/json"),))
    async with model(anthropic(output="prompt"), reply) as made:
        _, last, _ = await made.write()
    assert isinstance(last, Finish)
    assert last.usage == Usage(1540, 9, cached_input_tokens=1200, cache_written_tokens=300)
