"""Events of a stream."""

from groundwire.v1 import event_pb2
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.answer import Citation
from groundwire_server.domain.event import Heartbeat, Numbered, Retraction, Started, TextDelta
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.outcome import Outcome
from groundwire_server.edge.convert.outcome import citation_to_pb, outcome_to_pb
from groundwire_server.edge.convert.passage import passages_to_pb
from groundwire_server.edge.convert.words import ASSURANCES, CAUSES, STREAM_MODES


def event_to_pb(numbered: Numbered) -> StreamAnswerResponse:
    """Write one event in its place."""
    event, sequence = numbered.event, numbered.sequence
    match event:
        case Started(request_id, trace_id, route, mode):
            started = event_pb2.Started(request_id=request_id, trace_id=trace_id, route=route, mode=STREAM_MODES[mode])
            return StreamAnswerResponse(sequence=sequence, started=started)
        case Evidence(passages, corpus_version):
            evidence = event_pb2.Evidence(passages=passages_to_pb(passages), corpus_version=corpus_version)
            return StreamAnswerResponse(sequence=sequence, evidence=evidence)
        case TextDelta(text, assurance):
            delta = event_pb2.TextDelta(text=text, assurance=ASSURANCES[assurance])
            return StreamAnswerResponse(sequence=sequence, text_delta=delta)
        case Citation():
            return StreamAnswerResponse(sequence=sequence, citation=citation_to_pb(event))
        case Retraction(cause):
            retraction = event_pb2.Retraction(from_sequence=numbered.first_retractable, cause=CAUSES[cause])
            return StreamAnswerResponse(sequence=sequence, retraction=retraction)
        case Heartbeat():
            return StreamAnswerResponse(sequence=sequence, heartbeat=event_pb2.Heartbeat())
        case Outcome():
            return StreamAnswerResponse(sequence=sequence, outcome=outcome_to_pb(event))
