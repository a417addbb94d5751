"""Recordings of calls as files, with their texts masked where the route says so."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from groundwire_server.app.recorded_names import without_names
from groundwire_server.app.recorded_texts import exchange_texts, with_texts
from groundwire_server.app.replay import renew
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.outcomes import recorded_outcome
from groundwire_server.evaluation.recording import (
    VERSION,
    RecordedQuestion,
    RecordedSubject,
    RecordingHeader,
    written,
)
from groundwire_server.ports.exchange import RecordedExchange

_DIGEST_BYTES: Final = 4


def recording_file(exchange: RecordedExchange, mask: Callable[[str], str] | None) -> bytes:
    """Return a recording file of one question.

    Where texts are masked, nobody is named beside them either.

    Where a text is masked, the outcome is that of the masked texts: the call is replayed with them. Where that comes to
    something that nothing was recorded of, the line has the outcome that there was, and neither its text nor an
    exchange.

    Args:
        exchange: a recorded call.
        mask: returns what is kept of a text; None keeps texts and names.
    """
    subject = RecordedSubject(where="server", name="", version=exchange.server, route=exchange.policy.route)
    header = RecordingHeader(groundwire_recording=VERSION, subject=subject, inputs=())
    if mask is not None:
        exchange = without_names(exchange)
        if any(mask(text) != text for text in exchange_texts(exchange)):
            masked = with_texts(exchange, mask)
            renewed = renew(masked)
            if renewed is None:
                return (written(header) + written(_without_exchange(masked))).encode()
            exchange = renewed
    return (written(header) + written(recorded_question(exchange))).encode()


def recorded_question(exchange: RecordedExchange) -> RecordedQuestion:
    """Return a recorded call as a line of a recording, without a label: nobody has said what would be right."""
    item = QuestionItem(id=_id(exchange), question=exchange.question.text)
    return RecordedQuestion(kind="question", item=item, outcome=recorded_outcome(exchange.outcome), exchange=exchange)


def _id(exchange: RecordedExchange) -> str:
    """Return what tells a call from all others: callers may give the same request id again."""
    about = repr((exchange.outcome.report.trace_id, exchange.dates, exchange.clock)).encode()
    return f"{exchange.question.request_id}-{blake2b(about, digest_size=_DIGEST_BYTES).hexdigest()}"


def _without_exchange(exchange: RecordedExchange) -> RecordedQuestion:
    line = recorded_question(exchange)
    outcome = None if line.outcome is None else line.outcome.model_copy(update={"answer": None})
    return line.model_copy(update={"exchange": None, "outcome": outcome})
