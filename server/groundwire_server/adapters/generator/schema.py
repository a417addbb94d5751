"""The forms that models write in, as providers take them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from groundwire_server.domain.generation import GenerationRequest


@dataclass(frozen=True, slots=True)
class Form:
    """A form, named and described as a tool is.

    Attributes:
        schema: the same for every question, or for as many of them, so that a provider compiles it once; no keyword
            that a strict mode refuses.
    """

    name: str
    description: str
    schema: Mapping[str, Any]


def _object(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


_TEXT: Final = {"type": "string"}

ANSWER: Final = Form(
    "grounded_answer",
    "Answer from the passages, in segments that cite them.",
    # Providers write the keys in this order: a segment may leave once its confidence is known.
    _object(
        confidence={"type": "string", "enum": ["low", "medium", "high"]},
        segments=_array(_object(text=_TEXT, cites=_array(_TEXT))),
    ),
)
"""The form of an answer."""


REWRITING: Final = Form(
    "standalone_question",
    "Put the question so that it needs no earlier turns.",
    _object(question=_TEXT),
)
"""The form of a question that was rewritten."""


def form_of(request: GenerationRequest) -> Form:
    """Return the form that a request is answered in."""
    if request.questions:
        return judgement(request.questions)
    return REWRITING if request.rewrites else ANSWER


def judgement(questions: Sequence[str]) -> Form:
    """Return the form of a yes or no for each question: no model that is held to it leaves one out."""
    answers = {question: {"type": "string", "enum": ["yes", "no"]} for question in questions}
    return Form("judgement", "Answer each question with yes or no.", _object(**answers))


class Output(StrEnum):
    """How a provider is held to a form. Whatever it is, what comes back is validated."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TOOL = "tool"
    PROMPT = "prompt"
