"""Reviews."""

from groundwire.v1 import review_pb2, review_service_pb2
from groundwire_server.domain.review import Review
from groundwire_server.edge.convert.outcome import fill_text
from groundwire_server.edge.convert.passage import fill_passages
from groundwire_server.edge.convert.question import fill_question
from groundwire_server.edge.convert.times import fill_time, read_place
from groundwire_server.edge.convert.words import (
    ANSWER_FAULTS,
    CAUSES,
    REVIEW_KINDS,
    REVIEW_STATES,
    REVIEW_TRIGGERS,
    VERDICTS,
)
from groundwire_server.ports.reviews import OpenedReview, ReviewPlace, ReviewSelection, SampleCount
from groundwire_server.review.edits import Remarks
from groundwire_server.review.reading import ShownReview
from groundwire_server.review.rights import WITHHELD

_STATES = {number: word for word, number in REVIEW_STATES.items()}
_KINDS = {number: word for word, number in REVIEW_KINDS.items()}
_FAULTS = {number: word for word, number in ANSWER_FAULTS.items()}


def review_to_pb(shown: ShownReview) -> review_pb2.Review:
    """Return a review with what its reader may see of its texts."""
    message = review_pb2.Review()
    _fill_review(message, shown.review)
    if shown.question is not None:
        fill_question(message.question, shown.question)
    if shown.proposed is not None:
        fill_text(message.proposed, shown.proposed)
    if shown.decided is not None:
        fill_text(message.decided, shown.decided)
    if shown.review.blind:
        for text in (message.proposed, message.decided):
            for sentence in text.sentences:
                sentence.ClearField("verdict")
    fill_passages(message.passages, shown.passages)
    message.withheld.extend(
        review_pb2.WithheldPassage(chunk_id=f"{WITHHELD}{rank}", rank=rank) for rank in shown.withheld
    )
    message.draft_complete = shown.complete
    message.below_minimum.extend(shown.below_minimum)
    if shown.verdict is not None:
        message.note = shown.verdict.note
        message.faults.extend(ANSWER_FAULTS[fault] for fault in shown.verdict.faults)
        message.wrong_sentences.extend(shown.verdict.wrong_sentences)
    return message


def listed_to_pb(opened: OpenedReview) -> review_pb2.Review:
    """Return a review as it stands in lists: with the text of its question alone."""
    message = review_pb2.Review()
    _fill_review(message, opened.review)
    if opened.case is not None:
        message.question.route, message.question.text = opened.review.route, opened.case.question.text
    return message


def selection_from_pb(message: review_service_pb2.ReviewFilter) -> ReviewSelection:
    """Read which reviews are asked for; the message has passed validation."""
    return ReviewSelection(
        frozenset(_STATES[each] for each in message.states),
        message.route,
        message.reviewer,
        frozenset(_KINDS[each] for each in message.kinds),
    )


def remarks_of(request: review_service_pb2.EditReviewRequest | review_service_pb2.RejectReviewRequest) -> Remarks:
    """Read what a reviewer says beside a decision."""
    faults = tuple(dict.fromkeys(_FAULTS[each] for each in request.faults))
    return Remarks(request.note, faults, tuple(sorted(set(request.wrong_sentences))))


def place_of(review: Review) -> ReviewPlace:
    """Return where a review stands in lists."""
    return ReviewPlace(review.created, review.ticket)


def place_to_texts(place: ReviewPlace) -> tuple[str, str]:
    """Return a place as the token of a page holds it."""
    return place.created.isoformat(), place.ticket


def place_from_texts(created: str, ticket: str) -> ReviewPlace:
    """Return the place that `place_to_texts` has written.

    Raises:
        ValueError: for other texts.
    """
    return ReviewPlace(*read_place(created, ticket))


def counts_to_pb(count: SampleCount) -> review_service_pb2.SampleCounts:
    """Return how many samples of a route have a weakest verdict, and how many of them are wrong."""
    message = review_service_pb2.SampleCounts(
        route=count.route,
        sampled=count.sampled,
        decided=count.decided,
        wrong=count.wrong,
        share=count.share,
        lowest_share=count.lowest_share,
    )
    if count.weakest_verdict is not None:
        message.weakest_verdict = VERDICTS[count.weakest_verdict]
    return message


def _fill_review(message: review_pb2.Review, review: Review) -> None:
    message.ticket, message.state, message.kind = review.ticket, REVIEW_STATES[review.state], REVIEW_KINDS[review.kind]
    message.route, message.request_id, message.trace_id = review.route, review.request_id, review.trace_id
    reason = review.reason
    message.trigger = REVIEW_TRIGGERS[reason.trigger]
    # Why a sampled answer left as it did says what its verdicts were.
    if not review.blind:
        message.cause = CAUSES[reason.cause]
    message.guard, message.category = reason.guard, reason.category
    message.reviewer, message.etag = review.reviewer, review.etag
    if review.operation_id:
        message.operation = f"operations/{review.operation_id}"
    fill_time(message.create_time, review.created)
    fill_time(message.expire_time, review.expires)
    fill_time(message.lease_expire_time, review.lease_until)
    fill_time(message.decide_time, review.decided)
