"""Queued questions and their outcomes as the contract's messages, for the database of records."""

from typing import Final

from google.protobuf.message import DecodeError

from groundwire.v1.answer_service_pb2 import AnswerResponse, StreamAnswerRequest
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.edge.convert.outcome import fill_outcome
from groundwire_server.edge.convert.question import question_from_stream, question_to_pb
from groundwire_server.ports.operations import OperationCodec


def _decode_question(data: bytes) -> Question:
    try:
        request = StreamAnswerRequest.FromString(data)
        return question_from_stream(request, request.request_id)
    except (DecodeError, Rejection):
        raise ValueError("not a question that was queued") from None


def _encode_outcome(outcome: Outcome) -> bytes:
    response = AnswerResponse()
    fill_outcome(response.outcome, outcome)
    return response.SerializeToString()


CODEC: Final = OperationCodec(
    lambda question: question_to_pb(question).SerializeToString(), _decode_question, _encode_outcome
)
"""A question with its id and stream mode is a StreamAnswerRequest, an outcome the operation's AnswerResponse."""
