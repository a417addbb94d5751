"""Feedback, and cases that persons have judged."""

from datetime import datetime

from groundwire.v1 import feedback_service_pb2
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.feedback import AnswerFeedback
from groundwire_server.edge.convert.outcome import fill_text
from groundwire_server.edge.convert.passage import fill_passages
from groundwire_server.edge.convert.times import read_place
from groundwire_server.edge.convert.words import (
    ANSWER_FAULTS,
    FAULTS_SAID,
    LABEL_SOURCES,
    RATINGS,
    RATINGS_GIVEN,
    REVIEW_KINDS,
)
from groundwire_server.ports.feedback import FeedbackPlace, LabelledCase
from groundwire_server.review.rights import VisibleEvidence


def feedback_from_pb(
    request: feedback_service_pb2.SubmitFeedbackRequest, caller: Caller, said: datetime
) -> AnswerFeedback:
    """Return what a caller says; the message has passed validation. A fault that is named twice counts once."""
    return AnswerFeedback(
        caller.tenant,
        caller.subject,
        request.request_id,
        request.trace_id,
        request.route,
        said,
        rating=RATINGS_GIVEN.get(request.rating),
        faults=tuple(dict.fromkeys(FAULTS_SAID[fault] for fault in request.faults)),
        correction=request.correction,
        comment=request.comment,
        end_user_id=request.end_user_id,
    )


def feedback_to_pb(feedback: AnswerFeedback) -> feedback_service_pb2.Feedback:
    """Return feedback as it is listed."""
    message = feedback_service_pb2.Feedback(
        request_id=feedback.request_id,
        trace_id=feedback.trace_id,
        route=feedback.route,
        subject=feedback.subject,
        faults=[ANSWER_FAULTS[fault] for fault in feedback.faults],
        correction=feedback.correction,
        comment=feedback.comment,
        answer_kept=bool(feedback.case_id),
    )
    if feedback.rating is not None:
        message.rating = RATINGS[feedback.rating]
    message.create_time.FromDatetime(feedback.said)
    return message


def labelled_to_pb(label: LabelledCase, evidence: VisibleEvidence) -> feedback_service_pb2.LabelledCase:
    """Return a case with that of its evidence which may be seen."""
    case, report = label.case, label.case.report
    message = feedback_service_pb2.LabelledCase(
        source=LABEL_SOURCES[label.source],
        request_id=case.question.request_id,
        trace_id=report.trace_id,
        route=case.question.route,
        question=report.searched_question or case.question.searched,
        right=label.right,
        wrong_sentences=label.wrong_sentences,
        faults=[ANSWER_FAULTS[fault] for fault in label.faults],
        correction=label.correction,
        model=report.model,
        prompt_name=report.prompt_name,
        prompt_version=report.prompt_version,
    )
    fill_passages(message.passages, evidence.passages)
    if case.draft is not None:
        fill_text(message.answer, evidence.shown(case.draft))
    if label.kind is not None:
        message.kind = REVIEW_KINDS[label.kind]
    message.label_time.FromDatetime(label.labelled)
    return message


def place_to_texts(place: FeedbackPlace) -> tuple[str, str]:
    """Return where feedback stands, as a page token holds it."""
    return place.said.isoformat(), place.feedback_id


def place_from_texts(said: str, feedback_id: str) -> FeedbackPlace:
    """Return the place that `place_to_texts` has written.

    Raises:
        ValueError: for other texts.
    """
    return FeedbackPlace(*read_place(said, feedback_id))
