"""Requests as bytes: what is wrong with them is found before anything is made of them, and costs little."""

from collections.abc import Callable
from typing import Any

import protovalidate
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    document_service_pb2,
    filter_pb2,
    grounding_service_pb2,
    passage_pb2,
    question_pb2,
    retrieval_service_pb2,
    review_pb2,
    review_service_pb2,
)
from groundwire_server.domain.failure import Violation
from groundwire_server.edge.convert.request import Received, RequestFormat
from groundwire_server.edge.convert.wire import FIELDS_LIMIT
from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.edge.options import RequestBytesOptions
from tests.e2e.methods import METHODS


def _turns(count: int) -> Message:
    turns = [question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text="x") for _ in range(count)]
    return answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="x", turns=turns))


def _context(count: int) -> Message:
    context = {f"k{number}": "x" for number in range(count)}
    return answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="x", context=context))


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


def _values(count: int) -> Message:
    values = filter_pb2.StringList(values=["x"] * count)
    metadata = {"k": filter_pb2.MetadataValue(list_value=values)}
    document = document_pb2.Document(document_id="d", text="x", allowed_principals=["*"], metadata=metadata)
    return document_service_pb2.IngestDocumentsRequest(document=document)


def _operands(count: int) -> Message:
    no_key = filter_pb2.Filter(is_null=filter_pb2.IsNull(key="k"))
    inner = filter_pb2.Filter(any_of=filter_pb2.AnyOf(operands=[no_key] * count))
    return retrieval_service_pb2.RetrieveRequest(
        text="x", search=passage_pb2.Search(filter=filter_pb2.Filter(all_of=filter_pb2.AllOf(operands=[no_key, inner])))
    )


def _states(count: int) -> Message:
    chosen = review_service_pb2.ReviewFilter(states=[review_pb2.Review.STATE_PENDING] * count)
    return review_service_pb2.ListReviewsRequest(filter=chosen)


LISTS = [
    (_turns, "question.turns", 16),
    (_context, "question.context", 16),
    (_passages, "question.provided.passages", 64),
    (_facts, "facts.facts", 200),
    (_principals, "document.allowed_principals", 256),
    (_metadata, "document.metadata", 64),
    (_values, "document.metadata[…].list_value.values", 64),
    (_operands, "search.filter.all_of.operands[1].any_of.operands", 32),
    (_states, "filter.states", 8),
]


MIB = 1024 * 1024


def _read(message: Message, data: bytes | None = None, max_bytes: int = RECEIVE_LIMIT) -> Received:
    form = RequestFormat(type(message).FromString, max_bytes)
    return form.read(message.SerializeToString() if data is None else data)


def _violations(received: Received) -> list[Violation]:
    assert received.rejection is not None
    return list(received.rejection.violations)


