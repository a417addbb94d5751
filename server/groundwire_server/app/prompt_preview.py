"""Prompts without a server: what is wrong with a template, and what it renders over an example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import auto
from typing import Final

from groundwire_server.adapters.prompts.catalogue import PromptCatalogue, compiler
from groundwire_server.adapters.prompts.front_matter import FrontMatter, UnusableTemplateError, split
from groundwire_server.adapters.prompts.lint import TemplateLint
from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.prompts import route_faults
from groundwire_server.app.parts.tokens import counters_of, counts_of
from groundwire_server.domain.answer import CheckedSegment, Citation, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Draft, Prompt
from groundwire_server.domain.prompts.context import NO_CONTEXT, PromptContext
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import PromptRegistry, PromptVersion, joined
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.refused import Departure, RefusedSentence
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Word
from groundwire_server.ports.prompts import PromptInputs

MARK: Final = "0a1b2c3d4e5f"
"""The mark of previews; that of a call is drawn anew, and nobody can guess it."""


class Message(Word):
    """What a model is asked for."""

    ANSWER = auto()
    """An answer."""
    REPAIR = auto()
    """Another answer in place of one that cannot be used."""
    CORRECTION = auto()
    """Another sentence in place of one that cannot be used, behind those that stand."""
    CONTINUATION = auto()
    """The rest of an answer that another model has begun."""


@dataclass(frozen=True, slots=True)
class PromptExample:
    """What a prompt is rendered of.

    Attributes:
        context: values of variables that the template declares.
    """

    question: Question
    passages: Sequence[Passage]
    context: PromptContext = NO_CONTEXT


EXAMPLE: Final = PromptExample(
    Question(
        "default",
        "And who may sign for them?",
        "example",
        turns=(Turn(True, "Where do parcels wait?"), Turn(False, "Parcels wait at the reception.")),
    ),
    (
        Passage("c1", "Parcels wait at the reception for ten days. Any member may sign for them.", title="House rules"),
        Passage("c2", "The reception is open from 8 to 18 o'clock."),
    ),
)
"""What is rendered unless a command says otherwise."""


class PromptPreviews:
    """The prompts of a registry, to be looked at.

    Args:
        registry: has the versions.
        configuration: has the models, whose tokens are counted, and the routes; None counts by the estimate.

    Raises:
        SetupError: when the vocabulary of a model cannot be used.
        ImportError: when an extra is not installed that it needs.
    """

    def __init__(self, registry: PromptRegistry, configuration: Configuration | None = None) -> None:
        self._registry = registry
        self._configuration = configuration
        self._templates = compiler()
        counters = {} if configuration is None else counters_of(configuration)
        self._lint = TemplateLint(self._templates, counts_of(counters))

    def findings(self, version: PromptVersion) -> Sequence[PromptFinding]:
        """Return what is wrong with a version, or may be."""
        return self._lint.findings(version.name, version.version, version.text)

    def sizes(self, version: PromptVersion) -> Mapping[str, int]:
        """Return the tokens of what a version says whatever it is rendered of, by the way of counting.

        It must be one without errors.
        """
        return self._lint.sizes(version.name, version.version, version.text)

    def rendered(
        self, version: PromptVersion, example: PromptExample = EXAMPLE, message: Message = Message.ANSWER
    ) -> Prompt:
        """Render a version.

        Raises:
            UnknownPromptError: when it has an error.
            Failure: PROMPT_TOO_LONG.
        """
        prompts = PromptCatalogue(joined([version]), self._templates)
        draft, released = _begun(message, example.passages)
        inputs = PromptInputs(example.question, example.passages, MARK, draft, released, context=example.context)
        return prompts.render(version.name, version.version, inputs)

    def route_faults(self) -> Sequence[ConfigError]:
        """Return what keeps the routes of the configuration from using the prompts that they name."""
        if self._configuration is None:
            return ()
        return list(route_faults(self._configuration, self._registry, self._templates))


def header_of(version: PromptVersion) -> FrontMatter:
    """Return the front matter of a version; that of one that cannot be read is empty."""
    try:
        return split(version.text).header
    except UnusableTemplateError:
        return FrontMatter()


def _begun(message: Message, passages: Sequence[Passage]) -> tuple[Draft | None, Sequence[CheckedSegment]]:
    """Return the draft and the segments that a message speaks of."""
    passage = passages[0] if passages else Passage("c1", "")
    span = Span(0, 0, 0, 0, 0, 0)
    words = passage.text.partition(".")[0]
    released = [CheckedSegment(f"{words}.", span, (Citation(passage, words, span),), ())]
    refused = RefusedSentence(
        "Parcels wait for twelve days.", passage, (Departure(ConflictKind.NUMBER, "twelve days", words),)
    )
    draft = Draft(refused.text, Cause.CONTRADICTED, refused)
    match message:
        case Message.ANSWER:
            return None, ()
        case Message.REPAIR:
            return draft, ()
        case Message.CORRECTION:
            return draft, released
        case Message.CONTINUATION:
            return None, released
