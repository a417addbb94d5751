"""Models that a route asks beside those that answer: to rewrite questions, to rate passages, and to compare answers."""

from pathlib import Path

from pydantic import Field

from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.policy import RewritePolicy, ShadowPolicy
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.options import Options

_SHADOW_SLACK = 1.0
"""Seconds within which the comparison of an answer that has left begins."""


class RewriteConfig(Options):
    """A model that rewrites questions that refer to earlier turns, beside the rules."""

    model: Name = Field(description="The model, by name.", examples=["openai"])
    prompt: str | None = Field(
        None,
        pattern=r"^\d+\.\d+\.\d+$",
        description="Version of its prompt; the newest if unset.",
        examples=["1.0.0"],
    )
    time_share: float = Field(0.2, gt=0, le=1, description="Share of the time left that it may take, from 0 to 1.")
    max_seconds: float = Field(2.0, gt=0, le=600, description="Longest time that it may take.")
    output_tokens: int = Field(256, ge=16, le=32_768, description="Tokens that it may generate, its thoughts included.")

    @property
    def policy(self) -> RewritePolicy:
        """What the pipeline follows."""
        return RewritePolicy(self.model, self.time_share, self.max_seconds, self.output_tokens)


class RerankConfig(Options):
    """How a route's search is reranked."""

    reranker: Name = Field(description="The reranker, by name.", examples=["onnx"])
    candidates: int = Field(
        30,
        ge=1,
        le=200,
        description="Passages to search for and to rate; the best of them remain, as many as were asked for.",
    )
    share: float = Field(
        0.5,
        gt=0,
        le=0.9,
        description="Share of the time that retrieval has left which a call of the reranker may take, from 0 to 0.9.",
    )
    max_seconds: float = Field(1.0, gt=0, le=600, description="Longest time of a call of the reranker.")
    min_rating: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Passages of a lower rating are not evidence, whatever their relevance. If unset, ratings order "
        "passages, and `thresholds.min_relevance` decides which are evidence.",
        examples=[0.3],
    )
    calibration: Path | None = Field(
        None,
        description="A file of `groundwire calibrate route --reranker`, whose threshold replaces min_rating; the "
        "server does not start when it was fitted with another reranker.",
        examples=["reranker.json"],
    )

    @property
    def policy(self) -> RerankPolicy:
        """What the pipeline follows."""
        return RerankPolicy(self.candidates, self.share, self.max_seconds, self.min_rating)


class ShadowConfig(Options):
    """A model that a route compares with those that answer; what it writes is shown to nobody."""

    model: Name = Field(description="The model, by name.", examples=["openai"])
    share: float = Field(0.05, gt=0, le=1, description="Share of the answers that are compared, from 0 to 1.")
    max_concurrent: int = Field(
        1, ge=1, le=1000, description="Comparisons in flight, at least 1 in each worker; others are skipped."
    )
    max_seconds: float = Field(30.0, gt=0, le=600, description="Longest time of a comparison.")
    daily_limit: float | None = Field(
        None,
        gt=0,
        le=1_000_000_000,
        description="What comparisons may cost each tenant in a day (UTC), in `spending.currency`, beside "
        "its limits; required for a model with a price.",
        examples=[1.0],
    )
    checker: bool = Field(
        False,
        description="Whether the route's checker is asked about its sentences too, at the cost of the tenant; rules "
        "alone check them otherwise.",
    )

    @property
    def longest(self) -> float:
        """Seconds after which a comparison of an answer that has left cannot still be running."""
        return self.max_seconds + _SHADOW_SLACK

    @property
    def policy(self) -> ShadowPolicy:
        """What the pipeline follows."""
        return ShadowPolicy(self.model, self.share, self.max_concurrent, self.max_seconds, self.checker)
