"""A sentence that may not leave, as it is shown to the model that repairs it."""

from dataclasses import dataclass

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, ConflictKind


@dataclass(frozen=True, slots=True)
class Departure:
    """A place where the sentence departs from a passage.

    Attributes:
        kind: the rule that objects.
        said: the words of the sentence.
        passage_words: the words of the passage, verbatim; empty when no passage says anything about it.
    """

    kind: ConflictKind
    said: str
    passage_words: str = ""


@dataclass(frozen=True, slots=True)
class RefusedSentence:
    """What is wrong with a sentence.

    Attributes:
        text: the sentence, or a whole segment whose citations cannot be used.
        passage: the one that it should rest on: that which says otherwise, or else that which shares most with it;
            None where none shares a word.
        departures: where it departs from its passages.
    """

    text: str
    passage: Passage | None = None
    departures: tuple[Departure, ...] = ()


class SentenceFailure(Failure):
    """A sentence may not leave.

    Attributes:
        sentence: what is wrong with it.
    """

    def __init__(self, cause: Cause, sentence: RefusedSentence) -> None:
        super().__init__(cause)
        self.sentence = sentence
