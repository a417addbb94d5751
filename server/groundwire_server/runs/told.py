"""The events of an answer that was written as a whole, for those who want to see it as a stream."""

from collections.abc import Iterator

from groundwire_server.domain.event import Event, Started, TextDelta
from groundwire_server.domain.outcome import Answered, Degraded, Outcome
from groundwire_server.domain.vocabulary import Assurance, StreamMode


def told(outcome: Outcome) -> Iterator[Event]:
    """Yield what a stream of the answer would have held."""
    report = outcome.report
    yield Started(report.request_id, report.trace_id, report.route, StreamMode.CHECKED)
    match outcome.result:
        case Answered(answer) | Degraded(_, answer) if answer is not None:
            yield TextDelta(answer.text, Assurance.VERIFIED if answer.verified else Assurance.CHECKED)
            yield from answer.citations
        case _:
            pass
    yield outcome
