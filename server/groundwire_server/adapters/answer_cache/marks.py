"""What an earlier answer is known by when answers are to be forgotten."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation, OneRoute
from groundwire_server.domain.erasure import (
    EntireTenant,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    end_user_hash,
)
from groundwire_server.domain.evidence import Passage


@dataclass(frozen=True, slots=True)
class AnswerMarks:
    """What an answer is known by.

    Attributes:
        end_user: hashed; empty without one.
        documents: ids of those that it cites or shows.
        sources: their URIs.
    """

    route: str
    subject: str
    end_user: str
    documents: frozenset[str]
    sources: frozenset[str]

    @classmethod
    def of(cls, key: AnswerKey, answer: CachedAnswer) -> Self:
        """Return the marks of an answer."""
        passages = tuple(passages_of(answer))
        return cls(
            key.route,
            answer.subject,
            answer.end_user,
            frozenset(passage.document_id for passage in passages if passage.document_id),
            frozenset(passage.source_uri for passage in passages if passage.source_uri),
        )

    def selected(self, tenant: str, selection: Invalidation) -> bool:
        """Return whether the answer, which is the tenant's, is to be forgotten."""
        match selection:
            case OneDocument(document_id):
                return document_id in self.documents
            case OneSource():
                return any(map(selection.selects, self.sources))
            case OneSubject(subject):
                return subject == self.subject
            case OneEndUser(end_user_id):
                return end_user_hash(tenant, end_user_id) == self.end_user
            case OneRoute(route):
                return route == self.route
            case EntireTenant():
                return True

    def packed(self) -> bytes:
        """Return them as bytes."""
        written = [self.route, self.subject, self.end_user, sorted(self.documents), sorted(self.sources)]
        return json.dumps(written).encode()

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """Read what `packed` has written.

        Raises:
            ValueError: when another version has written it.
        """
        try:
            route, subject, end_user, documents, sources = json.loads(data)
            return cls(route, subject, end_user, frozenset(documents), frozenset(sources))
        except TypeError:
            raise ValueError("marks of another version") from None


def passages_of(answer: CachedAnswer) -> Iterator[Passage]:
    """Yield every passage whose text an answer has, or a part of it; the same may come more than once."""
    yield from answer.evidence
    for citation in (*answer.answer.citations, *answer.answer.dropped_citations):
        yield citation.passage
