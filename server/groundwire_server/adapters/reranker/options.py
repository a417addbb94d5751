"""What an operator says about a reranker."""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.http.options import DocumentBounds
from groundwire_server.adapters.onnx.options import CrossEncoderOptions
from groundwire_server.options import Options

Api: TypeAlias = Literal["cohere", "jina", "tei", "vllm"]

ScoreKind: TypeAlias = Literal["probabilities", "logits", "cosines"]


class RerankerBounds(DocumentBounds):
    """Limits of one request, in addition to the deadline of its call."""

    # Endpoints that send the texts back need most of it.
    response_bytes: int = Field(4 * 1024 * 1024, ge=1024, le=1 << 30, description="Largest response, in bytes.")


class RerankBatchOptions(Options):
    """Size of requests."""

    texts: int = Field(32, ge=1, le=1000, description="Texts per request; more are sent in several, side by side.")
    text_tokens: int = Field(
        2000, ge=16, le=1_000_000, description="Tokens of one text, estimated; the end of a longer text is cut off."
    )


class EndpointRerankerOptions(Options):
    """A model behind a `/rerank` endpoint."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["bge-reranker-v2-m3"]
    )
    api: Api = Field(
        "vllm",
        description="API of the endpoint: `cohere`, `jina`, `tei` (Text Embeddings Inference), or `vllm` and servers "
        "like it.",
    )
    scores: ScoreKind = Field(
        "probabilities",
        description="What the endpoint's scores are: `probabilities` from 0 to 1, `logits` of which a sigmoid makes "
        "probabilities, or `cosines` from -1 to 1.",
    )
    batch: RerankBatchOptions = Field(default_factory=RerankBatchOptions, description="Size of requests.")
    bounds: RerankerBounds = Field(
        default_factory=RerankerBounds, description="Limits of one request, in addition to the deadline of its call."
    )


class OnnxRerankerOptions(CrossEncoderOptions):
    """A cross-encoder in a folder, which reads the question and a text together."""

    folder: Path = Field(
        description="The folder of the model's file and of `tokenizer.json`.",
        examples=["/var/lib/groundwire/reranker"],
    )
    max_tokens: int = Field(
        512,
        ge=16,
        le=32_768,
        description="Longest input, question and text together; the end of the longer one is cut off.",
    )
    output: Literal["sigmoid", "softmax", "probabilities"] = Field(
        "sigmoid",
        description="What makes probabilities of the model's output: `sigmoid`, `softmax`, or nothing where it has "
        "`probabilities`.",
    )
    class_index: int = Field(0, ge=0, le=1000, description="The class whose probability counts, from 0.")
    batch: int = Field(
        1, ge=1, le=256, description="Texts that a thread rates at once; several are quicker only where they are short."
    )
    workers: int = Field(1, ge=1, le=64, description="Threads that texts are rated in; tenants take turns at them.")
