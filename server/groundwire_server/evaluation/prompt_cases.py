"""Cases for prompts: a question over passages, and what must come of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from groundwire_server.domain.outcome import ResultName
from groundwire_server.domain.vocabulary import Cause, Confidence, Verdict
from groundwire_server.evaluation.inputs.parsing import checked, text_from, yaml_of
from groundwire_server.evaluation.items import Record, Text, Texts, listed
from groundwire_server.evaluation.recording import RecordedOutcome

_ADVICE: Final = "`groundwire prompts test --init FILE` writes an example"

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]


class CasePassage(Record):
    """A passage that a case gives the prompt."""

    id: str = Field(pattern="^[!-~]{1,256}$", description="Names it in citations.")
    title: str = Field("", max_length=512, description="The title of its document.")
    text: Annotated[Text, Field(max_length=32_768)] = Field(description="Its text.")


class CaseTurn(Record):
    """An earlier turn of the conversation: exactly one of the two."""

    user: Text | None = Field(None, description="What the person has said.")
    assistant: Text | None = Field(None, description="What was answered.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.user is None) is (self.assistant is None):
            raise ValueError("a turn is of the `user` or of the `assistant`: give one")
        return self


class ExpectedOutcome(Record):
    """What must hold of an outcome; what is left out is not looked at."""

    result: Annotated[tuple[ResultName, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Kinds of outcome, one of which it must be."
    )
    cause: Annotated[tuple[Cause, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Causes, one of which it must have."
    )
    verdicts: Annotated[tuple[Verdict, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Verdicts, one of which each sentence must have."
    )
    confidence: Annotated[tuple[Confidence, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Words of confidence, one of which it must have."
    )
    verified: bool | None = Field(None, description="Whether every claim must be verbatim or entailed.")
    contains: Texts = Field((), description="Texts that the answer must contain, all of them, in any case.")
    contains_one_of: Texts = Field((), description="Texts of which it must contain one.")
    not_contains: Texts = Field((), description="Texts that it must not contain.")
    cites: Texts = Field((), description="Ids of passages that it must cite, all of them.")
    not_cites: Texts = Field((), description="Ids of passages that it must not cite.")

    def faults(self, outcome: RecordedOutcome) -> Iterator[str]:
        """Yield what does not hold of an outcome, one line each."""
        yield from _among("result", outcome.result, self.result)
        yield from _among("cause", outcome.cause, self.cause)
        answer = outcome.answer
        yield from _among("confidence", "none" if answer is None else answer.confidence or "none", self.confidence)
        if self.verified is not None and self.verified is not (answer is not None and answer.verified):
            yield f"the answer is {'not ' if self.verified else ''}verified"
        if self.verdicts is not None and answer is not None:
            for sentence in answer.sentences:
                if sentence.verdict not in self.verdicts:
                    yield f"a sentence is {sentence.verdict}, not {_or(self.verdicts)}: “{sentence.text}”"
        text = "" if answer is None else answer.text.casefold()
        yield from (f"the answer lacks “{each}”" for each in self.contains if each.casefold() not in text)
        yield from (f"the answer has “{each}”" for each in self.not_contains if each.casefold() in text)
        if self.contains_one_of and not any(each.casefold() in text for each in self.contains_one_of):
            yield f"the answer has none of {', '.join(f'“{each}”' for each in self.contains_one_of)}"
        cited = set() if answer is None else {each.chunk_id for each in answer.citations}
        yield from (f"{each} is not cited" for each in self.cites if each not in cited)
        yield from (f"{each} is cited" for each in self.not_cites if each in cited)


class PromptCase(Record):
    """A question over passages, and what must come of it."""

    name: Text = Field(description="Names the case in reports.")
    question: Annotated[Text, Field(max_length=4096)] = Field(description="The question.")
    turns: tuple[CaseTurn, ...] = Field((), max_length=16, description="Earlier turns, the oldest first.")
    passages: tuple[CasePassage, ...] = Field(
        min_length=1, max_length=64, description="The passages, as a search would have found them."
    )
    context: dict[Name, Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict, max_length=16, description="Values of the caller, by name."
    )
    route: str = Field("", description="The route that is asked; that of the file if unset.")
    expect: ExpectedOutcome = Field(description="What must hold of the outcome.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if not any(value not in (None, ()) for _, value in self.expect):
            raise ValueError("`expect` says nothing: name what must hold")
        known = {passage.id for passage in self.passages}
        if unknown := next((each for each in (*self.expect.cites, *self.expect.not_cites) if each not in known), None):
            raise ValueError(f"`expect` names the passage {unknown}, which the case does not have: correct it")
        repeated = [each for each, count in Counter(passage.id for passage in self.passages).items() if count > 1]
        if repeated:
            raise ValueError(f"two passages have the id {repeated[0]}: give each its own")
        return self


class PromptCases(Record):
    """A file of cases."""

    route: str = Field("default", description="The route that is asked, unless a case says otherwise.")
    cases: tuple[PromptCase, ...] = Field(min_length=1, max_length=10_000, description="The cases.")

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        repeated = [each for each, count in Counter(case.name for case in self.cases).items() if count > 1]
        if repeated:
            raise ValueError(f"two cases have the name {repeated[0]!r}: give each its own")
        return self


def read_cases(file: Path) -> PromptCases:
    """Read a file of cases.

    Raises:
        SetupError: when it is none; the message says where and why.
    """
    read, lines = yaml_of(file, text_from(file), _ADVICE)
    return checked(PromptCases, read, str(file), _ADVICE, lines)


def _among(what: str, found: str, allowed: tuple[str, ...] | None) -> Iterator[str]:
    if allowed is not None and found not in allowed:
        yield f"{what} is {found}, not {_or(allowed)}"


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(map(str, words))
