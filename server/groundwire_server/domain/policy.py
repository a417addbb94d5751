"""What a route allows and what it does when something fails: data, not code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Scores
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.prompts.context import ContextBlock
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.routing import RoutingRule
from groundwire_server.domain.vocabulary import (
    Action,
    BelowMinimum,
    CacheAccept,
    CacheValidity,
    Cause,
    Confidence,
    ConflictKind,
    ReleaseMinimum,
    Screen,
    StreamMode,
    WithoutGuard,
)

OVERRULABLE: Final = frozenset(
    {ConflictKind.COMPARISON, ConflictKind.QUANTIFIER, ConflictKind.MODALITY, ConflictKind.ROLE}
)
"""Conflicts that a model may overrule where the route allows it; others never are."""


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """How a route's checker is asked.

    Attributes:
        share: what a call of it has of the time that is left, 0 to 1.
        max_seconds: what it has at most.
        overrule: conflicts that it may overrule; of `OVERRULABLE` alone.
        min_sufficiency: the probability that the passages hold the answer, below which confidence is LOW; None where
            the checker is not asked for it.
    """

    share: float
    max_seconds: float
    overrule: frozenset[ConflictKind]
    min_sufficiency: float | None = None

    def check_by(self, now: float, answer_by: Deadline) -> Deadline:
        """Return when a call that begins now must have ended."""
        return Deadline(now + min(answer_by.remaining(now) * self.share, self.max_seconds))

    def doubts(self, sufficiency: float | None) -> bool:
        """Return whether a probability that the passages hold the answer is too low; None says nothing."""
        return sufficiency is not None and self.min_sufficiency is not None and sufficiency < self.min_sufficiency


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """What a route lets leave.

    Attributes:
        minimum: the weakest verdict that a sentence may have.
        below: what happens to a sentence below it.
        commands_verified: whether a command that its passages carry counts as verified.
    """

    minimum: ReleaseMinimum
    below: BelowMinimum
    commands_verified: bool = False


@dataclass(frozen=True, slots=True)
class ScreenPolicy:
    """How a route's guards of one screen are asked.

    Attributes:
        without_guard: what happens while one fails or is late.
        max_seconds: what guards outside this process have at most.
    """

    without_guard: WithoutGuard = WithoutGuard.OPEN
    max_seconds: float = 1.0

    def screen_by(self, now: float, answer_by: Deadline) -> Deadline:
        """Return when guards that are asked now must have answered."""
        return Deadline(min(now + self.max_seconds, answer_by.at))


@dataclass(frozen=True, slots=True)
class RewritePolicy:
    """How the model is asked that rewrites a route's questions.

    Attributes:
        model: its alias.
        time_share: what it has of the time that is left, 0 to 1.
        max_seconds: what it has at most.
        output_tokens: the most it may write.
    """

    model: str
    time_share: float
    max_seconds: float
    output_tokens: int

    def rewrite_by(self, now: float, answer_by: Deadline) -> Deadline:
        """Return when a call that begins now must have ended."""
        return Deadline(now + min(answer_by.remaining(now) * self.time_share, self.max_seconds))


@dataclass(frozen=True, slots=True)
class ShadowPolicy:
    """How often a model is compared with those that answer, and what a comparison may take.

    Attributes:
        model: its alias.
        share: of the answers, 0 to 1.
        max_concurrent: comparisons in flight.
        max_seconds: the time of one.
        checker: whether the route's checker is asked too.
    """

    model: str
    share: float
    max_concurrent: int
    max_seconds: float
    checker: bool


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """Which earlier answers a route keeps, and when one may stand in.

    Attributes:
        serve_fresh: whether one that holds is returned at once; otherwise it stands in after a failure alone.
        max_age: seconds after which it holds no more.
        accept: which answers are kept.
        valid_while: what must not have changed in the corpus.
        without_store_max_age: seconds up to which it may be shown while the store cannot be asked, where each document
            that it cites is open to the whole tenant.
    """

    serve_fresh: bool = False
    max_age: float = 86_400.0
    accept: CacheAccept = CacheAccept.VERIFIED
    valid_while: CacheValidity = CacheValidity.CORPUS_UNCHANGED
    without_store_max_age: float = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """One route.

    Attributes:
        route: its name.
        prompt: the prompt's name; the newest version unless `prompt_version` says otherwise.
        models: aliases of the models to ask, best first.
        question_limit: the longest question, in code points.
        default_deadline: seconds a call has when it sets no deadline.
        max_deadline: seconds a call has at most.
        retrieval_share: what a search has of a call's time, 0 to 1.
        retrieval_max: seconds a search has at most.
        first_token_share: what a model has of what is left until its first text where another could be asked, 0 to 1.
        top_k: passages to search for when the call does not say.
        evidence_tokens: the most tokens of passages in a prompt, estimated.
        min_relevance: passages below it are no evidence, 0 to 1.
        release: which verdicts may leave, and what happens to a sentence below them.
        min_support: a further floor on the checker's own estimate: a sentence of less support is below, 0 to 1.
        allowed_confidence: confidences of answers that may leave.
        min_confidence: answers of which the service is less sure do not leave.
        display_limit: the longest answer, in code points.
        output_tokens: the most a model may write.
        mode: when text may leave, unless the call says otherwise.
        nearest: passages shown with an abstention.
        self_hosted_only: ask no model that is hosted.
        check: how the route's checker is asked.
        rewrite: how a model is asked that rewrites questions with earlier turns; None leaves them to rules.
        retry_window: seconds that a unary answer with a request id goes on after its connection was lost.
        passages_limit: the most passages in a prompt; None has no bound.
        prompt_tokens: the most a prompt may have, estimated; None has no bound.
        tokens_per_call: the most that all models together may consume for one call; None has no bound.
        cost_per_call: the most that they may cost, in millionths of the currency; None has no bound.
        fallbacks: for each cause the actions to try in order; a cause without a row fails safe.
        rerank: how the route's reranker is asked; None where it has none.
        allow_alpha: whether a question may say how much meaning weighs in the search.
        neighbours: passages on each side of a selected one that may join it in a prompt.
        screens: how the guards of each screen are asked.
        masking_is_loss: whether an answer with a placeholder in it is degraded.
        cache: which earlier answers are kept, and when one may stand in; None keeps none.
        priced: those of the models whose tokens cost something.
        queue: whether questions may be answered later.
        freeze_rights: whether the rights at submission count for those that cannot be looked up again.
        review: which answers are sent for review, and which are kept for feedback; None does neither.
        routing: rules that choose models before the first is asked; the first that holds does.
        context: what stands in its prompts beside the question and the passages.
        arms: of experiments, whose settings stand in place of the route's own; empty for the route as it is.
    """

    route: str
    prompt: str
    models: tuple[str, ...]
    fallbacks: Mapping[Cause, tuple[Action, ...]]
    prompt_version: str
    question_limit: int
    default_deadline: float
    max_deadline: float
    retrieval_share: float
    retrieval_max: float
    first_token_share: float
    top_k: int
    evidence_tokens: int
    min_relevance: float
    release: ReleasePolicy
    min_support: float
    allowed_confidence: frozenset[Confidence]
    min_confidence: Confidence
    display_limit: int
    output_tokens: int
    mode: StreamMode
    nearest: int
    self_hosted_only: bool
    check: CheckPolicy
    retry_window: float
    rewrite: RewritePolicy | None = None
    passages_limit: int | None = None
    prompt_tokens: int | None = None
    tokens_per_call: int | None = None
    cost_per_call: int | None = None
    rerank: RerankPolicy | None = None
    allow_alpha: bool = False
    neighbours: int = 0
    screens: Mapping[Screen, ScreenPolicy] = field(default_factory=dict)
    masking_is_loss: bool = True
    cache: CachePolicy | None = None
    priced: frozenset[str] = frozenset()
    queue: bool = False
    freeze_rights: bool = False
    review: ReviewPolicy | None = None
    routing: tuple[RoutingRule, ...] = ()
    context: tuple[ContextBlock, ...] = ()
    arms: frozenset[Assignment] = frozenset()

    def admits(self, scores: Scores) -> bool:
        """Return whether a passage with these scores is evidence.

        Its rating by the reranker decides where it has one and the route a threshold for it, and its relevance
        elsewhere: each is compared with the threshold that was meant for it.
        """
        if scores.reranker is not None and self.rerank is not None and self.rerank.min_rating is not None:
            return scores.reranker >= self.rerank.min_rating
        return (scores.relevance or 0.0) >= self.min_relevance

    @property
    def reviewers(self) -> bool:
        """Whether there are persons who look at answers before they leave."""
        return self.review is not None and self.review.reviewers

    @property
    def holds_back(self) -> bool:
        """Whether an answer may have to wait for a person although nothing is wrong with it."""
        return self.review is not None and self.review.holds_back

    @property
    def holds_streams(self) -> bool:
        """Whether text of a checked stream leaves only once the whole answer is known.

        It does where the route would rather abstain from an answer, or have it reviewed, than let its beginning stand,
        and a later sentence may be what decides: one that is not verified where all must be, or where high confidence
        alone is allowed, since an answer that is not verified has medium confidence at most. It does as well where the
        service's own confidence decides, or a person does.
        """
        if self.holds_back:
            return True
        every = self.release.minimum is ReleaseMinimum.VERIFIED and self.release.below is BelowMinimum.FAIL
        undecided = (
            len(self.allowed_confidence & {Confidence.MEDIUM, Confidence.HIGH}) == 1
            or self.min_confidence is not Confidence.LOW
        )
        return (every and self._withdraws(Cause.NOT_VERIFIED)) or (
            undecided and self._withdraws(Cause.CONFIDENCE_NOT_ALLOWED)
        )

    def may_allow(self, confidence: Confidence) -> bool:
        """Return whether an answer may leave of which its model says this, whatever the verdicts on it will be."""
        return not self.allowed_confidence.isdisjoint({confidence, confidence.and_(Confidence.MEDIUM)})

    def _withdraws(self, cause: Cause) -> bool:
        """Whether the row of a cause, once no model can do better, ends without the text.

        Whether an earlier answer stands in is not known before the end, so what follows it counts.
        """
        passed_over = _TENTATIVE if self.reviewers else _TENTATIVE | {Action.REVIEW}
        ends = (action for action in self.fallbacks.get(cause, ()) if action not in passed_over)
        return next(ends, None) in {Action.ABSTAIN, Action.REVIEW}


_TENTATIVE = frozenset({Action.NEXT_MODEL, Action.SHORTER_PROMPT, Action.REPAIR, Action.CACHED_ANSWER, Action.QUEUE})
"""Actions that ask a model again, or are possible for some calls alone."""
