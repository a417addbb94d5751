"""What a route allows and what it does when something fails: data, not code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, ConflictKind, StreamMode

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
    """

    share: float
    max_seconds: float
    overrule: frozenset[ConflictKind]

    def check_by(self, now: float, answer_by: Deadline) -> Deadline:
        """Return when a call that begins now must have ended."""
        return Deadline(now + min(answer_by.remaining(now) * self.share, self.max_seconds))


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
        min_support: sentences supported less are not released, 0 to 1.
        require_verified: whether only verified sentences are released.
        allowed_confidence: what the model may say of its own answer.
        display_limit: the longest answer, in code points.
        output_tokens: the most a model may write.
        mode: when text may leave, unless the call says otherwise.
        nearest: passages shown with an abstention.
        self_hosted_only: ask no model that is hosted.
        check: how the route's checker is asked.
        retry_window: seconds that a unary answer with a request id goes on after its connection was lost.
        fallbacks: for each cause the actions to try in order; a cause without a row fails safe.
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
    min_support: float
    require_verified: bool
    allowed_confidence: frozenset[Confidence]
    display_limit: int
    output_tokens: int
    mode: StreamMode
    nearest: int
    self_hosted_only: bool
    check: CheckPolicy
    retry_window: float
