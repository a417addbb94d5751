"""What a model is asked, and what comes back: text in pieces, then how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias

from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.refused import RefusedSentence
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Purpose


@dataclass(frozen=True, slots=True)
class BegunReply:
    """The beginning of a reply that stands, and what is said at its cut.

    Attributes:
        written: the beginning, as the model wrote it: a provider that keeps what it has read reads no more of it.
        correction: what was wrong with what followed, with the passage that it should rest on.
        opening: how the reply to the correction begins. A provider that can continues it; what it adds is a draft only
            together with the opening.
    """

    written: str
    correction: str
    opening: str


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """What a template says of the call of its model; None leaves it to the configuration.

    Attributes:
        temperature: the randomness of the output.
        top_p: the probability mass that tokens are drawn from.
        max_output_tokens: where the model must stop; the route's limit holds as well.
        max_tokens: the longest prompt that may be rendered.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    max_tokens: int | None = None


NO_SETTINGS: Final = PromptSettings()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt.

    Attributes:
        handles: the short names (`p1`, `p2`, …) by which the model cites, each with its passage.
        unknown: terms of the question that no document has; None where the store cannot tell.
        begun: the reply that is to be continued after its cut; None for one that is written anew.
        mark: of its fences. It is drawn anew for each request and says nothing of what is asked.
        originals: the sign that each sign of it stands in for, by its code point: what a model copies has these.
        words: its own, which no answer says again.
        prefix: how many code points of `system` other prompts begin with as well, so that a provider that keeps what it
            has read need not read them again; None for all of them.
        settings: what its template says of the call.
    """

    name: str
    version: str
    system: str
    user: str
    question: str
    handles: dict[str, Passage]
    begun: BegunReply | None = None
    unknown: frozenset[str] | None = None
    mark: str = ""
    originals: Mapping[int, str] = field(default_factory=dict)
    words: PromptWords = PromptWords()
    prefix: int | None = None
    settings: PromptSettings = NO_SETTINGS

    @property
    def system_parts(self) -> tuple[str, str]:
        """What other prompts begin with as well, and the rest of the instructions."""
        end = len(self.system) if self.prefix is None else self.prefix
        return self.system[:end], self.system[end:]


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One call of a model.

    Attributes:
        model: the alias.
        requester: on whose behalf.
        max_output_tokens: where the model must stop.
        start_by: when its first text must have come for another model still to be asked; NEVER where there is none.
        unary: whether nothing is shown before the end, and no other model waits for this one to begin.
        questions: ids of questions that the model answers with yes or no; none for an answer in segments.
        rewrites: whether the model puts the question so that it needs no earlier turns, in place of answering it.
        log_probabilities: whether the tokens come with their likeliest alternatives, where the provider has them.
    """

    model: str
    requester: Requester
    prompt: Prompt
    max_output_tokens: int
    start_by: Deadline = NEVER
    unary: bool = False
    questions: tuple[str, ...] = ()
    log_probabilities: bool = False
    rewrites: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What models consumed.

    Attributes:
        input_tokens: were read, those from a cache included.
        output_tokens: were written.
        estimated: whether the provider gave no count for part of it.
        cached_input_tokens: were read from the provider's cache.
        cost_micros: the price in millionths of the currency; 0 where no price is set.
        currency: by its code of three letters; empty where no price is set.
        cache_written_tokens: input tokens that the provider has put into its cache.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    cached_input_tokens: int = 0
    cost_micros: int = 0
    currency: str = ""
    cache_written_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.estimated or other.estimated,
            self.cached_input_tokens + other.cached_input_tokens,
            self.cost_micros + other.cost_micros,
            self.currency or other.currency,
            self.cache_written_tokens + other.cache_written_tokens,
        )


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What one model consumed for one purpose, over all attempts.

    Attributes:
        model: its alias.
    """

    model: str
    purpose: Purpose
    usage: Usage


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model wrote that could not be used, as it is shown to the model that repairs it.

    Attributes:
        cause: what is wrong with it.
        refused: the sentence that is at fault; None where it is not a sentence.
    """

    text: str
    cause: Cause
    refused: RefusedSentence | None = None


class FinishReason(Enum):
    """Why a model stopped without failing."""

    COMPLETE = auto()
    LENGTH = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token that a model wrote.

    Attributes:
        likeliest: the likeliest tokens at its place, each with the natural logarithm of its probability.
    """

    text: str
    likeliest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The last piece.

    Attributes:
        tokens: all of the output, where the request asked for log probabilities and the provider has them.
    """

    reason: FinishReason
    usage: Usage
    tokens: tuple[Token, ...] = ()


Piece: TypeAlias = str | Finish
"""A stretch of what the model writes, or its end."""