@pytest.fixture
def unparsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be validated: what is rejected all the same was rejected before."""
    monkeypatch.setattr(protovalidate, "collect_violations", None)


@pytest.mark.parametrize(("make", "field", "most"), LISTS, ids=[row[1] for row in LISTS])
def test_a_list_that_is_too_long_is_named_as_the_contracts_own_rule_names_it(
    make: Callable[[int], Message], field: str, most: int
) -> None:
    (own,) = protovalidate.collect_violations(make(most + 1))
    assert _violations(_read(make(most + 1))) == [Violation(field, own.proto.message, own.proto.rule_id)]
    assert _read(make(most)) == Received(make(most))


@pytest.mark.usefixtures("unparsed")
@pytest.mark.parametrize(("make", "field", "most"), LISTS, ids=[row[1] for row in LISTS])
def test_of_a_list_that_is_far_too_long_nothing_is_parsed(
    make: Callable[[int], Message], field: str, most: int
) -> None:
    received = _read(make(20_000))
    assert [violation.field for violation in _violations(received)] == [field]
    assert received.message is None


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_contract_bounds_every_list_of_a_request(method: Any) -> None:
    RequestFormat(GetMessageClass(method.descriptor.input_type).FromString, 1)


def test_a_list_in_pieces_is_counted_together() -> None:
    piece = _turns(10).SerializeToString()
    (violation,) = _violations(_read(_turns(1), piece * 2))
    assert violation.field == "question.turns"
    assert _read(_turns(1), _turns(8).SerializeToString() * 2).rejection is None


def test_a_packed_list_counts_each_of_its_numbers() -> None:
    packed = _states(9).SerializeToString()
    unpacked = b"\x1a\x12" + b"\x08\x01" * 9
    assert packed != unpacked, "the runtime packs lists of numbers"
    for data in (packed, unpacked):
        (violation,) = _violations(_read(_states(1), data))
        assert (violation.field, violation.rule) == ("filter.states", "repeated.max_items")


@pytest.mark.usefixtures("unparsed")
@pytest.mark.parametrize(
    "field",
    [b"\xa0\x06\x01", b"\xa2\x06\x00", b"\xa5\x06" + bytes(4), b"\xa1\x06" + bytes(8), b"\x0a\x00"],
    ids=["number", "text", "fixed 32", "fixed 64", "one field again and again"],
)
def test_fields_are_bounded_in_all_known_or_not(field: bytes) -> None:
    (violation,) = _violations(_read(_turns(1), field * (FIELDS_LIMIT + 1)))
    assert violation == Violation("", f"must have no more than {FIELDS_LIMIT} fields in all", "message.max_fields")


def _largest_question() -> Message:
    wide = "🙂"
    passages = [
        passage_pb2.ProvidedPassage(
            passage_id=f"{number:0256}", title=wide * 512, source_uri=wide * 2048, text="x" * 32_768
        )
        for number in range(64)
    ]
    question = question_pb2.Question(
        text=wide * 4096,
        turns=[question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text=wide * 4096)] * 16,
        provided=passage_pb2.ProvidedPassages(passages=passages),
        end_user_id=wide * 256,
        context={f"k{number}": wide * 1024 for number in range(16)},
    )
    return answer_service_pb2.StreamAnswerRequest(question=question, request_id="x" * 64)


def _largest_document() -> Message:
    text = "🙂" * 4
    metadata = {
        f"k{number}": filter_pb2.MetadataValue(list_value=filter_pb2.StringList(values=[text] * 64))
        for number in range(64)
    }
    document = document_pb2.Document(
        document_id="d" * 256,
        title="🙂" * 512,
        source_uri="🙂" * 2048,
        text="x" * 3_900_000,
        metadata=metadata,
        allowed_principals=["p" * 256] * 256,
    )
    return document_service_pb2.PutDocumentRequest(document=document)


def _largest_grounding() -> Message:
    wide = "🙂"
    facts = [
        grounding_service_pb2.Fact(
            fact_id=f"{number:0256}", title=wide * 512, source_uri=wide * 2048, text=wide * 10_000
        )
        for number in range(200)
    ]
    return grounding_service_pb2.CheckGroundingRequest(
        text="x" * 65_536, question=wide * 4096, facts=grounding_service_pb2.Facts(facts=facts)
    )


BYTES = RequestBytesOptions()


@pytest.mark.parametrize(
    ("make", "most"),
    [(_largest_question, BYTES.question), (_largest_document, BYTES.document), (_largest_grounding, BYTES.grounding)],
)
def test_the_largest_request_that_the_contract_allows_is_read(make: Callable[[], Message], most: int) -> None:
    assert _read(make(), max_bytes=most).rejection is None


@pytest.mark.usefixtures("unparsed")
def test_a_request_that_is_too_large_is_not_looked_at() -> None:
    (violation,) = _violations(_read(_turns(1), b"\xff" * 101, max_bytes=100))
    assert violation == Violation("", "must be at most 100 bytes", "message.max_bytes")


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",
        b"\x0a\x05x",
        b"\x0a\x02\x12\x05",
        b"\xff" * 11,
        b"\x0a" + b"\xff" * 11,
        b"\x08",
        b"\x09\x00",
        b"\x0b\x0c",
        b"\x0a\x03\x0a\x01\xff",
    ],
    ids=[
        "no length",
        "less than its length",
        "a message that ends within another",
        "a tag without an end",
        "a length without an end",
        "no number",
        "half a number",
        "a group",
        "no UTF-8",
    ],
)
def test_what_is_no_message_is_said_to_be_none(data: bytes) -> None:
    received = _read(_turns(1), data)
    assert [violation.rule for violation in _violations(received)] == ["message.decode"]
    assert received.message is None


def _filter(levels: int) -> bytes:
    data = b""
    for _ in range(levels):
        data = b"\x1a" + _length(len(data)) + data
    return data


def _length(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


def test_messages_are_nested_a_hundred_levels_at_most() -> None:
    request = document_service_pb2.PurgeDocumentsRequest()
    for levels, rule in ((1000, "message.decode"), (101, "message.decode"), (98, "required")):
        data = b"\x0a" + _length(len(_filter(levels))) + _filter(levels)
        (violation,) = _violations(_read(request, data))
        assert rule in violation.rule


def test_violations_are_all_named_where_there_are_few_and_one_where_there_may_be_many() -> None:
    empty = [question_pb2.Turn()] * 5
    few = answer_service_pb2.AnswerRequest(question=question_pb2.Question(turns=empty))
    assert len(_violations(_read(few))) == 11
    facts = [grounding_service_pb2.Fact()] * 200
    many = grounding_service_pb2.CheckGroundingRequest(text="x", facts=grounding_service_pb2.Facts(facts=facts))
    assert len(_violations(_read(many))) == 1


@pytest.mark.parametrize(
    ("context", "field"),
    [
        ({"Plan": "pro"}, "question.context[Plan]"),
        ({"": "pro"}, "question.context[…]"),
        ({"a" * 65: "pro"}, "question.context[…]"),
        ({"plan": "x" * 1025}, "question.context[plan]"),
    ],
    ids=["capital", "empty", "long name", "long value"],
)
def test_a_value_of_the_callers_has_a_name_and_an_end(context: dict[str, str], field: str) -> None:
    asked = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="x", context=context))
    (violation,) = _violations(_read(asked))
    assert violation.field == field
    assert "pro" not in violation.description
