"""Validating the whole answer, once its segments have been checked one by one."""

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.stage import ComputedStage
from groundwire_server.telemetry import names


def validate(
    gate: ReleaseGate, draft: DraftReader, continued: int, policy: Policy, stage: ComputedStage
) -> GroundedText:
    """Return the whole answer; its confidence is the least of those who wrote it.

    Args:
        gate: holds the segments that passed their checks.
        draft: what the last model wrote.
        continued: how many of the segments stood before it, and were continued by it.
        policy: the route's.
        stage: the stage that this runs in.

    Raises:
        Failure: MODEL_ABSTAINED, CONFIDENCE_NOT_ALLOWED, QUOTE_NOT_FOUND, or UNSUPPORTED where nothing is claimed.
    """
    segments = gate.released
    if not segments:
        raise Failure(gate.left_out[0] if gate.left_out else Cause.MODEL_ABSTAINED)
    if continued and len(segments) == continued and draft.confidence is Confidence.LOW:
        # A model that adds nothing says that nothing is missing, unless it finds no answer in the passages.
        raise Failure(Cause.MODEL_ABSTAINED)
    confidence = None if draft.confidence is None else draft.confidence.and_(gate.confidence)
    answer = GroundedText.of(segments, confidence, gate.left_out)
    # What nobody has proven is not sure, whatever its author says.
    stated = confidence if confidence is None or answer.verified else confidence.and_(Confidence.MEDIUM)
    if stated not in policy.allowed_confidence:
        raise Failure(Cause.CONFIDENCE_NOT_ALLOWED)
    if not all(citation.masked or citation.quote in citation.passage.text for citation in answer.citations):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    if answer.weakest_verdict is None:
        raise Failure(Cause.UNSUPPORTED)
    stage.note(
        {
            names.GROUNDING: answer.grounding_score,
            names.CITATIONS: len(answer.citations),
        }
    )
    return answer
