"""The contract's question, from what a chain passes on."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, convert_to_messages

from groundwire import ProvidedPassage, Question
from groundwire.v1.question_pb2 import Turn

KEYS = frozenset({"question", "context", "history"})
TURNS = 16
"""The most earlier turns that the contract allows."""


def question_of(given: str | Mapping[str, Any]) -> tuple[Question, list[ProvidedPassage] | None]:
    """Return the question with its earlier turns, and the caller's own passages.

    Args:
        given: the text, or a mapping with ``question``, ``context`` (documents, in place of a search) and ``history``
            (messages, oldest first, of which the last 16 by a person or a model are sent).

    Raises:
        ValueError: for a mapping without a question, with another key, or with values in place of documents.
    """
    if isinstance(given, str):
        return Question(text=given), None
    if "question" not in given or not given.keys() <= KEYS:
        unknown = ", ".join(sorted(map(repr, given.keys() - KEYS)))
        said = f", not {unknown}" if unknown else ""
        raise ValueError(
            f"a question is a text, or has the keys 'question', 'context' and 'history'{said}; "
            "options such as 'end_user_id' are arguments of the call"
        )
    context = given.get("context")
    if isinstance(context, Mapping):
        raise ValueError(
            "'context' of a question has documents; give values by the option of that name: "
            "answerer.invoke(question, context={'plan': 'pro'})"
        )
    passages = None if context is None else [_passage(place, each) for place, each in enumerate(context, 1)]
    return Question(text=given["question"], turns=_turns(given.get("history") or ())), passages


def _passage(place: int, document: Document) -> ProvidedPassage:
    """Return a document as a passage; without an id its place, from 1, names it in citations."""
    metadata = document.metadata
    return ProvidedPassage(
        passage_id=document.id or str(place),
        title=str(metadata.get("title", "")),
        source_uri=str(metadata.get("source_uri", metadata.get("source", ""))),
        text=document.page_content,
    )


def _turns(history: Sequence[Any]) -> list[Turn]:
    turns = []
    for message in convert_to_messages(history):
        text = str(message.text)
        if isinstance(message, HumanMessage) and text:
            turns.append(Turn(role=Turn.ROLE_USER, text=text))
        elif isinstance(message, AIMessage) and text:
            turns.append(Turn(role=Turn.ROLE_ASSISTANT, text=text))
    return turns[-TURNS:]
