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
from groundwire_server.edge.convert.filters import fill_filter, filter_from_pb
from groundwire_server.edge.convert.words import MODES_ASKED, PRIORITIES, PRIORITIES_ASKED, STREAM_MODES

DEFAULT_ROUTE = "default"


def question_from_answer(request: answer_service_pb2.AnswerRequest, request_id: str) -> Question:
    """Read the question of a unary answer."""
    return _ask(request.question, request_id, mode=None)


def question_from_stream(request: answer_service_pb2.StreamAnswerRequest, request_id: str) -> Question:
    """Read the question of a streamed answer."""
    return _ask(request.question, request_id, MODES_ASKED.get(request.mode))


def question_from_submission(request: answer_service_pb2.SubmitAnswerRequest, request_id: str) -> Question:
    """Read a question that is to be answered later."""
    return _ask(request.question, request_id, mode=None)


def question_to_pb(question: Question) -> answer_service_pb2.StreamAnswerRequest:
    """Return the request that `question_from_stream` reads the question from, as no stage has changed it yet."""
    request = answer_service_pb2.StreamAnswerRequest(request_id=question.request_id)
    if question.mode is not None:
        request.mode = STREAM_MODES[question.mode]
    fill_question(request.question, question)
    return request


def fill_question(message: question_pb2.Question, question: Question) -> None:
    """Write a question into a message."""
    message.route, message.text = question.route, question.text
    message.allow_queue, message.end_user_id = question.allow_queue, question.end_user_id
    message.priority, message.task = PRIORITIES[question.priority], question.task
    message.context.update(question.context)
    for turn in question.turns:
        role = question_pb2.Turn.ROLE_USER if turn.by_user else question_pb2.Turn.ROLE_ASSISTANT
        message.turns.add(role=role, text=turn.text)
    for passage in question.provided:
        message.provided.passages.add(
            passage_id=passage.chunk_id, text=passage.text, title=passage.title, source_uri=passage.source_uri
        )
    if question.top_k is not None:
        message.search.top_k = question.top_k
    if question.alpha is not None:
        message.search.alpha = question.alpha
    if question.filter is not None:
        fill_filter(message.search.filter, question.filter)


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
        context=tuple(sorted(question.context.items())),
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
