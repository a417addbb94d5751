"""Cases, and texts of reviewers, as bytes.

All of a case is kept, unlike in the contract's messages: access lists say which reviewer may see a passage. A passage
stands there once, whatever cites it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from groundwire_server.adapters.records.cases.filters import filter_as_json, filter_of
from groundwire_server.domain.answer import Citation, GroundedText
from groundwire_server.domain.case import Case
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.guards.finding import Flag


class _StoredTexts(BaseModel):
    # A number that is none, or without bound, is one of a document's metadata or of a checker's. A field that this
    # version does not know is not left out in silence.
    model_config = ConfigDict(
        ser_json_inf_nan="constants", ser_json_bytes="base64", val_json_bytes="base64", extra="forbid"
    )

    passages: tuple[Passage, ...] = ()


_Stored = TypeVar("_Stored", bound=_StoredTexts)


class _StoredCase(_StoredTexts):
    """A case whose citations have, in place of a passage, one whose ordinal is a place in `passages`."""

    case: Case
    evidence: tuple[int, ...] = ()
    provided: tuple[int, ...] = ()
    filter: dict[str, Any] | None = None
    flags: tuple[tuple[Flag, int], ...] = ()


class _StoredVerdict(_StoredTexts):
    """The text and the note of a reviewer, with citations as in a case."""

    text: GroundedText | None = None
    note: str = ""


@dataclass(slots=True)
class _Places:
    """Passages that are written, each once."""

    passages: list[Passage] = field(default_factory=list)

    def of(self, passages: Iterable[Passage]) -> tuple[int, ...]:
        """Return where passages stand, and place those that are new."""
        return tuple(map(self._place, passages))

    def placed(self, text: GroundedText | None) -> GroundedText | None:
        """Return a text whose citations name the places of their passages."""
        if text is None:
            return None
        return replace(
            text, citations=self._citations(text.citations), dropped_citations=self._citations(text.dropped_citations)
        )

    def _citations(self, citations: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(replace(each, passage=Passage("", "", ordinal=self._place(each.passage))) for each in citations)

    def _place(self, passage: Passage) -> int:
        for place, known in enumerate(self.passages):
            if known is passage or (known.chunk_id == passage.chunk_id and known == passage):
                return place
        self.passages.append(passage)
        return len(self.passages) - 1


def encoded_case(case: Case) -> bytes:
    """Return a case as bytes.

    Raises:
        ValueError: for a text that no bytes stand for.
    """
    places = _Places()
    question, report = case.question, case.report
    stored = _StoredCase.model_construct(
        evidence=places.of(case.evidence),
        provided=places.of(question.provided),
        filter=None if question.filter is None else filter_as_json(question.filter),
        flags=tuple(report.flags.items()),
        case=replace(
            case,
            question=replace(question, provided=(), filter=None),
            evidence=(),
            draft=places.placed(case.draft),
            report=replace(report, flags={}),
        ),
        passages=tuple(places.passages),
    )
    return _written(stored)


def decoded_case(data: bytes) -> Case:
    """Read a case that `encoded_case` has written.

    Raises:
        ValueError: when another version has written it.
    """
    stored = _read(_StoredCase, data)
    case = stored.case
    condition = None if stored.filter is None else filter_of(stored.filter)
    return replace(
        case,
        question=replace(case.question, provided=_at(stored, stored.provided), filter=condition),
        evidence=_at(stored, stored.evidence),
        draft=_whole(stored, case.draft),
        report=replace(case.report, flags=dict(stored.flags)),
    )


def encoded_verdict(text: GroundedText | None, note: str) -> bytes:
    """Return the text and the note of a reviewer as bytes."""
    places = _Places()
    placed = places.placed(text)
    return _written(_StoredVerdict.model_construct(text=placed, note=note, passages=tuple(places.passages)))


def decoded_verdict(data: bytes) -> tuple[GroundedText | None, str]:
    """Read what `encoded_verdict` has written.

    Raises:
        ValueError: when another version has written it.
    """
    stored = _read(_StoredVerdict, data)
    return _whole(stored, stored.text), stored.note


def _written(stored: _StoredTexts) -> bytes:
    return stored.model_dump_json(exclude_defaults=True).encode()


def _read(kind: type[_Stored], data: bytes) -> _Stored:
    return kind.model_validate_json(data)


def _whole(stored: _StoredTexts, text: GroundedText | None) -> GroundedText | None:
    if text is None:
        return None

    def whole(citations: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(replace(each, passage=_at(stored, (each.passage.ordinal,))[0]) for each in citations)

    return replace(text, citations=whole(text.citations), dropped_citations=whole(text.dropped_citations))


def _at(stored: _StoredTexts, places: Sequence[int]) -> tuple[Passage, ...]:
    if not all(0 <= place < len(stored.passages) for place in places):
        raise ValueError("no such passage")
    return tuple(stored.passages[place] for place in places)
