"""Builds the contract's requests from what a caller says in Python."""

from collections.abc import Iterable

from groundwire.v1.answer_service_pb2 import StreamAnswerRequest
from groundwire.v1.event_pb2 import StreamMode
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.passage_pb2 import ProvidedPassage, Search
from groundwire.v1.question_pb2 import Question
from groundwire.v1.retrieval_service_pb2 import RetrieveRequest

NANOS = 1_000_000_000


def question_of(
    question: str | Question,
    route: str,
    top_k: int | None,
    narrowed: Filter | None,
    passages: Iterable[ProvidedPassage] | None,
) -> Question:
    """The question, with what the keywords say set over it.

    Raises:
        ValueError: when passages and a setting of the search are both given.
    """
    built = Question(text=question) if isinstance(question, str) else Question()
    if isinstance(question, Question):
        built.CopyFrom(question)
    if route:
        built.route = route
    if passages is not None:
        if top_k is not None or narrowed is not None:
            raise ValueError("passages of your own take the place of a search: leave out top_k and filter")
        built.provided.passages.extend(passages)
    elif top_k is not None or narrowed is not None:
        built.search.CopyFrom(search_of(top_k, narrowed, built.search))
    return built


def search_of(top_k: int | None, narrowed: Filter | None, base: Search | None = None) -> Search:
    """How to search: `base`, with what is given set over it."""
    search = Search()
    if base is not None:
        search.CopyFrom(base)
    if top_k is not None:
        search.top_k = top_k
    if narrowed is not None:
        search.filter.CopyFrom(narrowed)
    return search


def stream_request(
    question: Question, request_id: str, provisional: bool, resume_window: float, after_sequence: int | None
) -> StreamAnswerRequest:
    """The request of a streamed answer."""
    request = StreamAnswerRequest(
        question=question,
        request_id=request_id,
        mode=StreamMode.STREAM_MODE_PROVISIONAL if provisional else StreamMode.STREAM_MODE_UNSPECIFIED,
        after_sequence=after_sequence,
    )
    if resume_window:
        request.resume_window.FromNanoseconds(round(resume_window * NANOS))
    return request


def retrieve_request(text: str, route: str, top_k: int | None, narrowed: Filter | None) -> RetrieveRequest:
    """The request of a search alone."""
    return RetrieveRequest(text=text, route=route, search=search_of(top_k, narrowed))
