"""Events of a stream."""

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.answer import Citation
from groundwire_server.domain.event import NumberedEvent, Retraction, Started, TextDelta
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.outcome import Outcome
from groundwire_server.edge.convert.outcome import fill_citation, fill_outcome
from groundwire_server.edge.convert.passage import fill_passages
from groundwire_server.edge.convert.words import ASSURANCES, CAUSES, STREAM_MODES


def event_to_pb(numbered: NumberedEvent) -> StreamAnswerResponse:
    """Write one event in its place."""
    message = StreamAnswerResponse(sequence=numbered.sequence)
    match numbered.event:
        case TextDelta(text, assurance):
            message.text_delta.text = text
            message.text_delta.assurance = ASSURANCES[assurance]
        case Citation() as citation:
            fill_citation(message.citation, citation)
        case Evidence(passages, corpus_version):
            message.evidence.corpus_version = corpus_version
            fill_passages(message.evidence.passages, passages)
        case Outcome() as outcome:
            fill_outcome(message.outcome, outcome)
        case Started(request_id, trace_id, route, mode):
            started = message.started
            started.request_id, started.trace_id = request_id, trace_id
            started.route, started.mode = route, STREAM_MODES[mode]
        case Retraction(cause):
            message.retraction.from_sequence = numbered.first_retracted
            message.retraction.cause = CAUSES[cause]
    return message
