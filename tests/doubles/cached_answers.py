"""Earlier answers for tests."""

from dataclasses import replace
from typing import Any

from groundwire_server.domain.answer import CheckedSentence, Citation, Conflict, GroundedText, MaskedSpan, Span
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp, CachedAnswer
from groundwire_server.domain.document import PassageKind, Place
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.vocabulary import Cause, Confidence, ConflictKind, Verdict


def key(name: str = "question", *, tenant: str = "acme", route: str = "default") -> AnswerKey:
    """The key of an answer; the same name has the same digest for every tenant and route."""
    return AnswerKey(tenant, route, name.encode())


def passage(document_id: str = "post", *, text: str = "Parcels wait in the mail room.", **changes: Any) -> Passage:
    """A passage of a document."""
    made = Passage(
        f"{document_id}/0",
        text,
        document_id,
        "Post",
        f"https://intranet.example/{document_id}",
        3,
        7,
        {"team": "mail", "floor": 1.0, "open": True, "tags": ("a", "b")},
        frozenset({"staff", "alice"}),
        Scores(0.9, 1.5, 0.8, 0.7, None),
        Place(("Office", "Post"), 2, PassageKind.LIST, 1),
        flags=("personal",),
    )
    return replace(made, **changes)


def cached(text: str = "Parcels wait in the mail room.", *passages: Passage, **changes: Any) -> CachedAnswer:
    """An answer that cites the first passage and has all of them as evidence."""
    evidence = passages or (passage(),)
    whole = Span.within(text, 0, len(text))
    conflict = Conflict(ConflictKind.NUMBER, whole, "post/0", "mail room")
    grounded = GroundedText(
        text,
        Confidence.HIGH,
        (Citation(evidence[0], evidence[0].text[:20], whole, added=True, masked=True),),
        (CheckedSentence(whole, Verdict.VERBATIM, 0.75, (0,), "rules", (conflict,)),),
        0.75,
        (Citation(evidence[-1], "mail", whole),),
        Confidence.MEDIUM,
        0.625,
        (Cause.UNSUPPORTED,),
        (MaskedSpan(whole, "email"),),
    )
    return replace(
        CachedAnswer(grounded, AnswerStamp(b"\x00\xffstamp", "v1"), 1_795_651_200.25, evidence, "alice", "ab12"),
        **changes,
    )
