"""Questions."""

from groundwire.v1 import (
    answer_service_pb2,
    grounding_service_pb2,
    passage_pb2,
    question_pb2,
    retrieval_service_pb2,
)
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.vocabulary import Priority, StreamMode
from groundwire_server.edge.convert.filters import filter_from_pb
from groundwire_server.edge.convert.words import MODES_ASKED, PRIORITIES_ASKED

DEFAULT_ROUTE = "default"


def question_from_answer(request: answer_service_pb2.AnswerRequest, request_id: str) -> Question:
    """Read the question of a unary answer."""
    return _ask(request.question, request_id, mode=None)


def question_from_stream(request: answer_service_pb2.StreamAnswerRequest, request_id: str) -> Question:
    """Read the question of a streamed answer."""
    return _ask(request.question, request_id, MODES_ASKED.get(request.mode))


def question_from_retrieve(request: retrieval_service_pb2.RetrieveRequest, request_id: str) -> Question:
    """Read the question of a search."""
    return Question(
        route=request.route or DEFAULT_ROUTE,
        text=request.text,
        request_id=request_id,
        top_k=_top_k(request.search),
        alpha=_alpha(request.search),
        filter=_filter(request.search, "search.filter"),
        end_user_id=request.end_user_id,
        priority=_priority(request.priority),
    )


def question_from_check(request: grounding_service_pb2.CheckGroundingRequest, request_id: str) -> Question:
    """Read the question that a text answers, with the facts that it is checked against; its text may be empty."""
    return Question(
        route=request.route or DEFAULT_ROUTE,
        text=request.question,
        request_id=request_id,
        top_k=_top_k(request.search),
        alpha=_alpha(request.search),
        filter=_filter(request.search, "search.filter"),
        provided=tuple(
            Passage(chunk_id=fact.fact_id, text=fact.text, title=fact.title, source_uri=fact.source_uri)
            for fact in request.facts.facts
        ),
        end_user_id=request.end_user_id,
        priority=_priority(request.priority),
    )


def _ask(question: question_pb2.Question, request_id: str, mode: StreamMode | None) -> Question:
    return Question(
        route=question.route or DEFAULT_ROUTE,
        text=question.text,
        request_id=request_id,
        turns=tuple(Turn(turn.role == question_pb2.Turn.ROLE_USER, turn.text) for turn in question.turns),
        top_k=_top_k(question.search),
        alpha=_alpha(question.search),
        filter=_filter(question.search, "question.search.filter"),
        provided=tuple(_provided(passage) for passage in question.provided.passages),
        allow_queue=question.allow_queue,
        end_user_id=question.end_user_id,
        mode=mode,
        priority=_priority(question.priority),
        task=question.task,
    )


def _priority(asked: "question_pb2.Priority.ValueType") -> Priority:
    return PRIORITIES_ASKED.get(asked, Priority.INTERACTIVE)


def _top_k(search: passage_pb2.Search) -> int | None:
    return search.top_k if search.HasField("top_k") else None


def _alpha(search: passage_pb2.Search) -> float | None:
    return search.alpha if search.HasField("alpha") else None


def _filter(search: passage_pb2.Search, field: str) -> Filter | None:
    return filter_from_pb(search.filter, field) if search.HasField("filter") else None


def _provided(passage: passage_pb2.ProvidedPassage) -> Passage:
    return Passage(chunk_id=passage.passage_id, text=passage.text, title=passage.title, source_uri=passage.source_uri)
