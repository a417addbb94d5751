"""Recordings: what came back for each question, statement and text, one JSON object a line after a header.

A recording holds all that measures are computed from: the same recording always gives the same result, without a
server. While questions are asked it is written line by line, so that it is also where a run that was stopped goes on.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from groundwire_server.domain.outcome import ResultName
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    Confidence,
    ConflictKind,
    GuardAction,
    NextStep,
    Purpose,
    Stage,
    Verdict,
)
from groundwire_server.evaluation.exchange import ExchangePart
from groundwire_server.evaluation.items import QuestionItem, Record, StatementItem, TextItem

VERSION: Final = 2
"""The version of the format that is written."""

READABLE: Final = (1, 2)
"""Those that are read: a recording of version 1 has no question with an exchange."""

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Milliseconds: TypeAlias = Annotated[float, Field(ge=0, le=1e12)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**63 - 1)]


class RecordedInput(Record):
    """A file that questions, statements or texts came from."""

    name: str = Field(description="Its name, without the folder.")
    kind: Literal["questions", "squad", "statements", "texts"] = Field(description="Its format.")
    sha256: str = Field(description="The SHA-256 of its text in UTF-8.")
    items: Count = Field(description="How many questions, statements or texts it holds.")


class RecordedSubject(Record):
    """What was evaluated."""

    where: Literal["server", "in process"] = Field(description="A running server, or its parts within the command.")
    name: str = Field(description="The server's address, or the name of the configuration file.")
    version: str = Field(description="The version of groundwire-server.")
    route: str = Field(description="The route that was asked.")


class RecordedGuard(Record):
    """A guard in its place on a screen."""

    screen: Literal["question", "evidence", "answer"] = Field(description="The screen.")
    name: str = Field(description="Its name in the configuration.")
    version: str = Field(description="Its version.")
    categories: tuple[str, ...] = Field(description="What it looks for, without what the route ignores.")


class RecordingHeader(Record):
    """The first line of a recording."""

    groundwire_recording: Literal[1, 2] = Field(description="The version of this format.")
    subject: RecordedSubject = Field(description="What was evaluated.")
    inputs: tuple[RecordedInput, ...] = Field(description="Where its questions, statements and texts came from.")
    guards: tuple[RecordedGuard, ...] = Field((), description="The guards of the route, where it has texts.")


class RecordedPassage(Record):
    """A passage that a search found."""

    chunk_id: str = Field(description="The passage's id.")
    document_id: str = Field("", description="The id of its document.")
    title: str = Field("", description="The document's title.")
    text: str = Field(description="The passage's text.")
    relevance: Share | None = Field(None, description="The estimated relevance, 0 to 1.")
    vector_similarity: float | None = Field(
        None, ge=-1, le=1, description="The cosine between question and passage, -1 to 1."
    )
    keyword: float | None = Field(None, ge=0, le=1e12, description="The keyword score, at least 0.")


class RecordedConflict(Record):
    """A place where a sentence departs from its evidence."""

    kind: ConflictKind = Field(description="The rule that objects.")
    words: str = Field("", description="The words of the sentence at fault.")
    passage_words: str = Field("", description="The words of the passage that says otherwise.")


class RecordedSentence(Record):
    """A sentence with its verdict."""

    text: str = Field(description="The sentence.")
    verdict: Verdict = Field(description="How it stands to its evidence.")
    support: Share = Field(description="The checker's own estimate of its support, 0 to 1.")
    citations: tuple[int, ...] = Field((), description="Those that carry the verdict, as indexes into the citations.")
    checker: str = Field("", description="Names the check that gave the verdict.")
    conflicts: tuple[RecordedConflict, ...] = Field((), description="Where it departs from its evidence.")


class RecordedCitation(Record):
    """A passage that an answer cites."""

    chunk_id: str = Field(description="The passage's id.")
    document_id: str = Field("", description="The id of its document.")
    title: str = Field("", description="The document's title.")
    quote: str = Field("", description="The words of the passage that are shown.")


class RecordedAnswer(Record):
    """An answer's text with its evidence."""

    text: str = Field(description="The text.")
    verified: bool = Field(False, description="Whether every claim is verbatim or entailed.")
    confidence: Confidence | None = Field(None, description="The service's confidence.")
    model_confidence: Confidence | None = Field(None, description="The model's own word.")
    grounding_score: Share = Field(0.0, description="The overall support, 0 to 1.")
    sentences: tuple[RecordedSentence, ...] = Field((), description="Its sentences, in order.")
    citations: tuple[RecordedCitation, ...] = Field((), description="Its citations, in order.")


class RecordedUsage(Record):
    """What one model consumed for one purpose."""

    model: str = Field(description="The model's alias.")
    purpose: Purpose = Field(description="What it was asked for.")
    input_tokens: Count = Field(0, description="Tokens that were read.")
    output_tokens: Count = Field(0, description="Tokens that were written.")
    cost_micros: Count = Field(0, description="The price, in millionths of the currency.")
    currency: str = Field("", description="The currency's code; empty where no price is configured.")


