"""Anthropic's Messages."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field
from pydantic_core import to_json

from groundwire_server.adapters.generator.http.dialect import messages, sampling
from groundwire_server.adapters.generator.http.options import ModelOptions
from groundwire_server.adapters.generator.http.response_parser import ResponseParser, token_count
from groundwire_server.adapters.generator.schema import ANSWER, Form, Output, form_of
from groundwire_server.adapters.http.error_response import failure_in
from groundwire_server.domain.generation import FinishReason, GenerationRequest, Prompt
from groundwire_server.options.secret import Secret

_HOTTEST: Final = 1.0
"""The highest temperature of the protocol."""

_VERSION: Final = "2023-06-01"
_FORMS: Final = frozenset({"tools", "tool_choice", "output_config"})
"""Fields that hold a model to a form."""
_READ: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""Counts that add up to what a model has read."""


class AnthropicOptions(ModelOptions):
    """A model behind Messages."""

    # A forced call of one tool; a schema is for the models that offer it.
    output: Literal["tool", "json_schema", "prompt"] = Field(
        "tool", description="How the output is constrained to the schema."
    )

    continues: bool = Field(
        False,
        description="Whether the model continues the beginning of a reply when a sentence is repaired; newer models "
        "refuse to.",
    )


class AnthropicDialect:
    """A stream of message events, asked for and read.

    Args:
        options: of the model.
        api_key: none for a gateway that asks for none.
    """

    def __init__(self, options: AnthropicOptions, api_key: Secret | None = None) -> None:
        self.model = options.model
        self.path = "/messages"
        self.headers = credentials(api_key)
        self.whole_documents = options.whole_document
        self.continues = options.continues
        self._options = options
        self._streamed = _fixed_part(options, ANSWER, stream=True)
        self._whole = _fixed_part(options, ANSWER, stream=False)

    def body(self, request: GenerationRequest) -> bytes:
        """Return the body of a request."""
        prompt = request.prompt
        streamed = not (self.whole_documents and request.unary)
        fixed = self._streamed if streamed else self._whole
        if (form := form_of(request)) is not ANSWER:
            fixed = _fixed_part(self._options, form, stream=streamed)
        if prompt.begun is not None and self.continues:
            # A tool or a schema would have the model begin anew.
            fixed = {name: value for name, value in fixed.items() if name not in _FORMS}
        return to_json(
            {
                **fixed,
                **sampling(prompt.settings, hottest=_HOTTEST),
                "max_tokens": request.max_output_tokens,
                "system": _marked(prompt) if self._options.cache_marks else prompt.system,
                "messages": messages(prompt, continues=self.continues),
            }
        )

    def parser(self) -> ResponseParser:
        """Return what reads the response to one request."""
        return _MessageParser()


def _fixed_part(options: AnthropicOptions, form: Form, *, stream: bool) -> dict[str, object]:
    fixed: dict[str, object] = {"model": options.model, "stream": stream}
    if options.temperature is not None:
        fixed["temperature"] = options.temperature
    match Output(options.output):
        case Output.TOOL:
            fixed["tools"] = [{"name": form.name, "description": form.description, "input_schema": dict(form.schema)}]
            fixed["tool_choice"] = {"type": "tool", "name": form.name, "disable_parallel_tool_use": True}
        case Output.JSON_SCHEMA:
            fixed["output_config"] = {"format": {"type": "json_schema", "schema": dict(form.schema)}}
        case _:
            pass
    return {**fixed, **options.extra}


def _marked(prompt: Prompt) -> str | list[dict[str, object]]:
    """Return instructions with a mark behind what other prompts begin with as well.

    What stands before the mark, the tools among it, is read from the cache for a tenth of its price, and put there for
    a quarter more. The provider allows four marks, and ignores those behind fewer tokens than it keeps.
    """
    same, rest = prompt.system_parts
    if not same.strip():
        # A block without text is refused.
        return prompt.system
    marked: dict[str, object] = {"type": "text", "text": same, "cache_control": {"type": "ephemeral"}}
    return [marked, {"type": "text", "text": rest}] if rest.strip() else [marked]


def credentials(key: Secret | None) -> Mapping[str, str]:
    """Return the headers of every request: the version of the protocol, and the key."""
    return {"anthropic-version": _VERSION, **({} if key is None else {"x-api-key": key.reveal()})}


class _MessageParser(ResponseParser):
    """One response: events, or one whole message from a server that does not stream."""

    __slots__ = ("_input_given",)

    def __init__(self) -> None:
        super().__init__()
        self._input_given = False

    def _event(self, data: bytes) -> str:
        event = self._decoded(data)
        if isinstance(event, list):
            event = event[0]
        match event.get("type"):
            case "content_block_delta":
                return self._delta(event["index"], event["delta"])
            case "content_block_start":
                return self._block(event["index"], event["content_block"])
            case "message_start":
                self.model = str(event["message"].get("model") or "")
                self._count(event["message"].get("usage"))
                # What has been written by then is not all.
                self.output_tokens = None
            case "message_delta":
                self._count(event.get("usage"))
                self._stopped(event["delta"].get("stop_reason"))
            case "message_stop":
                self.done = self.reason is not None
            case "message":
                return self._whole(event)
            case _:
                # Pings, the ends of blocks, and what is yet to be invented.
                if (failure := failure_in(event)) is not None:
                    raise failure
        return ""

    def _block(self, index: int, block: Any) -> str:
        """The beginning of a block, or all of it."""
        match block["type"]:
            case "text":
                return self._content(_string(block.get("text") or ""))
            case "tool_use":
                # Gateways that do not stream the input give all of it here.
                given = block.get("input")
                self._input_given = bool(given)
                return self._called(index, to_json(given).decode() if given else "")
            case _:
                return ""

    def _delta(self, index: int, delta: Any) -> str:
        match delta["type"]:
            case "input_json_delta":
                if self._source == index and not self._input_given:
                    return self._called(index, _string(delta["partial_json"]))
            case "text_delta":
                return self._content(_string(delta["text"]))
            case "thinking_delta":
                self.unseen.append(str(delta["thinking"]))
            case _:
                pass
        return ""

    def _whole(self, message: Any) -> str:
        self.model = str(message.get("model") or "")
        self._count(message.get("usage"))
        text = "".join(self._block(index, block) for index, block in enumerate(message["content"]))
        self._stopped(message.get("stop_reason"))
        self.reason = self.reason or FinishReason.COMPLETE
        return text

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        read = [token_count(usage.get(name) or 0) for name in _READ]
        # Gateways say 0 at the start and the number at the end.
        self.input_tokens = (None if None in read else sum(filter(None, read))) or self.input_tokens
        self.cached_tokens = token_count(usage.get("cache_read_input_tokens")) or self.cached_tokens
        self.written_tokens = token_count(usage.get("cache_creation_input_tokens")) or self.written_tokens
        written = token_count(usage.get("output_tokens"))
        self.output_tokens = self.output_tokens if written is None else written


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
