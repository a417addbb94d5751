"""Chat completions as OpenAI has them, and the many who speak the same."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, Literal

from pydantic import Field
from pydantic_core import to_json

from groundwire_server.adapters.generator.http.dialect import messages, sampling
from groundwire_server.adapters.generator.http.options import ModelOptions
from groundwire_server.adapters.generator.http.response_parser import ResponseParser, token_count
from groundwire_server.adapters.generator.schema import ANSWER, Form, Output, form_of
from groundwire_server.adapters.http.error_response import failure_in, failure_of
from groundwire_server.adapters.providers.profiles import PROFILES, ProviderProfile
from groundwire_server.adapters.providers.scheduling import RANKS
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest, Prompt, Token
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options.secret import Secret

_KEY_BYTES: Final = 16
_HOTTEST: Final = 2.0
"""The highest temperature of the protocol."""

_LIKELIEST: Final = 10
"""Alternatives to each token that are asked for: a yes or a no may be written in several ways."""


class OpenAiOptions(ModelOptions):
    """A model behind chat completions; on Azure the deployment is part of the endpoint's `base_url`."""

    output: Literal["json_schema", "json_object", "prompt"] | None = Field(
        None,
        description="How the output is constrained to the schema; by the provider's profile if unset.",
        examples=["json_schema"],
    )
    continues: bool | None = Field(
        None,
        description="Whether the server continues the beginning of a reply (`continue_final_message`) when a sentence "
        "is repaired; by the provider's profile if unset.",
        examples=[True],
    )


class OpenAiDialect:
    """A stream of chat completion chunks, asked for and read.

    Args:
        options: of the model.
        profile: what the server expects.
        api_key: none for a server that asks for none.
        api_version: Azure's.
        priorities: whether requests say their priority in vLLM's numbers.
    """

    def __init__(
        self,
        options: OpenAiOptions,
        profile: ProviderProfile = PROFILES["openai"],
        api_key: Secret | None = None,
        api_version: str | None = None,
        *,
        priorities: bool = False,
    ) -> None:
        self._profile = profile
        self._output = Output(options.output or profile.output)
        self.model = options.model
        self.path = "/chat/completions" + (f"?api-version={api_version}" if api_version else "")
        self.headers: Mapping[str, str] = profile.credentials(api_key)
        self.whole_documents = options.whole_document
        self.continues = profile.continues if options.continues is None else options.continues
        self._options = options
        self._priorities = priorities
        self._streamed = self._fixed_part(ANSWER, stream=True)
        self._whole = self._fixed_part(ANSWER, stream=False)

    def body(self, request: GenerationRequest) -> bytes:
        """Return the body of a request."""
        prompt = request.prompt
        turns = [{"role": "system", "content": prompt.system}, *messages(prompt, continues=self.continues)]
        streamed = not (self.whole_documents and request.unary)
        fixed = self._streamed if streamed else self._whole
        if (form := form_of(request)) is not ANSWER:
            fixed = self._fixed_part(form, stream=streamed)
        body = {**fixed, self._profile.max_tokens: request.max_output_tokens, "messages": turns}
        body |= sampling(prompt.settings, hottest=_HOTTEST)
        if prompt.begun is not None and self.continues:
            # A schema would have the model begin anew.
            body.pop("response_format", None)
            body.update(continue_final_message=True, add_generation_prompt=False)
        if self._options.cache_marks:
            body["prompt_cache_key"] = _cache_key(prompt)
        if self._priorities:
            body["priority"] = RANKS[request.requester.priority]
        if request.log_probabilities:
            body.update(logprobs=True, top_logprobs=_LIKELIEST)
        return to_json(body)

    def parser(self) -> ResponseParser:
        """Return what reads the response to one request."""
        return _ChatParser()

    def _fixed_part(self, form: Form, *, stream: bool) -> dict[str, object]:
        options = self._options
        fixed: dict[str, object] = {"model": options.model, "stream": stream}
        if stream and self._profile.usage_on_request:
            fixed["stream_options"] = {"include_usage": True}
        if options.temperature is not None:
            fixed["temperature"] = options.temperature
        match self._output:
            case Output.JSON_SCHEMA if self._profile.schema_as_value:
                fixed["response_format"] = {"type": "json_object", "value": dict(form.schema)}
            case Output.JSON_SCHEMA:
                schema = {"name": form.name, "strict": True, "schema": dict(form.schema)}
                fixed["response_format"] = {"type": "json_schema", "json_schema": schema}
            case Output.JSON_OBJECT:
                fixed["response_format"] = {"type": "json_object"}
            case _:
                pass
        return {**fixed, **options.extra}


