"""Screens: where the guards of a route look at text, and what is made of what they find."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.guards.options import Category
from groundwire_server.app.configuration.models.authentication import Tenant
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.guards.finding import GuardActions
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.vocabulary import GuardAction, Screen, WithoutGuard
from groundwire_server.options import Options

Ignore: TypeAlias = Literal["IGNORE"]
QuestionAction: TypeAlias = Literal["BLOCK", "FLAG"]
EvidenceAction: TypeAlias = Literal["BLOCK", "DROP", "DISTRUST", "FLAG"]
AnswerAction: TypeAlias = Literal["BLOCK", "MASK", "FLAG"]
DocumentAction: TypeAlias = Literal["QUARANTINE", "FLAG"]


class GuardUseConfig(Options):
    """A guard of a screen, and what its findings lead to."""

    guard: Name = Field(description="The guard, by name.", examples=["injection"])
    tenants: tuple[Tenant, ...] | None = Field(
        None, min_length=1, description="Tenants that it looks for; all if unset.", examples=[["acme"]]
    )


class QuestionGuardUseConfig(GuardUseConfig):
    """A guard of questions, and what its findings lead to."""

    action: QuestionAction = Field(
        "BLOCK", description="What a finding leads to: BLOCK (the row of QUESTION_FORBIDDEN) or FLAG (it is reported)."
    )
    categories: dict[Category, QuestionAction | Ignore] = Field(
        default_factory=dict,
        description="Categories with another action; IGNORE reports nothing.",
        examples=[{"prompt_extraction": "FLAG"}],
    )


class EvidenceGuardUseConfig(GuardUseConfig):
    """A guard of passages, and what its findings lead to."""

    action: EvidenceAction = Field(
        "DISTRUST",
        description="What a finding leads to: BLOCK (the row of EVIDENCE_FORBIDDEN), DROP (the passage is left out), "
        "DISTRUST (it stays, verifies nothing and is no support for links, contacts, payments, credentials and "
        "commands) or FLAG (it is reported).",
    )
    categories: dict[Category, EvidenceAction | Ignore] = Field(
        default_factory=dict,
        description="Categories with another action; IGNORE reports nothing.",
        examples=[{"hidden_text": "DROP"}],
    )


class AnswerGuardUseConfig(GuardUseConfig):
    """A guard of answers, and what its findings lead to."""

    action: AnswerAction = Field(
        "BLOCK",
        description="What a finding leads to: BLOCK (the row of ANSWER_FORBIDDEN), MASK (a placeholder stands in for "
        "it) or FLAG (it is reported).",
    )
    categories: dict[Category, AnswerAction | Ignore] = Field(
        default_factory=dict,
        description="Categories with another action; IGNORE reports nothing.",
        examples=[{"private_key": "BLOCK"}],
    )
    unless_shown: frozenset[Category] = Field(
        frozenset(),
        description="Categories that are ignored where a passage shown to the caller has the same words.",
        examples=[["email", "phone"]],
    )


class DocumentGuardUseConfig(GuardUseConfig):
    """A guard of documents, and what its findings lead to."""

    action: DocumentAction = Field(
        "QUARANTINE",
        description="What a finding leads to: QUARANTINE (no search finds the document until an operator releases it) "
        "or FLAG (it is reported).",
    )
    categories: dict[Category, DocumentAction | Ignore] = Field(
        default_factory=dict,
        description="Categories with another action; IGNORE reports nothing.",
        examples=[{"hidden_text": "FLAG"}],
    )


class ScreenConfig(Options):
    """What all screens have."""

    without_guard: WithoutGuard = Field(
        WithoutGuard.OPEN,
        description="What happens while a guard fails or is late: OPEN (the call goes on, and says so) or CLOSED (the "
        "row of GUARD_UNAVAILABLE).",
    )
    max_seconds: float = Field(1.0, gt=0, le=60, description="Longest time for guards outside the server.")


class QuestionScreenConfig(ScreenConfig):
    """The guards of questions, and of what a rewrite makes of them; earlier turns are read too."""

    use: tuple[QuestionGuardUseConfig, ...] = Field(
        (),
        max_length=32,
        description="The guards, in their order; none if empty.",
    )


class EvidenceScreenConfig(ScreenConfig):
    """The guards of passages, before a model sees them."""

    use: tuple[EvidenceGuardUseConfig, ...] = Field(
        (),
        max_length=32,
        description="The guards, in their order; none if empty.",
    )


class AnswerScreenConfig(ScreenConfig):
    """The guards of answers, before they leave; in a stream, before each part of it leaves."""

    use: tuple[AnswerGuardUseConfig, ...] = Field(
        (),
        max_length=32,
        description="The guards, in their order; none if empty.",
    )
    masking_is_loss: bool = Field(
        True, description="Whether an answer with a placeholder in it is degraded; otherwise it is answered."
    )


class DocumentScreenConfig(Options):
    """The guards of documents, before they are stored."""

    use: tuple[DocumentGuardUseConfig, ...] = Field(
        (),
        max_length=32,
        description="The guards, in their order, of those that work inside the server; none if empty.",
    )


class IngestConfig(Options):
    """How documents are taken in."""

    screen: DocumentScreenConfig = Field(
        default_factory=DocumentScreenConfig, description="The guards of documents, before they are stored."
    )


AnyGuardUse: TypeAlias = QuestionGuardUseConfig | EvidenceGuardUseConfig | AnswerGuardUseConfig | DocumentGuardUseConfig
"""A guard of any screen."""


class ScreensConfig(Options):
    """Where the guards of a route look at text."""

    question: QuestionScreenConfig = Field(default_factory=QuestionScreenConfig, description="The guards of questions.")
    evidence: EvidenceScreenConfig = Field(default_factory=EvidenceScreenConfig, description="The guards of passages.")
    answer: AnswerScreenConfig = Field(default_factory=AnswerScreenConfig, description="The guards of answers.")

    @property
    def uses(self) -> Mapping[Screen, Sequence[AnyGuardUse]]:
        """The guards of each screen, in their order."""
        return {
            Screen.QUESTION: self.question.use,
            Screen.EVIDENCE: self.evidence.use,
            Screen.ANSWER: self.answer.use,
        }

    @property
    def policies(self) -> Mapping[Screen, ScreenPolicy]:
        """What the pipeline follows on each screen."""
        screens = {Screen.QUESTION: self.question, Screen.EVIDENCE: self.evidence, Screen.ANSWER: self.answer}
        return {screen: ScreenPolicy(section.without_guard, section.max_seconds) for screen, section in screens.items()}


def actions_of(use: AnyGuardUse) -> GuardActions:
    """Return what the pipeline makes of a guard's findings."""
    by_category = {
        category: None if action == "IGNORE" else GuardAction(action) for category, action in use.categories.items()
    }
    return GuardActions(
        GuardAction(use.action),
        by_category,
        use.unless_shown if isinstance(use, AnswerGuardUseConfig) else frozenset(),
        None if use.tenants is None else frozenset(use.tenants),
    )
