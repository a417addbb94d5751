"""What a guard finds in a text, and what a route makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, GuardAction, Screen


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of a text that a guard objects to.

    Attributes:
        category: the kind of content, in lower case, such as `injection` or `email`.
        start: where the stretch begins, in code points of the text as it was given.
        end: where it ends; exclusive.
        rule: which of the guard's rules found it, for who wrote them; never words of the text.
        score: the probability by a model, 0 to 1; None for a rule, which is sure.
    """

    category: str
    start: int
    end: int
    rule: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class GuardIdentity:
    """Which guard it is.

    Attributes:
        name: in the configuration.
        version: of its rules.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A kind of content that a guard found at a place, and what was done about it."""

    screen: Screen
    guard: GuardIdentity
    category: str
    action: GuardAction


@dataclass(frozen=True, slots=True)
class GuardActions:
    """What a route makes of a guard's findings.

    Attributes:
        action: of those whose category has none of its own.
        by_category: of the others; None ignores them.
        unless_shown: categories that are ignored in an answer where a passage shown to the caller has the same words.
        tenants: that the guard looks for; None looks for all.
    """

    action: GuardAction
    by_category: Mapping[str, GuardAction | None] = field(default_factory=dict)
    unless_shown: frozenset[str] = frozenset()
    tenants: frozenset[str] | None = None

    @property
    def changes(self) -> bool:
        """Whether a finding may keep back or change a text."""
        return not {GuardAction.BLOCK, GuardAction.MASK}.isdisjoint((self.action, *self.by_category.values()))

    def of(self, category: str) -> GuardAction | None:
        """Return what follows a finding of a category; None where nothing does."""
        return self.by_category.get(category, self.action)


@dataclass(frozen=True, slots=True)
class PolicyBlock:
    """What forbids an answer.

    Attributes:
        guard: that found it.
        category: the kind of content.
    """

    guard: GuardIdentity
    category: str


class ForbiddenFailure(Failure):
    """A guard forbids the question, the evidence or the answer.

    Attributes:
        block: which guard, and why.
    """

    def __init__(self, screen: Screen, block: PolicyBlock) -> None:
        super().__init__(FORBIDDEN[screen])
        self.block = block


FORBIDDEN: Mapping[Screen, Cause] = {
    Screen.QUESTION: Cause.QUESTION_FORBIDDEN,
    Screen.EVIDENCE: Cause.EVIDENCE_FORBIDDEN,
    Screen.ANSWER: Cause.ANSWER_FORBIDDEN,
}
"""The cause of what a guard blocks, by its screen."""
