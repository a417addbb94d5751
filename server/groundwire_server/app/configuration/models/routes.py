"""Routes: the named uses of the service."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from pydantic import Field

from groundwire_server.adapters.records.options import RetentionOptions
from groundwire_server.adapters.store.weaviate.options import SearchOptions
from groundwire_server.app.configuration.fallbacks import FALLBACKS, Fallbacks
from groundwire_server.app.configuration.models.beside import RerankConfig, RewriteConfig, ShadowConfig
from groundwire_server.app.configuration.models.caching import RouteCacheConfig
from groundwire_server.app.configuration.models.context import Blocks
from groundwire_server.app.configuration.models.experiments import RouteExperimentsConfig
from groundwire_server.app.configuration.models.prompts import PromptConfig
from groundwire_server.app.configuration.models.recordings import RouteRecordingConfig
from groundwire_server.app.configuration.models.reviews import RouteFeedbackConfig, RouteReviewConfig
from groundwire_server.app.configuration.models.routing import RoutingRuleConfig
from groundwire_server.app.configuration.models.screens import ScreensConfig
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.policy import CheckPolicy, Policy, ReleasePolicy
from groundwire_server.domain.vocabulary import (
    BelowMinimum,
    Confidence,
    ConflictKind,
    ReleaseMinimum,
    StreamMode,
    WithoutStore,
)
from groundwire_server.options import Options

SoftConflict: TypeAlias = Literal["COMPARISON", "QUANTIFIER", "MODALITY", "ROLE"]


class LimitsConfig(Options):
    """Limits on questions, passages and answers."""

    question_chars: int = Field(2000, ge=1, le=4096, description="Longest question, in code points.")
    top_k: int = Field(8, ge=1, le=64, description="Passages to search for, unless the call says otherwise.")
    evidence_tokens: int = Field(2000, ge=50, le=200_000, description="Tokens of passages in a prompt, estimated.")
    neighbours: int = Field(
        1,
        ge=0,
        le=3,
        description="Passages on each side of a selected one that join it in the prompt: of the same section, and as "
        "far as `evidence_tokens` leaves room.",
    )
    output_tokens: int = Field(800, ge=16, le=32_768, description="Tokens that a model may generate.")
    answer_chars: int = Field(4000, ge=1, le=65_536, description="Longest answer, in code points.")
    nearest_passages: int = Field(3, ge=0, le=16, description="Passages that accompany an abstention.")


class ThresholdsConfig(Options):
    """Thresholds for evidence and answers, from 0 to 1."""

    min_relevance: float = Field(0.75, ge=0, le=1, description="Passages of lower relevance are not evidence.")
    calibration: Path | None = Field(
        None,
        description="A file of `groundwire calibrate`, whose threshold replaces min_relevance; the server does not "
        "start when it was fitted with another embedder.",
        examples=["calibration.json"],
    )
    min_support: float = Field(
        0.0,
        ge=0,
        le=1,
        description="A further floor under `release.minimum`, on the checker's own estimate: sentences with less "
        "support are below the minimum.",
    )
    allowed_confidence: frozenset[Confidence] = Field(
        frozenset({Confidence.MEDIUM, Confidence.HIGH}),
        min_length=1,
        description="Confidence of answers that are released: LOW, MEDIUM, HIGH. It is the model's own, and at most "
        "MEDIUM unless the answer is verified.",
    )
    min_confidence: Confidence = Field(
        Confidence.LOW,
        description="Answers of which the service is less sure are not released: LOW, MEDIUM, HIGH. Above LOW the text "
        "of a stream waits for the end of the answer where the row of CONFIDENCE_NOT_ALLOWED abstains.",
    )


class ReleaseConfig(Options):
    """Which sentences of an answer are released."""

    minimum: ReleaseMinimum = Field(
        ReleaseMinimum.CONSISTENT,
        description="The weakest verdict that is released: CONSISTENT (no rule objects), or VERIFIED (word for word "
        "from a passage, or entailed by a checker).",
    )
    below: BelowMinimum = Field(
        BelowMinimum.FAIL,
        description="What happens to a sentence below the minimum: FAIL (the fallbacks decide), CAUTION (it is "
        "released, marked by its verdict, unless it is contradicted) or DROP (it is left out, unless others depend on "
        "it).",
    )
    commands_verified: bool = Field(
        default=False,
        description="Whether a sentence that tells its reader to do something counts as verified when a passage has it "
        "word for word, or entails it; otherwise it is CONSISTENT at best.",
    )

    @property
    def policy(self) -> ReleasePolicy:
        """What the pipeline follows."""
        return ReleasePolicy(self.minimum, self.below, self.commands_verified)


class TimeConfig(Options):
    """Deadlines of a call, and the shares of its stages."""

    default_seconds: float = Field(10.0, gt=0, le=3600, description="Deadline of a call that sets none.")
    max_seconds: float = Field(60.0, gt=0, le=3600, description="Longest deadline of a call.")
    retrieval_share: float = Field(0.25, gt=0, lt=1, description="Share of a call's time for retrieval, from 0 to 1.")
    max_retrieval_seconds: float = Field(2.0, gt=0, le=3600, description="Longest time of retrieval.")
    first_token_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of the time left that a model has for its first token, from 0 to 1, when another model "
        "could be asked after it.",
    )
    retry_window_seconds: float = Field(
        10.0,
        ge=0,
        le=600,
        description="How long a unary answer with a request id goes on after its connection was lost, so that a client "
        "that tries again finds it.",
    )


class CheckConfig(Options):
    """How the checker of a route is asked, and what it may overrule."""

    share: float = Field(
        0.25, gt=0, le=1, description="Share of the time left that a call of the checker may take, from 0 to 1."
    )
    max_seconds: float = Field(3.0, gt=0, le=600, description="Longest time of a call of the checker.")
    overrule: frozenset[SoftConflict] = Field(
        frozenset(get_args(SoftConflict)),
        description="Conflicts found by a rule that the checker may overrule: COMPARISON, QUANTIFIER, MODALITY, ROLE.",
    )
    min_sufficiency: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Lowest probability, by the checker, that the passages hold the answer: below it confidence is "
        "LOW. The checker is asked for it while the model writes; not at all if unset.",
        examples=[0.5],
    )

    @property
    def policy(self) -> CheckPolicy:
        """What the pipeline follows."""
        return CheckPolicy(
            self.share, self.max_seconds, frozenset(map(ConflictKind, self.overrule)), self.min_sufficiency
        )


class RouteQueueConfig(Options):
    """Whether a route's questions can be answered later, and with whose rights."""

    enabled: bool = Field(True, description="Whether calls may submit them, or let them wait after a failure.")
    freeze_rights: bool = Field(
        False,
        description="Whether the rights that a token gave count when the question is answered, though the token may "
        "have ended by then; otherwise the operation ends with it. Those of keys and certificates are looked up anew.",
    )