class RecordedStage(Record):
    """One run of a stage."""

    stage: Stage = Field(description="The stage.")
    duration_ms: Milliseconds = Field(description="How long it took, in milliseconds.")
    cause: Cause | None = Field(None, description="How it failed, if it did.")
    attempt: Count = Field(0, description="The attempt that it belongs to, from 1; 0 outside attempts.")


class RecordedOutcome(Record):
    """How a question ended."""

    result: ResultName = Field(description="The kind of outcome.")
    cause: Cause = Field(description="What happened.")
    action: Action = Field(description="What the service did about it.")
    next_step: NextStep = Field(description="What the caller should do.")
    answer: RecordedAnswer | None = Field(None, description="The text with its evidence; none without one.")
    model: str = Field("", description="The alias of the model that wrote the text.")
    prompt: str = Field("", description="The name and version of the prompt.")
    corpus_version: str = Field("", description="The version of the corpus that was searched.")
    trace_id: str = Field("", description="The trace of the call.")
    usage: tuple[RecordedUsage, ...] = Field((), description="What models consumed.")
    stages: tuple[RecordedStage, ...] = Field((), description="What the time went into.")
    first_token_ms: Milliseconds | None = Field(None, description="Milliseconds until the model's first output.")
    total_ms: Milliseconds = Field(0.0, description="Milliseconds until the outcome.")

    @property
    def answered(self) -> bool | None:
        """True for an answer, whether or not its text was kept; False for an abstention; None for anything else."""
        if self.answer is not None or self.result in {"answered", "cached"}:
            return True
        return False if self.result == "abstained" else None


class RecordedError(Record):
    """A call that failed."""

    code: str = Field(description="The status, such as UNAVAILABLE.")
    reason: str = Field("", description="The reason of its ErrorInfo.")


class RecordedQuestion(Record):
    """A question with what came back."""

    kind: Literal["question"] = Field(description="Tells it from a statement.")
    item: QuestionItem = Field(description="The question, and what is known of its answer.")
    passages: tuple[RecordedPassage, ...] = Field((), description="What a search alone found, best first.")
    outcome: RecordedOutcome | None = Field(None, description="How it ended; none where a call failed.")
    error: RecordedError | None = Field(None, description="The call that failed. It is made again when a run goes on.")
    exchange: ExchangePart | None = Field(
        None, description="All that the call got from outside, as `groundwire replay` needs it; none of an evaluation."
    )


class RecordedStatement(Record):
    """A statement with the verdict on it."""

    kind: Literal["statement"] = Field(description="Tells it from a question.")
    item: StatementItem = Field(description="The statement, its passages and its label.")
    verdict: Verdict = Field(description="The weakest verdict of its sentences.")
    support: Share = Field(description="The least support of its sentences, 0 to 1.")
    coverage: Share = Field(description="The share of its content words that occur in its passages: the baseline.")
    checker: str = Field(description="Names the check that gave the verdict.")
    conflicts: tuple[RecordedConflict, ...] = Field((), description="Where it departs from its passages.")


class RecordedFinding(Record):
    """Something that a guard found in a text."""

    guard: str = Field(description="The guard's name.")
    category: str = Field(description="What it is.")
    action: GuardAction = Field(description="What it would have led to.")
    rule: str = Field("", description="The guard's rule that found it, where it names one.")
    score: Share | None = Field(None, description="The probability by a model, 0 to 1; none for a rule.")


class RecordedText(Record):
    """A text with what the guards of its screen found."""

    kind: Literal["text"] = Field(description="Tells it from a question or a statement.")
    item: TextItem = Field(description="The text, and what is in it.")
    guards: tuple[str, ...] = Field(description="The guards that looked at it.")
    findings: tuple[RecordedFinding, ...] = Field((), description="What they found, in their order.")
    unavailable: tuple[str, ...] = Field(
        (), description="The guards that could not be asked. All are asked again when a run goes on."
    )


RecordedItem: TypeAlias = RecordedQuestion | RecordedStatement | RecordedText
Line: TypeAlias = Annotated[RecordedItem, Field(discriminator="kind")]
LINES: TypeAdapter[RecordedItem] = TypeAdapter(Line)


class RecordedRun(Record):
    """A recording as a whole.

    Of several lines about one question, statement or text the last counts.
    """

    header: RecordingHeader
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, header: RecordingHeader, lines: Iterable[RecordedItem]) -> "RecordedRun":
        """Return a recording without the lines that a later one replaces."""
        latest = {(line.kind, line.item.key): line for line in lines}
        return cls(header=header, lines=tuple(latest.values()))

    @property
    def questions(self) -> tuple[RecordedQuestion, ...]:
        """The questions."""
        return tuple(line for line in self.lines if isinstance(line, RecordedQuestion))

    @property
    def statements(self) -> tuple[RecordedStatement, ...]:
        """The statements."""
        return tuple(line for line in self.lines if isinstance(line, RecordedStatement))

    @property
    def texts(self) -> tuple[RecordedText, ...]:
        """The texts."""
        return tuple(line for line in self.lines if isinstance(line, RecordedText))


def written(line: Record) -> str:
    """Return one line of a recording, with its end."""
    return line.model_dump_json(exclude_defaults=True) + "\n"
