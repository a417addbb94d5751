"""Cases: answers of a model that is not there, with the passage that they cite."""

from dataclasses import replace
from datetime import UTC, datetime

from groundwire_server.domain.answer import CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.case import Case
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Confidence, Verdict

ASKED = datetime(2026, 11, 27, 12, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

HOURS = Passage(
    "hours.md#0", "The front desk opens at six.", "hours.md", "Hours", revision=1, allowed_principals=frozenset({"*"})
)


def grounded(*sentences: str, verdict: Verdict = Verdict.ENTAILED, passage: Passage = HOURS) -> GroundedText:
    """Return a text of sentences that each cite the passage."""
    text = " ".join(sentences)
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Span.within(text, start, start + len(sentence)))
        start += len(sentence) + 1
    return GroundedText(
        text,
        Confidence.HIGH,
        tuple(Citation(passage, passage.text, span) for span in spans),
        tuple(CheckedSentence(span, verdict, 0.9, (number,), "rules") for number, span in enumerate(spans)),
        0.9,
        confidence=Confidence.HIGH,
        probability=0.9,
    )


def answered_case(
    request_id: str = "request-1",
    *,
    tenant: str = "acme",
    subject: str = "ann",
    route: str = "default",
    text: str = "When does the desk open?",
    draft: GroundedText | None = None,
    trace_id: str = TRACE,
    end_user_id: str = "",
) -> Case:
    """Return a case whose draft has one sentence, unless another is given."""
    return Case(
        tenant,
        subject,
        Question(route, text, request_id, end_user_id=end_user_id),
        (HOURS,),
        draft or grounded("It opens at six."),
        True,
        Report(request_id=request_id, trace_id=trace_id, route=route, model="small", prompt_name="grounded"),
        ASKED,
    )


def unanswered_case(request_id: str = "request-1", **given: str) -> Case:
    """Return a case that has no draft."""
    return replace(answered_case(request_id, **given), draft=None)  # type: ignore[arg-type]
