"""What a route allows, and what it does when something fails."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.app.configuration.models.search import Search
from groundwire_server.app.configuration.models.section import Name, Section
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, StreamMode

_CHOSEN = frozenset({Action.NEXT_MODEL, Action.SHORTER_PROMPT, Action.REPAIR, Action.PASSAGES_ONLY, Action.ABSTAIN})
_LAST = Action.FAIL_SAFE


def _row(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    if len(set(actions)) < len(actions):
        raise ValueError("names an action twice: each is taken at most once")
    unknown = [action for action in actions if action not in _CHOSEN | {_LAST}]
    if unknown:
        allowed = ", ".join(sorted(_CHOSEN | {_LAST}))
        raise ValueError(f"{unknown[0]} is not an action that can be chosen yet; there are: {allowed}")
    if _LAST in actions[:-1]:
        raise ValueError("nothing follows FAIL_SAFE: put it last, or leave it out")
    return actions


def _over_built_in(rows: dict[Cause, tuple[Action, ...]]) -> dict[Cause, tuple[Action, ...]]:
    return {**FALLBACKS, **rows}


Row = Annotated[tuple[Action, ...], AfterValidator(_row)]


class Prompt(Section):
    """A prompt by name."""

    name: str = Field("answer", description="Its name.")
    version: str | None = Field(
        None, pattern=r"^\d+\.\d+\.\d+$", description="Its version; the newest if none.", examples=["1.0.0"]
    )


class Limits(Section):
    """How much of everything."""

    question: int = Field(2000, ge=1, le=4096, description="The longest question, in code points.")
    top_k: int = Field(8, ge=1, le=64, description="Passages to search for when the call does not say.")
    evidence_tokens: int = Field(2000, ge=50, le=200_000, description="Tokens of passages in a prompt, estimated.")
    output_tokens: int = Field(800, ge=16, le=32_768, description="Tokens that a model may write.")
    display: int = Field(4000, ge=1, le=65_536, description="The longest answer, in code points.")
    nearest: int = Field(3, ge=0, le=16, description="Passages shown with an abstention.")


class Thresholds(Section):
    """What is good enough, from 0 to 1."""

    min_relevance: float = Field(0.35, ge=0, le=1, description="Passages below it are no evidence.")
    calibration: Path | None = Field(
        None,
        description="A file of `groundwire calibrate`, whose threshold takes the place of min_relevance; the server "
        "does not start when it was fitted with another embedder.",
        examples=["calibration.json"],
    )
    min_support: float = Field(0.5, ge=0, le=1, description="Sentences that are supported less are not released.")
    confidence: frozenset[Confidence] = Field(
        frozenset({Confidence.MEDIUM, Confidence.HIGH}),
        min_length=1,
        description="What the model may say of its own answer: LOW, MEDIUM, HIGH.",
    )


class Time(Section):
    """How a call's time is limited and cut."""

    default_seconds: float = Field(10.0, gt=0, le=3600, description="What a call has that sets no deadline.")
    max_seconds: float = Field(60.0, gt=0, le=3600, description="What a call has at most.")
    retrieval_share: float = Field(0.25, gt=0, lt=1, description="What a search has of it, from 0 to 1.")
    retrieval_seconds: float = Field(2.0, gt=0, le=3600, description="What a search has at most.")
    begin_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="What a model has of what is then left until its first text, from 0 to 1, where another could be "
        "asked after it.",
    )
    retry_window_seconds: float = Field(
        10.0,
        ge=0,
        le=600,
        description="How long a unary answer with a request id goes on after its connection was lost, so that a client "
        "that tries again finds it.",
    )


class Route(Section):
    """One use of the service: its prompt, its models, its store, and its policy."""

    prompt: Prompt = Field(default_factory=Prompt, description="What the models are told.")
    models: tuple[Name, ...] = Field(min_length=1, description="The models to ask, by their names, best first.")
    self_hosted_only: bool = Field(
        False, description="Ask no model and no embedder that is hosted: questions and documents stay with you."
    )
    store: Name = Field(description="The store to search, by its name.")
    search: Search | None = Field(
        None, description="How a store of the kind `weaviate` is searched; as the defaults say if none."
    )
    mode: StreamMode = Field(
        StreamMode.CHECKED, description="When text of a stream may leave: CHECKED, once it was checked, or PROVISIONAL."
    )
    limits: Limits = Field(default_factory=Limits, description="How much of everything.")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="What is good enough.")
    time: Time = Field(default_factory=Time, description="How a call's time is limited and cut.")
    fallbacks: Annotated[dict[Cause, Row], AfterValidator(_over_built_in)] = Field(
        default_factory=lambda: dict(FALLBACKS),
        description="What follows a failure: for a cause the actions to try in order. A row replaces the one built in.",
    )

    def policy(self, name: str) -> Policy:
        """What the pipeline takes."""
        return Policy(
            route=name,
            prompt=self.prompt.name,
            prompt_version=self.prompt.version or "",
            models=self.models,
            fallbacks=self.fallbacks,
            question_limit=self.limits.question,
            default_deadline=self.time.default_seconds,
            max_deadline=self.time.max_seconds,
            retrieval_share=self.time.retrieval_share,
            retrieval_max=self.time.retrieval_seconds,
            first_token_share=self.time.begin_share,
            top_k=self.limits.top_k,
            evidence_tokens=self.limits.evidence_tokens,
            min_relevance=self.thresholds.min_relevance,
            min_support=self.thresholds.min_support,
            allowed_confidence=self.thresholds.confidence,
            display_limit=self.limits.display,
            output_tokens=self.limits.output_tokens,
            mode=self.mode,
            nearest=self.limits.nearest,
            self_hosted_only=self.self_hosted_only,
            retry_window=self.time.retry_window_seconds,
        )
