"""Checks of callers' own texts."""

from groundwire.v1.grounding_service_pb2 import CheckGroundingResponse
from groundwire_server.domain.grounding import GroundedSentence, GroundingSummary
from groundwire_server.edge.convert.outcome import fill_citation, fill_report, fill_sentence
from groundwire_server.edge.convert.words import VERDICTS


def sentence_to_pb(sequence: int, sentence: GroundedSentence) -> CheckGroundingResponse:
    """Write a sentence in its place."""
    message = CheckGroundingResponse(sequence=sequence)
    fill_sentence(message.sentence.sentence, sentence.sentence)
    for citation in sentence.citations:
        fill_citation(message.sentence.citations.add(), citation)
    return message


def summary_to_pb(sequence: int, summary: GroundingSummary) -> CheckGroundingResponse:
    """Write the summary in its place."""
    message = CheckGroundingResponse(sequence=sequence)
    message.summary.verified = summary.verified
    if summary.weakest_verdict is not None:
        message.summary.weakest_verdict = VERDICTS[summary.weakest_verdict]
    message.summary.grounding_score = summary.grounding_score
    fill_report(message.summary.report, summary.report)
    return message
