"""Versioned prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from groundwire_server.domain.answer import CheckedSegment
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Draft, Prompt, PromptSettings
from groundwire_server.domain.prompts.context import NO_CONTEXT, PromptContext
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Confidence


class RewritePrompts(Protocol):
    """Renders what a model is asked that rewrites questions."""

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a prompt beside the question."""
        ...

    def render(self, question: Question, mark: str) -> Prompt:
        """Render the prompt for a question with its turns, behind fences with this mark."""
        ...


@dataclass(frozen=True, slots=True)
class PromptInputs:
    """The inputs from which a template renders a prompt.

    With a draft the prompt asks to repair that, and says what is wrong with it. With the beginning of an answer it asks
    for the rest. With both, the draft is the sentence after the beginning, and the reply is continued from its cut.

    Attributes:
        passages: in the order in which they are shown; those that the beginning cites are among them.
        mark: of the fences around text by others. The same mark makes the same beginning.
        repair_of: the draft that is to be repaired.
        released: the beginning of the answer, which has been given and stands.
        confidence: of the beginning, as its model stated it; None where it did not.
        context: the values of the template's variables.
    """

    question: Question
    passages: Sequence[Passage]
    mark: str
    repair_of: Draft | None = None
    released: Sequence[CheckedSegment] = ()
    confidence: Confidence | None = None
    context: PromptContext = NO_CONTEXT


class Prompts(Protocol):
    """Renders prompts by name and version.

    A version is a number or a label; empty takes that labelled `production`, or the newest without such a label.
    """

    def fingerprint(self, name: str, version: str) -> str:
        """Return a hash of all that decides a prompt but what it is rendered of."""
        ...

    def settings(self, name: str, version: str) -> PromptSettings:
        """Return what a prompt says of the call of its model, and of its own length."""
        ...

    def render(self, name: str, version: str, inputs: PromptInputs) -> Prompt:
        """Render the prompt for a question over passages.

        Names and versions were checked when the configuration was read.

        Raises:
            Failure: PROMPT_TOO_LONG, when it is longer than any prompt may be.
        """
        ...


class PromptLint(Protocol):
    """Says what is wrong with templates."""

    def findings(self, name: str, version: str, text: str) -> Sequence[PromptFinding]:
        """Return what is wrong with a template, or may be, in the order of its lines; errors keep it from use.

        It never raises: a text that is no template at all is one finding.
        """
        ...
