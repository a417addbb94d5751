"""Rerankers: models that rate passages together with the question."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.reranker.options import EndpointRerankerOptions, OnnxRerankerOptions
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.options import Options


class _OfKind(Options):
    kind: Literal["endpoint", "onnx"] = Field(description="Kind of reranker.")


class _AtEndpoint(_OfKind):
    provider: Name = Field(description="The provider, by name; of the kind `openai`.", examples=["openai"])


class EndpointRerankerConfig(ProtectedConfig, EndpointRerankerOptions, _AtEndpoint):
    """A model behind a `/rerank` endpoint."""

    kind: Literal["endpoint"] = Field(description="A `/rerank` endpoint.")


class OnnxRerankerConfig(OnnxRerankerOptions, _OfKind):
    """A cross-encoder on this machine; needs the extra `local`."""

    kind: Literal["onnx"] = Field(description="A cross-encoder on this machine.")


RerankerConfig: TypeAlias = Annotated[EndpointRerankerConfig | OnnxRerankerConfig, Field(discriminator="kind")]
