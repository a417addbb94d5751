"""One request for vectors, in OpenAI's protocol."""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.embedder.openai.reading import read
from groundwire_server.adapters.embedder.protected import Embedded
from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.profiles import PROFILES, ProviderProfile
from groundwire_server.domain.deadline import Deadline
from groundwire_server.options.secret import Secret

_LONG_BYTES = 128 * 1024
"""Of a response, from which on it is read in a thread: the numbers of a full batch take milliseconds."""


class OpenAiEmbeddingClient:
    """The EmbeddingClient of an OpenAI endpoint.

    Cancelling a request, or the end of its time, closes it at once.

    Args:
        session: of the provider.
        options: of the model.
        profile: what the server expects.
        api_key: none for a server that asks for none.
        api_version: Azure's.

    Attributes:
        encoding: the form in which vectors are asked for; None for a list of numbers.
    """

    def __init__(
        self,
        session: Session,
        options: OpenAiEmbeddingOptions,
        profile: ProviderProfile = PROFILES["openai"],
        api_key: Secret | None = None,
        api_version: str | None = None,
    ) -> None:
        version = f"?api-version={api_version}" if api_version else ""
        self.encoding = options.encoding or profile.encoding
        self._dimensions = options.dimensions
        self._fixed = _fixed_part(options, profile, self.encoding)
        self._client = DocumentClient(
            session, f"/embeddings{version}", profile.credentials(api_key), options.bounds, options.model
        )

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Embedded:
        """Send one request, and read its vectors."""
        body = await self._client.post(to_json({**self._fixed, "input": texts}), deadline)
        if len(body) < _LONG_BYTES:
            return read(body, len(texts), self._dimensions)
        return await asyncio.to_thread(read, body, len(texts), self._dimensions)


def _fixed_part(
    options: OpenAiEmbeddingOptions, profile: ProviderProfile, encoding: str | None
) -> Mapping[str, object]:
    fixed: dict[str, object] = {"model": options.model}
    if encoding is not None:
        fixed["encoding_format"] = encoding
    if options.shorten:
        fixed[profile.dimensions] = options.dimensions
    return fixed
