"""What an evaluation asks: questions, statements and texts for guards, of each of which the right result is known."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Record(BaseModel):
    """The base of what is read from and written to files: nothing in it is unknown, missing or not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


def listed(given: Any) -> Any:
    """Return a list of one where one text alone is given."""
    return [given] if isinstance(given, str) else given


Text = Annotated[str, Field(pattern=r"\S")]
"""A text that is not blank."""

Texts = Annotated[tuple[Text, ...], BeforeValidator(listed)]
"""A list of texts; one alone may be given without the list."""


class QuestionItem(Record):
    """A question, and what is known of its answer: of a recorded call nothing, unless somebody has labelled it."""

    id: str = Field("", description="Identifies the question; a hash of its text and filter if none is given.")
    question: Text = Field(description="The question.")
    expected: Texts | None = Field(
        None, description="Texts of which an answer must contain one; empty where the documents do not answer it."
    )
    answerable: bool | None = Field(
        None, description="Whether the documents answer it; else what `expected` and `relevant` say."
    )
    relevant: Texts = Field((), description="Ids of the chunks or documents that answer it.")
    relevant_texts: Texts = Field(
        (), description="Texts of which a passage that answers it contains one, where no ids are known."
    )
    slice: Texts = Field((), description="Labels of the groups that the question counts in.")
    labelled_by_outcome: bool = Field(
        False, description="Whether `answerable` says how a recorded call ended, and is nobody's label."
    )
    filter: Mapping[str, Any] | None = Field(
        None, description="Narrows the search: a Filter of the contract, as JSON in protobuf's mapping."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.answerable is False and (self.expected or self.relevant or self.relevant_texts):
            raise ValueError("`answerable` is false, and an answer or a source is given: leave one out")
        return self

    @property
    def is_labelled(self) -> bool:
        """Whether anything is known of its answer."""
        return self.expected is not None or self.answerable is not None or bool(self.relevant or self.relevant_texts)

    @property
    def is_answerable(self) -> bool:
        """Whether the documents answer it, of one that is labelled."""
        if self.answerable is not None:
            return self.answerable
        return bool(self.expected or self.relevant or self.relevant_texts)

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups that it counts in."""
        return self.slice

    @property
    def key(self) -> str:
        """What tells it from other questions."""
        narrowed = "" if self.filter is None else json.dumps(self.filter, sort_keys=True)
        return self.id or digest(self.question, narrowed)


class StatementPassage(Record):
    """A passage that a statement cites."""

    id: str = Field(description="Its id in the file.")
    title: str = Field("", description="Its title; empty without one.")
    text: Text = Field(description="Its text.")


class StatementItem(Record):
    """A statement with the passages that it cites, and whether they support it."""

    id: str = Field("", description="Identifies the statement; a hash of its text and passages if none is given.")
    text: Text = Field(description="The statement: one sentence or more.")
    passages: tuple[StatementPassage, ...] = Field(min_length=1, description="The passages that it cites.")
    supported: bool = Field(description="Whether they support all of it.")
    kind: Text = Field(description="How it was made, such as `negation inserted`; error rates are given by kind.")
    slice: Texts = Field((), description="Labels of the groups that the statement counts in.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups that it counts in."""
        return self.slice

    @property
    def key(self) -> str:
        """What tells it from other statements."""
        return self.id or digest(self.text, *(passage.text for passage in self.passages))


TEXT_LIMIT = 32_768
"""Characters of a text for guards: passages and questions of a call are shorter."""


class TextItem(Record):
    """A text for the guards of a screen, and what is in it that they look for."""

    id: str = Field("", description="Identifies the text; a hash of its screen and text if none is given.")
    screen: Literal["question", "evidence", "answer"] = Field(description="Whose guards look at it.")
    text: Annotated[Text, Field(max_length=TEXT_LIMIT)] = Field(
        description="The text: a question, a passage, or an answer."
    )
    categories: Texts = Field(description="The categories of what is in it; empty for an ordinary text.")
    language: str = Field("", description="The code of its language, such as `de`; its texts are a slice.")
    slice: Texts = Field((), description="Labels of the further groups that the text counts in.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups that it counts in: those of its screen and its language, and its own."""
        return tuple(dict.fromkeys(each for each in (self.screen, self.language, *self.slice) if each))

    @property
    def key(self) -> str:
        """What tells it from other texts."""
        return self.id or digest(self.screen, self.text)


def digest(*parts: str) -> str:
    """Return a short hash of texts, which may hold lone surrogates."""
    hashed = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8, "big"))
        hashed.update(encoded)
    return hashed.hexdigest()[:16]
