"""Recorded questions, statements and texts that no server has to answer."""

from collections.abc import Sequence
from typing import Any

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
from groundwire_server.evaluation.items import QuestionItem, StatementItem, StatementPassage, TextItem
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedCitation,
    RecordedConflict,
    RecordedError,
    RecordedFinding,
    RecordedGuard,
    RecordedInput,
    RecordedItem,
    RecordedOutcome,
    RecordedPassage,
    RecordedQuestion,
    RecordedRun,
    RecordedSentence,
    RecordedStage,
    RecordedStatement,
    RecordedSubject,
    RecordedText,
    RecordedUsage,
    RecordingHeader,
)

HEADER = RecordingHeader(
    groundwire_recording=1,
    subject=RecordedSubject(where="server", name="127.0.0.1:50051", version="0.1.0", route="default"),
    inputs=(RecordedInput(name="questions.jsonl", kind="questions", sha256="0" * 64, items=3),),
    guards=(
        RecordedGuard(screen="question", name="injection", version="2", categories=("injection", "jailbreak")),
        RecordedGuard(screen="question", name="rivals", version="1", categories=("competitors",)),
    ),
)


def passage(chunk: str, relevance: float = 0.5, document: str = "", text: str = "words") -> RecordedPassage:
    return RecordedPassage(chunk_id=chunk, document_id=document, text=text, relevance=relevance)


def answer(text: str, confidence: Confidence | None = Confidence.HIGH, cites: Sequence[str] = ()) -> RecordedAnswer:
    return RecordedAnswer(
        text=text,
        verified=True,
        confidence=confidence,
        model_confidence=confidence,
        grounding_score=1.0,
        sentences=(RecordedSentence(text=text, verdict=Verdict.VERBATIM, support=1.0, checker="coverage"),),
        citations=tuple(RecordedCitation(chunk_id=chunk, quote=text) for chunk in cites),
    )


def outcome(given: RecordedAnswer | None, **more: Any) -> RecordedOutcome:
    """An answer, or an abstention without one; 20 ms in all."""
    return RecordedOutcome(
        result="abstained" if given is None else "answered",
        cause=Cause.INSUFFICIENT_EVIDENCE if given is None else Cause.ANSWER_VALIDATED,
        action=Action.ABSTAIN if given is None else Action.ANSWER,
        next_step=NextStep.REPHRASE if given is None else NextStep.SHOW,
        answer=given,
        usage=(RecordedUsage(model="m", purpose=Purpose.ANSWER, input_tokens=90, output_tokens=10),),
        stages=(
            RecordedStage(stage=Stage.RETRIEVE, duration_ms=5.0),
            RecordedStage(stage=Stage.GENERATE, duration_ms=12.0, attempt=1),
        ),
        first_token_ms=8.0,
        total_ms=20.0,
        **more,
    )


def question(
    name: str,
    given: RecordedAnswer | None,
    expected: Sequence[str] = (),
    *,
    passages: Sequence[RecordedPassage] = (),
    relevant: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> RecordedQuestion:
    item = QuestionItem(
        id=name, question=f"{name}?", expected=tuple(expected), relevant=tuple(relevant), slice=tuple(labels)
    )
    return RecordedQuestion(kind="question", item=item, passages=tuple(passages), outcome=outcome(given))


def failed(name: str) -> RecordedQuestion:
    item = QuestionItem(id=name, question=f"{name}?", expected=("x",))
    return RecordedQuestion(kind="question", item=item, error=RecordedError(code="UNAVAILABLE", reason="OVERLOADED"))


def statement(
    name: str,
    verdict: Verdict,
    *,
    supported: bool,
    coverage: float = 1.0,
    kind: str = "",
    labels: Sequence[str] = (),
) -> RecordedStatement:
    conflicts = (
        (RecordedConflict(kind=ConflictKind.NUMBER, words="two", passage_words="three"),)
        if verdict is Verdict.CONTRADICTED
        else ()
    )
    return RecordedStatement(
        kind="statement",
        item=StatementItem(
            id=name,
            text=f"{name}.",
            passages=(StatementPassage(id="p", text="words"),),
            supported=supported,
            kind=kind or ("true" if supported else "changed"),
            slice=tuple(labels),
        ),
        verdict=verdict,
        support=coverage,
        coverage=coverage,
        checker="rules",
        conflicts=conflicts,
    )


def text(
    name: str,
    categories: Sequence[str] = (),
    found: Sequence[str] = (),
    *,
    language: str = "",
    unavailable: Sequence[str] = (),
) -> RecordedText:
    """A question for guards; `rivals` finds `competitors`, and `injection` all else."""
    guards = [guard.name for guard in HEADER.guards if guard.name not in unavailable]
    return RecordedText(
        kind="text",
        item=TextItem(
            id=name, screen="question", text=f"{name}!", categories=tuple(categories), language=language, slice=()
        ),
        guards=tuple(guards),
        findings=tuple(
            RecordedFinding(
                guard="rivals" if category == "competitors" else "injection",
                category=category,
                action=GuardAction.BLOCK,
                rule="ignore",
            )
            for category in found
        ),
        unavailable=tuple(unavailable),
    )


def screened() -> list[RecordedText]:
    """Texts with each way to be right and wrong."""
    return [
        text("t1", ["injection"], ["injection"], language="de"),
        text("t2", ["jailbreak"], ["injection"], language="de"),
        text("t3", ["injection", "competitors"], ["competitors"]),
        text("t4", ["injection"]),
        text("t5", language="de"),
        text("t6", found=["jailbreak"]),
        text("t7", ["competitors"], unavailable=["rivals"]),
    ]


def mixed() -> RecordedRun:
    """Some of everything."""
    lines: list[RecordedItem] = [
        question(
            "right",
            answer("In Paris.", cites=("c1",)),
            ["Paris"],
            passages=[passage("c1", 0.9), passage("c2", 0.4)],
            relevant=["c1"],
            labels=["de"],
        ),
        question("wrong", answer("In Rome.", Confidence.MEDIUM, ("c2",)), ["Paris"], passages=[passage("c2", 0.6)]),
        question("lost", None, ["Paris"], passages=[passage("c1", 0.3)], relevant=["c9"], labels=["de"]),
        question("kept", None, [], passages=[passage("c3", 0.2)]),
        question("fooled", answer("In Oslo.", Confidence.HIGH, ("c4",)), [], passages=[passage("c4", 0.7)]),
        failed("broken"),
        statement("s1", Verdict.VERBATIM, supported=True),
        statement("s2", Verdict.CONSISTENT, supported=True, coverage=0.7),
        statement("s3", Verdict.CONTRADICTED, supported=False, coverage=0.9),
        statement("s4", Verdict.UNSUPPORTED, supported=False, coverage=0.3, labels=["de"]),
        statement("s5", Verdict.CONSISTENT, supported=False, coverage=0.8),
        *screened(),
    ]
    return RecordedRun.of(HEADER, lines)
