"""What providers are asked, in their own strictest way."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from groundwire_server.adapters.generator.anthropic import AnthropicDialect, AnthropicOptions
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.domain.generation import BegunReply, PromptSettings
from groundwire_server.options.secret import Secret
from tests.adapters.generator.wire.models import KEY, ask, dialect

NAMES = [*PROFILES, "anthropic", "anthropic-json"]


def body(spoken: Dialect, *, unary: bool = False) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(spoken.body(ask(unary=unary)))
    return decoded


@pytest.mark.parametrize("name", NAMES)
def test_every_request_streams_and_bounds_the_output_and_asks_the_model(name: str) -> None:
    asked = body(dialect(name))
    assert asked["stream"] is True
    assert asked["model"] == dialect(name).model
    assert [asked[field] for field in ("max_tokens", "max_completion_tokens") if field in asked] == [500]
    assert asked["messages"][-1] == {"role": "user", "content": "user Where do parcels wait?"}
    system = asked["system"] if "system" in asked else asked["messages"][0]["content"]
    assert system == "SECRET-PROMPT system"


@pytest.mark.parametrize("name", NAMES)
def test_one_document_is_requested_for_a_unary_answer_where_the_model_has_the_option(name: str) -> None:
    streamed = body(dialect(name, whole=True))
    assert streamed == body(dialect(name)) == body(dialect(name), unary=True)
    streamed.pop("stream_options", None)
    assert body(dialect(name, whole=True), unary=True) == {**streamed, "stream": False}


@pytest.mark.parametrize("name", ["openai", "azure", "mistral", "vllm", "ollama", "llamacpp", "gemini"])
def test_a_server_that_can_is_held_to_the_schema(name: str) -> None:
    form = body(dialect(name))["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert list(form["json_schema"]["schema"]["properties"]) == ["confidence", "segments"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "plain"])
def test_a_judgement_has_a_form_of_its_own(name: str) -> None:
    asked: dict[str, Any] = json.loads(dialect(name).body(replace(ask(), questions=("s1", "s2"))))
    assert '"required": ["s1", "s2"]' in json.dumps(asked)
    assert '"segments"' not in json.dumps(asked)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "plain"])
def test_a_rewriting_has_a_form_of_its_own(name: str) -> None:
    asked: dict[str, Any] = json.loads(dialect(name).body(replace(ask(), rewrites=True)))
    assert '"required": ["question"]' in json.dumps(asked)
    assert '"segments"' not in json.dumps(asked)


@pytest.mark.parametrize("name", NAMES)
def test_log_probabilities_are_asked_for_where_there_are_any(name: str) -> None:
    asked: dict[str, Any] = json.loads(dialect(name).body(replace(ask(), log_probabilities=True)))
    expected = {} if name.startswith("anthropic") else {"logprobs": True, "top_logprobs": 10}
    assert asked == {**body(dialect(name)), **expected}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_prompt_says_of_its_call_goes_before_the_options_of_the_model(name: str) -> None:
    settings = PromptSettings(temperature=1.5, top_p=0.9)
    request = ask()
    asked: dict[str, Any] = json.loads(
        dialect(name).body(replace(request, prompt=replace(request.prompt, settings=settings)))
    )
    hottest = 1.0 if name.startswith("anthropic") else 1.5
    assert asked == {**body(dialect(name)), "temperature": hottest, "top_p": 0.9}


BEGUN = BegunReply('{"segments": [{}', "That was wrong.", '{"segments": [')


@pytest.mark.parametrize("name", NAMES)
def test_a_begun_reply_is_corrected_at_its_cut_and_continued_where_the_server_can(name: str) -> None:
    request = ask()
    asked: dict[str, Any] = json.loads(
        dialect(name).body(replace(request, prompt=replace(request.prompt, begun=BEGUN)))
    )
    plain = body(dialect(name))
    continues = dialect(name).continues
    turns = [("assistant", BEGUN.written), ("user", BEGUN.correction)]
    turns += [("assistant", BEGUN.opening)] if continues else []
    added = asked["messages"][len(plain["messages"]) :]
    assert asked["messages"][: len(plain["messages"])] == plain["messages"]
    assert [(turn["role"], turn["content"]) for turn in added] == turns
    assert continues is (name == "vllm")
    assert asked.get("continue_final_message", False) is continues
    assert asked.get("add_generation_prompt", True) is not continues
    assert ("response_format" in asked) is ("response_format" in plain and not continues)


@pytest.mark.parametrize("output", ["tool", "json_schema", "prompt"])
def test_messages_are_continued_without_a_form_where_the_operator_says_so(output: Any) -> None:
    spoken = AnthropicDialect(AnthropicOptions(model="claude-test", output=output, continues=True))
    request = ask()
    asked: dict[str, Any] = json.loads(spoken.body(replace(request, prompt=replace(request.prompt, begun=BEGUN))))
    assert asked["messages"][-1] == {"role": "assistant", "content": BEGUN.opening}
    assert not {"tools", "tool_choice", "output_config"} & asked.keys()
    assert "begun" not in json.dumps(body(spoken))


def test_tgi_takes_the_schema_as_a_value() -> None:
    form = body(dialect("tgi"))["response_format"]
    assert (form["type"], form["value"]["required"]) == ("json_object", ["confidence", "segments"])


def test_a_server_of_which_nothing_is_known_gets_the_prompt_alone() -> None:
    asked = body(dialect("plain"))
    assert "response_format" not in asked
    assert "stream_options" not in asked


def test_an_operator_may_choose_a_weaker_mode() -> None:
    options = OpenAiOptions(model="m", output="json_object", temperature=0.0, extra={"seed": 7})
    asked = body(OpenAiDialect(options, PROFILES["vllm"]))
    assert asked["response_format"] == {"type": "json_object"}
    assert (asked["temperature"], asked["seed"]) == (0.0, 7)


def test_anthropic_must_call_the_one_tool() -> None:
    asked = body(dialect("anthropic"))
    (tool,) = asked["tools"]
    assert asked["tool_choice"] == {"type": "tool", "name": tool["name"], "disable_parallel_tool_use": True}
    assert tool["input_schema"]["additionalProperties"] is False


def test_anthropic_may_be_held_to_the_schema_without_a_tool() -> None:
    asked = body(dialect("anthropic-json"))
    assert "tools" not in asked
    assert asked["output_config"]["format"]["type"] == "json_schema"


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if not profile.usage_on_request])
def test_a_server_that_counts_unasked_is_not_asked(name: str) -> None:
    assert "stream_options" not in body(dialect(name))


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("openai", "Authorization", f"Bearer {KEY}"),
        ("azure", "api-key", KEY),
        ("anthropic", "x-api-key", KEY),
    ],
)
def test_the_key_goes_where_the_provider_looks_for_it(name: str, header: str, value: str) -> None:
    assert dialect(name).headers[header] == value


def test_azure_is_told_its_version() -> None:
    assert dialect("azure").path == "/chat/completions?api-version=2024-10-21"


def test_no_key_is_no_header() -> None:
    assert OpenAiDialect(OpenAiOptions(model="m")).headers == {}
    assert "x-api-key" not in AnthropicDialect(AnthropicOptions(model="m")).headers


def test_a_key_shows_in_no_repr() -> None:
    assert KEY not in repr(Secret("env://PROVIDER_KEY", KEY))


@pytest.mark.parametrize(
    ("options", "output"), [(OpenAiOptions, "tool"), (OpenAiOptions, "jsn"), (AnthropicOptions, "json_object")]
)
def test_a_mode_that_its_protocol_has_not_is_refused_at_once(
    options: type[OpenAiOptions | AnthropicOptions], output: str
) -> None:
    with pytest.raises(ValidationError, match="output"):
        options.model_validate({"model": "m", "output": output})


@pytest.mark.parametrize("url", ["api.openai.com/v1", "ftp://x/v1", "https://user:pw@x/v1", "https://x/v1?key=1"])
def test_an_address_that_cannot_be_used_is_refused_without_being_told(url: str) -> None:
    good = Endpoint(base_url="https://api.example.com/v1")
    assert (good.host, good.port) == ("api.example.com", 443)
    with pytest.raises(ValidationError) as refused:
        Endpoint(base_url=url)
    assert "pw" not in str(refused.value)