def _cache_key(prompt: Prompt) -> str:
    """Return the same key for prompts that begin alike: the provider sends requests with one key to one machine."""
    same, _ = prompt.system_parts
    return blake2b(same.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).hexdigest()


class _ChatParser(ResponseParser):
    """One response: chunks, and `[DONE]`; or one whole completion from a server that does not stream."""

    __slots__ = ()

    def _event(self, data: bytes) -> str:
        if data.startswith(b"[DONE]"):
            self.done = True
            # Some gateways leave out the chunk that says why.
            self.reason = self.reason or FinishReason.COMPLETE
            return ""
        chunk = self._decoded(data)
        if isinstance(chunk, list):
            # Gemini puts an error into a list.
            chunk = chunk[0]
        if not self.model:
            self.model = str(chunk.get("model") or "")
        if usage := chunk.get("usage"):
            self._count(usage)
        choices = chunk.get("choices")
        if not choices and (failure := failure_in(chunk)) is not None:
            raise failure
        for choice in choices or ():
            if choice.get("index", 0) == 0:
                if logprobs := choice.get("logprobs"):
                    self.tokens += _tokens(logprobs)
                delta = choice.get("delta")
                if self._plain and delta and choice.get("finish_reason") is None:
                    # Nearly every chunk is a few words of a draft that has begun.
                    content = delta.get("content")
                    if content and isinstance(content, str):
                        return content
                text = self._choice(choice, chunk)
                break
        else:
            text = ""
        # Some gateways send a reason and a count with every chunk: the last of them comes after the text.
        self.done = not text and self.began and self.reason is not None and self.input_tokens is not None
        return text

    def _choice(self, choice: Any, chunk: Any) -> str:
        if error := choice.get("error") or chunk.get("error"):
            raise failure_of(error)
        written = choice.get("delta") or choice.get("message") or {}
        if written.get("refusal"):
            raise Failure(Cause.MODEL_REFUSED)
        if (reason := choice.get("finish_reason")) is not None:
            self._stopped(reason)
        elif "message" in choice and self.reason is None:
            # A completion is whole, whether or not it says so.
            self.reason = FinishReason.COMPLETE
        content = written.get("content")
        if not content:
            return self._other_than_content(written)
        text = self._content(content if isinstance(content, str) else _text(content))
        return text + self._other_than_content(written) if written.get("tool_calls") else text

    def _other_than_content(self, written: Any) -> str:
        """The draft's text in what is written in place of content."""
        if calls := written.get("tool_calls"):
            return "".join(
                self._called(call.get("index") or number, _arguments(call.get("function")))
                for number, call in enumerate(calls)
            )
        if call := written.get("function_call"):
            return self._called(0, _arguments(call))
        if thought := written.get("reasoning_content") or written.get("reasoning"):
            self.unseen.append(str(thought))
        return ""

    def _count(self, usage: Any) -> None:
        read = token_count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None
        if not read:
            # Nothing is read by no model: some gateways fill the field before they know.
            return
        self.input_tokens = read
        self.output_tokens = token_count(usage.get("completion_tokens"))
        details = usage.get("prompt_tokens_details")
        self.cached_tokens = (token_count(details.get("cached_tokens")) if isinstance(details, dict) else None) or 0


def _text(content: Any) -> str:
    # Mistral's models that reason write a list of parts, their thoughts among them.
    return "".join(part["text"] for part in content if part["type"] == "text")


def _tokens(logprobs: Any) -> list[Token]:
    """Return tokens with their alternatives; none where they cannot be read, for an answer does not need them."""
    try:
        return [
            Token(each["token"], tuple((one["token"], float(one["logprob"])) for one in each["top_logprobs"]))
            for each in logprobs["content"]
        ]
    except (LookupError, TypeError, ValueError):
        return []


def _arguments(function: Any) -> str:
    arguments = function.get("arguments") if function else None
    # They are JSON in a string; some servers leave out the string.
    return arguments if isinstance(arguments, str) else to_json(arguments).decode() if arguments else ""