class RouteConfig(Options):
    """A named use of the service: its prompt, models, store and policy."""

    prompt: PromptConfig = Field(default_factory=PromptConfig, description="The prompt of the models.")
    context: Blocks = Field(
        default_factory=dict,
        max_length=32,
        description="What stands in its prompts beside question and passages, in this order, by the names of the "
        "template's variables.",
        examples=[{"plan": {"source": "caller", "key": "plan"}}],
    )
    models: tuple[Name, ...] = Field(min_length=1, description="The models to ask, by name, best first.")
    self_hosted_only: bool = Field(
        False,
        description="Ask no hosted model, embedder, checker, reranker or guard: questions and documents stay with you.",
    )
    store: Name = Field(description="The store to search, by name.")
    search: SearchOptions | None = Field(
        None, description="How a store of the kind `weaviate` is searched; by the defaults if unset."
    )
    allow_alpha: bool = Field(
        False, description="Whether a call may set the weight of meaning in a search by words and meaning."
    )
    rerank: RerankConfig | None = Field(
        None, description="How what was found is rated together with the question; not at all if unset."
    )
    mode: StreamMode = Field(
        StreamMode.CHECKED, description="When text of a stream is sent: CHECKED (once it was checked) or PROVISIONAL."
    )
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="Limits on questions, passages and answers.")
    thresholds: ThresholdsConfig = Field(
        default_factory=ThresholdsConfig, description="Thresholds for evidence and answers, from 0 to 1."
    )
    release: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="Which sentences of an answer are released."
    )
    checker: Name | None = Field(
        None, description="The checker of sentences, by name; rules alone check them if unset.", examples=["onnx"]
    )
    check: CheckConfig = Field(
        default_factory=CheckConfig, description="How the checker is asked, and what it may overrule."
    )
    time: TimeConfig = Field(
        default_factory=TimeConfig, description="Deadlines of a call, and the shares of its stages."
    )
    limits_without_store: WithoutStore = Field(
        WithoutStore.OPEN,
        description="What happens while Redis, where limits are counted, cannot be asked: OPEN (calls go on without "
        "limits) or CLOSED (they are refused).",
    )
    rewrite: RewriteConfig | None = Field(
        None,
        description="A model that rewrites questions that refer to earlier turns; rules alone do if unset.",
    )
    screens: ScreensConfig = Field(
        default_factory=ScreensConfig, description="Where guards look at text, and what their findings lead to."
    )
    cache: RouteCacheConfig = Field(
        default_factory=RouteCacheConfig, description="Which earlier answers are kept, and when one stands in."
    )
    shadow: ShadowConfig | None = Field(
        None, description="A model that is compared with those that answer; none if unset."
    )
    routing: tuple[RoutingRuleConfig, ...] = Field(
        (),
        description="Rules that choose models before the first is asked; the first that holds does. Without one that "
        "holds, `models` are asked.",
    )
    queue: RouteQueueConfig = Field(
        default_factory=RouteQueueConfig,
        description="Whether questions can be answered later, and with whose rights.",
    )
    review: RouteReviewConfig = Field(
        default_factory=RouteReviewConfig,
        description="Which answers persons look at, before or after they leave, and what may come of it.",
    )
    feedback: RouteFeedbackConfig = Field(
        default_factory=RouteFeedbackConfig,
        description="Which answers are kept, so that feedback on them can become labelled cases.",
    )
    recording: RouteRecordingConfig = Field(
        default_factory=RouteRecordingConfig,
        description="Which calls are recorded with all that came back for them, so that they can be replayed.",
    )
    experiments: RouteExperimentsConfig = Field(
        default_factory=RouteExperimentsConfig, description="How the route takes part in experiments."
    )
    fallbacks: Fallbacks = Field(
        default_factory=lambda: dict(FALLBACKS),
        description="What follows a failure: for each cause the actions to try, in order. A row replaces the one built "
        "in.",
    )

    @property
    def longest(self) -> float:
        """Seconds after which nothing that a call has begun can still be running."""
        return self.time.max_seconds + (0.0 if self.shadow is None else self.shadow.longest)

    def policy(self, name: str, priced: Collection[str] = (), retention: RetentionOptions | None = None) -> Policy:
        """Return the policy that the pipeline follows.

        Args:
            name: of the route.
            priced: the models whose tokens cost something.
            retention: how long records are kept where the route does not say; None is what is built in.
        """
        retention = retention or RetentionOptions()
        return Policy(
            route=name,
            prompt=self.prompt.name,
            prompt_version=self.prompt.wanted,
            models=self.models,
            fallbacks=self.fallbacks,
            question_limit=self.limits.question_chars,
            default_deadline=self.time.default_seconds,
            max_deadline=self.time.max_seconds,
            retrieval_share=self.time.retrieval_share,
            retrieval_max=self.time.max_retrieval_seconds,
            first_token_share=self.time.first_token_share,
            top_k=self.limits.top_k,
            evidence_tokens=self.limits.evidence_tokens,
            min_relevance=self.thresholds.min_relevance,
            release=self.release.policy,
            min_support=self.thresholds.min_support,
            allowed_confidence=self.thresholds.allowed_confidence,
            min_confidence=self.thresholds.min_confidence,
            display_limit=self.limits.answer_chars,
            output_tokens=self.limits.output_tokens,
            mode=self.mode,
            nearest=self.limits.nearest_passages,
            self_hosted_only=self.self_hosted_only,
            check=self.check.policy,
            rewrite=None if self.rewrite is None else self.rewrite.policy,
            retry_window=self.time.retry_window_seconds,
            allow_alpha=self.allow_alpha,
            priced=frozenset(priced).intersection(self.models),
            routing=tuple(rule.rule for rule in self.routing),
            context=tuple(block.block(name) for name, block in self.context.items()),
            neighbours=self.limits.neighbours,
            rerank=None if self.rerank is None else self.rerank.policy,
            screens=self.screens.policies,
            masking_is_loss=self.screens.answer.masking_is_loss,
            queue=self.queue.enabled,
            freeze_rights=self.queue.freeze_rights,
            cache=self.cache.policy,
            review=self.feedback.added(self.review.policy(retention), retention),
        )
