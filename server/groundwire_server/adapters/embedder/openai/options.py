"""What an operator says about an embedding model of a provider; `app/` fills these from its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from groundwire_server.adapters.http.circuit import BreakerOptions
from groundwire_server.adapters.http.options import Bounds
from groundwire_server.adapters.http.retries import RetryOptions


@dataclass(frozen=True, slots=True)
class Ways:
    """How one kind of server wants to be asked.

    Attributes:
        encoding: of vectors in its answers; None leaves the field out, which is a list of numbers.
        dimensions: the field that asks for shorter vectors.
    """

    encoding: str | None = "float"
    dimensions: str = "dimensions"


WAYS: Final[Mapping[str, Ways]] = MappingProxyType(
    {
        # Base64 is a fifth of the bytes, and no number is parsed.
        "openai": Ways("base64"),
        "azure": Ways("base64"),
        "vllm": Ways("base64"),
        "mistral": Ways(dimensions="output_dimension"),
        "tgi": Ways(),
        "ollama": Ways(),
        "llamacpp": Ways(),
        "gemini": Ways(),
        # A server of which nothing is known.
        "plain": Ways(None),
    }
)
"""By the flavours of providers."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What one request may hold, and how many there may be.

    Attributes:
        texts: at most.
        tokens: at most, estimated.
        bytes: at most, in UTF-8.
        text_tokens: of one text, estimated; of a longer one the beginning counts.
        requests: at once, for all calls of many texts together; a question never waits for them.
    """

    texts: int = 32
    tokens: int = 100_000
    bytes: int = 1024 * 1024
    text_tokens: int = 8000
    requests: int = 4


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """An embedding model.

    Attributes:
        model: the provider's name for it.
        dimensions: length of its vectors.
        shorten: whether it is asked for vectors of that length.
        ways: of the server.
        api_version: Azure's.
        headers: credentials; never logged.
        batch: what one request may hold.
        bounds: of one request; `first_token_seconds` bounds it whole.
        retry: how it is asked again.
        breaker: when it is left alone.
    """

    model: str
    dimensions: int
    shorten: bool = False
    ways: Ways = Ways()
    api_version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    batch: BatchOptions = BatchOptions()
    bounds: Bounds = Bounds()
    retry: RetryOptions = RetryOptions()
    breaker: BreakerOptions = BreakerOptions()
