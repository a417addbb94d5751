"""What differs between the protocols of providers."""

from collections.abc import Mapping
from typing import Protocol

from groundwire_server.adapters.generator.http.response_parser import ResponseParser
from groundwire_server.domain.generation import GenerationRequest


class Dialect(Protocol):
    """One protocol, for one model.

    Attributes:
        model: the provider's name for it.
        path: where requests go, behind the endpoint's base.
        headers: credentials and versions.
        whole_documents: whether unary answers are asked for as one document.
    """

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def path(self) -> str: ...  # noqa: D102

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def whole_documents(self) -> bool: ...  # noqa: D102

    def body(self, request: GenerationRequest) -> bytes:
        """Return the body of a request."""
        ...

    def parser(self) -> ResponseParser:
        """Return what reads the response to one request."""
        ...
