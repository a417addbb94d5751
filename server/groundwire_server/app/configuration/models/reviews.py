"""Reviews of a route: which answers persons look at, and which are kept for feedback."""

from dataclasses import replace
from typing import Final

from pydantic import Field

from groundwire_server.adapters.records.options import RetentionOptions
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.review_policy import DAY, ReviewPolicy
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.options import Options

_LONGEST_SECONDS: Final = 30 * DAY
_LONGEST_DAYS: Final = 3650


class RouteReviewConfig(Options):
    """Which answers of a route persons look at, before or after they leave, and what may come of it."""

    enabled: bool = Field(
        False,
        description="Whether the route has reviewers; they need `records`, and make the action REVIEW of `fallbacks` "
        "possible.",
    )
    always: bool = Field(
        False,
        description="Whether every answer waits for a reviewer. Where answers wait, by this key or one of the next "
        "four, the text of a stream waits too, and the mode PROVISIONAL is refused.",
    )
    share: float = Field(
        0.0, ge=0, le=1, description="Share of the answers that wait for a reviewer, drawn by request, from 0 to 1."
    )
    min_confidence: Confidence = Field(
        Confidence.LOW,
        description="Answers of which the service is less sure wait for a reviewer: LOW (none does), MEDIUM, HIGH.",
    )
    verified_only: bool = Field(
        False,
        description="Whether answers wait for a reviewer that have a sentence which is neither word for word from a "
        "passage nor entailed by a checker.",
    )
    guards: frozenset[Name] = Field(
        frozenset(),
        description="Guards of the route's screens, by name: answers wait for a reviewer in whose question, passages "
        "or text one of them found something.",
        examples=[["personal"]],
    )
    sample_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the answers that leave and are looked at afterwards, without their verdicts, from 0 to "
        "1: `groundwire measure` says from them how many are wrong.",
    )
    block_share: float = Field(
        0.0, ge=0, le=1, description="Share of what guards forbid that is looked at afterwards, from 0 to 1."
    )
    appeals: bool = Field(
        False, description="Whether feedback that a block was a mistake sends the blocked answer for review."
    )
    answer_within_seconds: float = Field(
        DAY,
        ge=1,
        le=_LONGEST_SECONDS,
        description="How long an answer waits for a decision; then the row of REVIEW_EXPIRED in `fallbacks` says what "
        "its caller receives.",
    )
    sample_within_days: float = Field(
        14.0, gt=0, le=_LONGEST_DAYS, description="Days in which a sample must be decided to be counted."
    )
    expected_within_seconds: float | None = Field(
        None,
        ge=1,
        le=_LONGEST_SECONDS,
        description="How long a review usually takes, which callers are told; nothing if unset.",
        examples=[3600],
    )
    second_person: bool = Field(
        False,
        description="Whether the subject that asked a question, and the end user for whom it asked, may not decide on "
        "its answer.",
    )
    allow_unsupported: bool = Field(
        False,
        description="Whether a text that a reviewer has edited may have sentences that `release` does not let leave; "
        "they are shown as such.",
    )
    seed_cache: bool = Field(
        False,
        description="Whether an answer that was approved or edited may stand in for later calls, as `cache` says.",
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        le=_LONGEST_DAYS,
        description="Days that a review is kept with its texts after its end; `records.retention.review_days` if "
        "unset.",
        examples=[30],
    )

    def policy(self, retention: RetentionOptions) -> ReviewPolicy | None:
        """Return what the pipeline follows; None where the route has no reviewers.

        Args:
            retention: how long records are kept where the route does not say.
        """
        if not self.enabled:
            return None
        return ReviewPolicy(
            always=self.always,
            share=self.share,
            min_confidence=self.min_confidence,
            verified_only=self.verified_only,
            guards=self.guards,
            sample_share=self.sample_share,
            block_share=self.block_share,
            appeals=self.appeals,
            answer_within=self.answer_within_seconds,
            sample_within=self.sample_within_days * DAY,
            expected_within=self.expected_within_seconds,
            second_person=self.second_person,
            allow_unsupported=self.allow_unsupported,
            seed_cache=self.seed_cache,
            keep=(retention.review_days if self.keep_days is None else self.keep_days) * DAY,
        )


class RouteFeedbackConfig(Options):
    """Which answers of a route are kept, so that feedback on them can become labelled cases."""

    keep_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the answers that are kept with their question and passages, encrypted, from 0 to 1; they "
        "need `records`. Feedback on any other is a rating and its words.",
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        le=_LONGEST_DAYS,
        description="Days that such an answer is kept; `records.retention.feedback_days` if unset.",
        examples=[90],
    )

    def added(self, policy: ReviewPolicy | None, retention: RetentionOptions) -> ReviewPolicy | None:
        """Return what the pipeline follows, with what is kept; None where nothing is, and the route has no reviewers.

        Args:
            policy: of the route's reviewers; None without them.
            retention: how long records are kept where the route does not say.
        """
        if policy is None and not self.keep_share:
            return None
        days = retention.feedback_days if self.keep_days is None else self.keep_days
        return replace(policy or ReviewPolicy(reviewers=False), keep_share=self.keep_share, keep_answers=days * DAY)
