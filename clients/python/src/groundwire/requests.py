"""Builds the contract's requests from what a caller says in Python."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.retrying import Retry
from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.answer_service_pb2 import AnswerRequest, StreamAnswerRequest, SubmitAnswerRequest, Webhook
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest
from groundwire.v1.event_pb2 import StreamMode
from groundwire.v1.feedback_service_pb2 import Rating
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.grounding_service_pb2 import CheckGroundingRequest, Fact
from groundwire.v1.passage_pb2 import ProvidedPassage, Search
from groundwire.v1.question_pb2 import Question
from groundwire.v1.retrieval_service_pb2 import RetrieveRequest
from groundwire.v1.review_pb2 import Review
from groundwire.v1.review_service_pb2 import ReviewFilter

NANOS = 1_000_000_000


def question_of(
    question: str | Question,
    route: str,
    top_k: int | None,
    narrowed: Filter | None,
    passages: Iterable[ProvidedPassage] | None,
    *,
    context: Mapping[str, str] | None = None,
    end_user_id: str = "",
    allow_queue: bool = False,
) -> Question:
    """Return the question, with what the keywords say set over it.

    Raises:
        ValueError: when passages and a setting of the search are both given.
        TypeError: for a value of the context, or an end user, that is not a text.
    """
    built = Question(text=question) if isinstance(question, str) else Question()
    if isinstance(question, Question):
        built.CopyFrom(question)
    if route:
        built.route = route
    if allow_queue:
        built.allow_queue = True
    for name, value in (context or {}).items():
        built.context[_text("a name in context", name)] = _text(f"context[{name!r}]", value)
    if end_user_id:
        built.end_user_id = _text("end_user_id", end_user_id)
    if passages is not None:
        if top_k is not None or narrowed is not None:
            raise ValueError("passages take the place of a search: leave out top_k and filter")
        built.provided.passages.extend(passages)
    elif top_k is not None or narrowed is not None:
        built.search.CopyFrom(search_of(top_k, narrowed, built.search))
    return built


def search_of(
    top_k: int | None, narrowed: Filter | None, base: Search | None = None, alpha: float | None = None
) -> Search:
    """Return how to search: `base`, with what is given set over it."""
    search = Search()
    if base is not None:
        search.CopyFrom(base)
    if top_k is not None:
        search.top_k = top_k
    if narrowed is not None:
        search.filter.CopyFrom(narrowed)
    if alpha is not None:
        search.alpha = alpha
    return search


def answer_request(question: Question, request_id: str, retry: Retry | None) -> AnswerRequest:
    """Return the request of an answer; an id lets it be sent again without being paid twice."""
    return AnswerRequest(question=question, request_id=request_id or (_new_id() if retry is not None else ""))


def submit_request(
    question: Question, request_id: str, answer_within: float | None, webhook: str | Webhook | None, retry: Retry | None
) -> SubmitAnswerRequest:
    """Return the request of an answer for later; an id lets it be sent again without being written down twice."""
    request = SubmitAnswerRequest(
        question=question,
        request_id=request_id or (_new_id() if retry is not None else ""),
        webhook=Webhook(url=webhook) if isinstance(webhook, str) else webhook,
    )
    if answer_within is not None:
        request.answer_within.FromNanoseconds(round(answer_within * NANOS))
    return request


def stream_request(
    question: Question,
    request_id: str,
    provisional: bool,
    resume_window: float | None,
    after_sequence: int | None,
    retry: Retry | None,
) -> StreamAnswerRequest:
    """Return the request of a streamed answer; one that can be resumed has an id.

    Raises:
        ValueError: when it is to be resumed and does not say which.
    """
    if after_sequence is not None and not request_id:
        raise ValueError("after_sequence resumes an answer: give its request_id")
    window = resume_window
    if window is None:
        window = retry.resume_window if retry is not None else 0.0
    request = StreamAnswerRequest(
        question=question,
        request_id=request_id or (_new_id() if window else ""),
        mode=StreamMode.STREAM_MODE_PROVISIONAL if provisional else StreamMode.STREAM_MODE_UNSPECIFIED,
        after_sequence=after_sequence,
    )
    if window:
        request.resume_window.FromNanoseconds(round(window * NANOS))
    return request


def retrieve_request(
    text: str, route: str, top_k: int | None, narrowed: Filter | None, alpha: float | None = None
) -> RetrieveRequest:
    """Return the request of a search alone."""
    return RetrieveRequest(text=text, route=route, search=search_of(top_k, narrowed, alpha=alpha))


def check_request(
    text: str,
    facts: Iterable[str | Fact] | None,
    question: str,
    route: str,
    top_k: int | None,
    narrowed: Filter | None,
) -> CheckGroundingRequest:
    """Return the request of a check; facts that are texts alone are named by their place, from 1.

    Raises:
        ValueError: when facts and a setting of the search are both given.
    """
    request = CheckGroundingRequest(text=text, question=question, route=route)
    if facts is None:
        request.search.CopyFrom(search_of(top_k, narrowed))
    elif top_k is not None or narrowed is not None:
        raise ValueError("facts take the place of a search: leave out top_k and filter")
    else:
        request.facts.facts.extend(
            Fact(fact_id=str(place), text=fact) if isinstance(fact, str) else fact
            for place, fact in enumerate(facts, 1)
        )
        request.facts.SetInParent()
    return request


def ingest_request(document: Document | IngestDocumentsRequest) -> IngestDocumentsRequest:
    """Return the request that carries a document."""
    return IngestDocumentsRequest(document=document) if isinstance(document, Document) else document


def review_filter(states: Iterable[str], kinds: Iterable[str], route: str, reviewer: str) -> ReviewFilter:
    """Return which reviews are meant, by the names of states and kinds.

    Raises:
        ValueError: for a name that the contract does not have.
    """
    return ReviewFilter(
        states=[numbered(Review.State.DESCRIPTOR, state) for state in states],
        kinds=[numbered(Review.Kind.DESCRIPTOR, kind) for kind in kinds],
        route=route,
        reviewer=reviewer,
    )


def fault_numbers(faults: Iterable[str]) -> "list[AnswerFault.ValueType]":
    """Return faults by their names.

    Raises:
        ValueError: for a name that the contract does not have.
    """
    return [numbered(AnswerFault.DESCRIPTOR, fault) for fault in faults]


def rating_number(rating: str) -> "Rating.ValueType":
    """Return a rating by its name; an empty one is none.

    Raises:
        ValueError: for a name that the contract does not have.
    """
    if not rating:
        return Rating.RATING_UNSPECIFIED
    number: Rating.ValueType = numbered(Rating.DESCRIPTOR, rating)
    return number


def numbered(enum: EnumDescriptor, name: str) -> Any:
    """Return the number of an enum's value that is named without its prefix.

    Raises:
        ValueError: for a name that the enum does not have; it lists those that it has.
    """
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    value = enum.values_by_name.get(f"{prefix}{name}")
    if value is None or not value.number:
        known = ", ".join(each.name.removeprefix(prefix) for each in enum.values if each.number)
        raise ValueError(f"{name!r} is not one of {known}")
    return value.number


def stamp(time: datetime | None) -> Timestamp | None:
    """Return a time as the contract has it.

    Raises:
        ValueError: for a time without a time zone.
    """
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError("a time needs a time zone, such as datetime.UTC")
    converted = Timestamp()
    converted.FromDatetime(time)
    return converted


def _text(name: str, value: object) -> str:
    """Return a text; the error of protobuf for anything else does not say which argument is meant."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def _new_id() -> str:
    return uuid4().hex
