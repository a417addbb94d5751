"""Cases that the suite of reviews opens."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from groundwire_server.domain.answer import CheckedSentence, Citation, Conflict, GroundedText, MaskedSpan, Span
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp
from groundwire_server.domain.case import AnswerPlace, Case
from groundwire_server.domain.document import Place
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, IsNull, Not, Range
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.guards.finding import Flag, GuardIdentity
from groundwire_server.domain.outcome import ModelAttempt, ModelIdentity, RatedPassage, Report, StageTiming
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.vocabulary import (
    Action,
    CacheResult,
    Cause,
    Confidence,
    ConflictKind,
    GuardAction,
    Purpose,
    Rewriting,
    Screen,
    Stage,
    Verdict,
)

ASKED = datetime(2026, 11, 27, 11, 59, tzinfo=UTC)

HANDBOOK = Passage(
    "handbook#1",
    "Das Büro öffnet um acht. 🕗",
    "handbook",
    title="Handbuch",
    source_uri="file:///hr/handbook.md",
    ordinal=1,
    revision=3,
    metadata={"city": "Berlin", "floor": 2.0, "public": True, "tags": ("a", "b"), "odd": float("inf")},
    allowed_principals=frozenset({"staff", "berlin"}),
    scores=Scores(vector_similarity=0.5, relevance=0.9),
    place=Place(),
    flags=("EMAIL",),
    trusted=False,
)
MEMO = Passage("memo#0", "The office opens at nine.", "memo", allowed_principals=frozenset({"board"}))
OWN = Passage("p1", "Mine.")


def draft(text: str = "Das Büro öffnet um acht.") -> GroundedText:
    """A text with all that a text may have."""
    span = Span.within(text, 0, len(text))
    conflict = Conflict(ConflictKind.NUMBER, span, "memo#0", "nine")
    return GroundedText(
        text,
        Confidence.MEDIUM,
        (Citation(HANDBOOK, "öffnet um acht", span), Citation(MEMO, "opens at nine", span, added=True)),
        (CheckedSentence(span, Verdict.CONTRADICTED, 0.25, (0, 1), "rules", (conflict,)),),
        0.25,
        dropped_citations=(Citation(OWN, "Mine.", span),),
        confidence=Confidence.LOW,
        probability=0.125,
        left_out=(Cause.UNSUPPORTED,),
        masks=(MaskedSpan(span, "EMAIL"),),
    )


def case(request_id: str = "request-1", tenant: str = "acme", subject: str = "ann", **changes: Any) -> Case:
    """A case with all that a case may have."""
    condition = AllOf((Equals("city", "Berlin"), AnyOf((IsNull("x"), Not(Range("floor", at_least=1.0)))), Range("y")))
    question = Question(
        "default",
        f"Wann öffnet das Büro? {request_id}",
        request_id,
        turns=(Turn(by_user=True, text="Hallo."),),
        filter=AllOf((condition, Contains("tags", ("a",)), Equals("public", True))),
        provided=(OWN,),
        end_user_id="visitor-1",
        standalone="Wann öffnet das Büro?",
        unknown=frozenset({"büro"}),
    )
    flag = Flag(Screen.EVIDENCE, GuardIdentity("secrets", "1"), "EMAIL", GuardAction.FLAG)
    report = Report(
        request_id=request_id,
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        route="default",
        corpus_version="v7",
        model="small",
        found=3,
        best_relevance=0.9,
        passages=(RatedPassage("handbook#1", 0.9),),
        attempts=(ModelAttempt("small", ModelIdentity("openai", "small-1"), Action.ANSWER, Cause.CONTRADICTED),),
        usage=(ModelUsage("small", Purpose.ANSWER, Usage(10, 5, cost_micros=7)),),
        stages=(StageTiming(Stage.RETRIEVE, 0.0, 0.1, 1.0),),
        judged={Verdict.CONTRADICTED: 1},
        conflicts={ConflictKind.NUMBER: 1},
        rewriting=Rewriting.RULES,
        flags={flag: 2},
        cache=CacheResult.MISS,
    )
    place = AnswerPlace(AnswerKey(tenant, "default", b"\x00\xff"), AnswerStamp(b"stamp\x80", "v7"))
    made = Case(tenant, subject, question, (HANDBOOK, MEMO, OWN), draft(), False, report, ASKED, place)
    return replace(made, **changes)
