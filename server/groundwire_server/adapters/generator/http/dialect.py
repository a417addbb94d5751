"""What differs between the protocols of providers."""

from collections.abc import Mapping
from typing import Protocol

from groundwire_server.adapters.generator.http.response_parser import ResponseParser
from groundwire_server.domain.generation import GenerationRequest, Prompt, PromptSettings


def messages(prompt: Prompt, *, continues: bool) -> list[dict[str, str]]:
    """Return the turns of a prompt after its instructions.

    Args:
        prompt: what is asked.
        continues: whether the server continues the last message of an assistant.
    """
    turns = [{"role": "user", "content": prompt.user}]
    if prompt.begun is not None:
        turns.append({"role": "assistant", "content": prompt.begun.written})
        turns.append({"role": "user", "content": prompt.begun.correction})
        if continues:
            turns.append({"role": "assistant", "content": prompt.begun.opening})
    return turns


def sampling(settings: PromptSettings, *, hottest: float) -> dict[str, float]:
    """Return the fields of a request by which a prompt goes before the options of its model.

    Args:
        settings: of the prompt.
        hottest: the highest temperature that the protocol has; prompts know no protocol.
    """
    fields: dict[str, float] = {}
    if settings.temperature is not None:
        fields["temperature"] = min(settings.temperature, hottest)
    if settings.top_p is not None:
        fields["top_p"] = settings.top_p
    return fields


class Dialect(Protocol):
    """One protocol, for one model.

    Attributes:
        model: the provider's name for it.
        path: where requests go, behind the endpoint's base.
        headers: credentials and versions.
        whole_documents: whether unary answers are asked for as one document.
        continues: whether the server continues the last message of an assistant.
    """

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def path(self) -> str: ...  # noqa: D102

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def whole_documents(self) -> bool: ...  # noqa: D102

    @property
    def continues(self) -> bool: ...  # noqa: D102

    def body(self, request: GenerationRequest) -> bytes:
        """Return the body of a request."""
        ...

    def parser(self) -> ResponseParser:
        """Return what reads the response to one request."""
        ...
