"""Earlier answers as bytes.

All of an answer is kept, unlike in the contract's messages: access lists and revisions of passages say whether it may
be shown again. A passage stands there once, whatever cites it.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict

from groundwire_server.adapters.answer_cache.marks import passages_of
from groundwire_server.domain.answer import Citation, GroundedText
from groundwire_server.domain.cached_answer import AnswerStamp, CachedAnswer
from groundwire_server.domain.evidence import Passage


class _Stored(BaseModel):
    """An answer whose citations have, in place of a passage, one whose ordinal is a place in `passages`."""

    # A number that is none, or without bound, is one of a document's metadata or of a checker's.
    model_config = ConfigDict(ser_json_inf_nan="constants")

    name: str
    answer: GroundedText
    passages: tuple[Passage, ...]
    evidence: tuple[int, ...]
    stamp: str
    corpus_version: str
    validated: float
    subject: str
    end_user: str


def shape() -> str:
    """Return what stands for the fields and words that make up an answer in this version, in hexadecimal."""
    return blake2b(json.dumps(_Stored.model_json_schema(), sort_keys=True).encode(), digest_size=6).hexdigest()


def encoded(answer: CachedAnswer, name: str) -> bytes:
    """Return an answer as bytes.

    Args:
        answer: to keep.
        name: that it is kept under, with which it is read again.

    Raises:
        ValueError: for a text that no bytes stand for.
    """
    places: dict[int, int] = {}
    passages: list[Passage] = []
    for passage in passages_of(answer):
        if id(passage) not in places:
            places[id(passage)] = len(passages)
            passages.append(passage)

    def placed(citations: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(replace(each, passage=Passage("", "", ordinal=places[id(each.passage)])) for each in citations)

    grounded = answer.answer
    stored = _Stored.model_construct(
        name=name,
        answer=replace(
            grounded,
            citations=placed(grounded.citations),
            dropped_citations=placed(grounded.dropped_citations),
        ),
        passages=tuple(passages),
        evidence=tuple(places[id(passage)] for passage in answer.evidence),
        stamp=answer.stamp.digest.hex(),
        corpus_version=answer.stamp.corpus_version,
        validated=answer.validated,
        subject=answer.subject,
        end_user=answer.end_user,
    )
    return stored.model_dump_json(exclude_defaults=True).encode()


def decoded(data: bytes, name: str) -> CachedAnswer:
    """Read an answer that `encoded` has written under a name.

    Raises:
        ValueError: when another version has written it, or it is kept under another name: what stands in the wrong
            place, or came as the reply to another command, may be another tenant's.
    """
    stored = _Stored.model_validate_json(data)
    if stored.name != name:
        raise ValueError("the answer of another name")

    def passage_at(place: int) -> Passage:
        if not 0 <= place < len(stored.passages):
            raise ValueError("no such passage")
        return stored.passages[place]

    def whole(citations: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(replace(each, passage=passage_at(each.passage.ordinal)) for each in citations)

    return CachedAnswer(
        replace(
            stored.answer,
            citations=whole(stored.answer.citations),
            dropped_citations=whole(stored.answer.dropped_citations),
        ),
        AnswerStamp(bytes.fromhex(stored.stamp), stored.corpus_version),
        stored.validated,
        tuple(map(passage_at, stored.evidence)),
        stored.subject,
        stored.end_user,
    )
