from collections.abc import Callable

import protovalidate
import pytest
from google.protobuf.message import Message

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    document_service_pb2,
    filter_pb2,
    grounding_service_pb2,
    passage_pb2,
    question_pb2,
)
from groundwire_server.domain.failure import Violation
from groundwire_server.edge.convert.violations import violations_of


def _turns(count: int) -> Message:
    turns = [question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text="x") for _ in range(count)]
    return answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="x", turns=turns))


def _passages(count: int) -> Message:
    passages = [passage_pb2.ProvidedPassage(passage_id=f"p{number}", text="x") for number in range(count)]
    provided = passage_pb2.ProvidedPassages(passages=passages)
    return answer_service_pb2.StreamAnswerRequest(question=question_pb2.Question(text="x", provided=provided))


def _facts(count: int) -> Message:
    facts = [grounding_service_pb2.Fact(fact_id=f"f{number}", text="x") for number in range(count)]
    return grounding_service_pb2.CheckGroundingRequest(text="x", facts=grounding_service_pb2.Facts(facts=facts))


def _principals(count: int) -> Message:
    document = document_pb2.Document(document_id="d", text="x", allowed_principals=[f"p{n}" for n in range(count)])
    return document_service_pb2.PutDocumentRequest(document=document)


def _metadata(count: int) -> Message:
    metadata = {f"k{number}": filter_pb2.MetadataValue(bool_value=True) for number in range(count)}
    document = document_pb2.Document(document_id="d", text="x", allowed_principals=["*"], metadata=metadata)
    return document_service_pb2.PutDocumentRequest(document=document)


LISTS = [
    (_turns, "question.turns", 16),
    (_passages, "question.provided.passages", 64),
    (_facts, "facts.facts", 200),
    (_principals, "document.allowed_principals", 256),
    (_metadata, "document.metadata", 64),
]


@pytest.mark.parametrize(("make", "field", "most"), LISTS, ids=[row[1] for row in LISTS])
def test_a_list_that_is_too_long_is_named_as_the_contracts_own_rule_names_it(
    make: Callable[[int], Message], field: str, most: int
) -> None:
    (own,) = protovalidate.collect_violations(make(most + 1))
    assert violations_of(make(most + 1)) == (Violation(field, own.proto.message, own.proto.rule_id),)
    assert violations_of(make(most)) == ()


@pytest.mark.parametrize(("make", "field", "most"), LISTS, ids=[row[1] for row in LISTS])
def test_of_a_list_that_is_far_too_long_nothing_else_is_looked_at(
    make: Callable[[int], Message], field: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protovalidate, "collect_violations", None)
    assert [violation.field for violation in violations_of(make(20_000))] == [field]
