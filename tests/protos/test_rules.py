"""The limits that the contract states are enforced by what the server enforces them with."""

import protovalidate
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    document_service_pb2,
    erasure_pb2,
    filter_pb2,
    grounding_service_pb2,
    limit_service_pb2,
    passage_pb2,
    question_pb2,
    recording_service_pb2,
    retrieval_service_pb2,
    review_service_pb2,
    route_service_pb2,
)

DOCUMENT_LIMIT = 3_900_000


def paths(message: Message) -> dict[str, str]:
    """The path of every violated field with the id of the rule."""
    found = {}
    for violation in protovalidate.collect_violations(message):
        elements = violation.proto.field.elements if violation.proto.field else []
        path = ""
        for element in elements:
            subscript = f"[{element.subscript.value}]" if element.subscript else ""
            path += f".{element.field_name}{subscript}"
        found[path.removeprefix(".")] = violation.proto.rule_id
    return found


def question(**fields: object) -> question_pb2.Question:
    return question_pb2.Question(text="Which?", **fields)  # type: ignore[arg-type]  # given by the cases below


def passages(*ids: str) -> passage_pb2.ProvidedPassages:
    return passage_pb2.ProvidedPassages(passages=[passage_pb2.ProvidedPassage(passage_id=i, text="x") for i in ids])


def document(**fields: object) -> document_pb2.Document:
    return document_pb2.Document(**({"document_id": "d", "text": "x"} | fields))  # type: ignore[arg-type]


def resumed(**fields: object) -> answer_service_pb2.StreamAnswerRequest:
    return answer_service_pb2.StreamAnswerRequest(question=question(), **fields)  # type: ignore[arg-type]


def erasing(**fields: object) -> document_service_pb2.EraseDocumentsRequest:
    target = erasure_pb2.ErasureTarget(**fields)  # type: ignore[arg-type]  # given by the cases below
    return document_service_pb2.EraseDocumentsRequest(target=target)


def grounding(**fields: object) -> grounding_service_pb2.CheckGroundingRequest:
    return grounding_service_pb2.CheckGroundingRequest(**({"text": "It is so."} | fields))  # type: ignore[arg-type]


def facts(*ids: str, text: str = "x") -> grounding_service_pb2.Facts:
    return grounding_service_pb2.Facts(facts=[grounding_service_pb2.Fact(fact_id=each, text=text) for each in ids])


def search(condition: filter_pb2.Filter) -> passage_pb2.Search:
    return passage_pb2.Search(filter=condition)


TRUE = filter_pb2.MetadataValue(bool_value=True)
UNBOUND = filter_pb2.Filter(range=filter_pb2.Range(key="year"))

VIOLATIONS: list[tuple[Message, dict[str, str]]] = [
    (answer_service_pb2.AnswerRequest(), {"question": "required"}),
    (answer_service_pb2.StreamAnswerRequest(), {"question": "required"}),
    (document_service_pb2.IngestDocumentsRequest(), {"document": "required"}),
    (
        answer_service_pb2.AnswerRequest(question=question_pb2.Question(route="No!"), request_id="short"),
        {"question.route": "string.pattern", "question.text": "string.min_len", "request_id": "string.pattern"},
    ),
    (
        answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="é" * 4097)),
        {"question.text": "string.max_len"},
    ),
    (
        answer_service_pb2.AnswerRequest(question=question(turns=[question_pb2.Turn(text="x")])),
        {"question.turns[0].role": "enum.not_in"},
    ),
    (
        answer_service_pb2.AnswerRequest(question=question(search=passage_pb2.Search(top_k=0))),
        {"question.search.top_k": "int32.gte_lte"},
    ),
    (
        retrieval_service_pb2.RetrieveRequest(text="x", search=passage_pb2.Search(top_k=65)),
        {"search.top_k": "int32.gte_lte"},
    ),
    (
        retrieval_service_pb2.RetrieveRequest(text="x", search=passage_pb2.Search(top_k=-1)),
        {"search.top_k": "int32.gte_lte"},
    ),
    (question(provided=passages("a", "a")), {"provided.passages": "provided_passages.unique_ids"}),
    (question(provided=passages()), {"provided.passages": "repeated.min_items"}),
    (question(provided=passages("a", "b c")), {"provided.passages[1].passage_id": "string.pattern"}),
    (search(filter_pb2.Filter()), {"filter.condition": "required"}),
    (search(UNBOUND), {"filter.range": "range.bound"}),
    (
        search(filter_pb2.Filter(all_of=filter_pb2.AllOf(operands=[filter_pb2.Filter(negation=UNBOUND)]))),
        {"filter.all_of.operands[0].negation.range": "range.bound"},
    ),
    (search(filter_pb2.Filter(any_of=filter_pb2.AnyOf())), {"filter.any_of.operands": "repeated.min_items"}),
    (
        search(filter_pb2.Filter(range=filter_pb2.Range(key="year", at_most=float("inf")))),
        {"filter.range.at_most": "double.finite"},
    ),
    (
        search(filter_pb2.Filter(contains=filter_pb2.Contains(key="tags", values=["a", ""]))),
        {"filter.contains.values[1]": "string.min_len"},
    ),
    (document(text=""), {"text": "string.min_bytes"}),
    (document(text="é" * (DOCUMENT_LIMIT // 2) + "x"), {"text": "string.max_bytes"}),
    (document(document_id="white space"), {"document_id": "string.pattern"}),
    (document(metadata={"1st": TRUE}), {"metadata[1st]": "string.pattern"}),
    (document(metadata={"empty": filter_pb2.MetadataValue()}), {"metadata[empty].kind": "required"}),
    (document(metadata={f"key_{n}": TRUE for n in range(65)}), {"metadata": "map.max_pairs"}),
    (document(allowed_principals=["all", ""]), {"allowed_principals[1]": "string.min_len"}),
    (document_service_pb2.ListDocumentsRequest(page_size=-1), {"page_size": "int32.gte"}),
    (document_service_pb2.ListQuarantinedDocumentsRequest(page_size=-1), {"page_size": "int32.gte"}),
    (
        document_service_pb2.ListQuarantinedDocumentsRequest(page_token="x" * 1025, order=9),  # type: ignore[arg-type]
        {"page_token": "string.max_len", "order": "enum.defined_only"},
    ),
    (document_service_pb2.GetQuarantinedDocumentRequest(document_id="a b"), {"document_id": "string.pattern"}),
    (
        document_service_pb2.ReleaseDocumentRequest(document_id="", expected_revision=0),
        {"document_id": "string.pattern", "expected_revision": "int32.gte"},
    ),
    (document_service_pb2.ListDocumentsRequest(filter=filter_pb2.Filter()), {"filter.condition": "required"}),
    (document_service_pb2.ListDocumentsRequest(order=9), {"order": "enum.defined_only"}),  # type: ignore[arg-type]
    (document_service_pb2.PurgeDocumentsRequest(force=True), {"filter": "required"}),
    (document_service_pb2.EraseDocumentsRequest(force=True), {"target": "required"}),
    (erasing(), {"target.selection": "required"}),
    (erasing(document_id="a b"), {"target.document_id": "string.pattern"}),
    (erasing(source=erasure_pb2.ErasureSource()), {"target.source.uri": "string.min_len"}),
    (erasing(source=erasure_pb2.ErasureSource(uri="x" * 2049)), {"target.source.uri": "string.max_len"}),
    (
        document_service_pb2.PutDocumentRequest(document=document(), expected_revision=-1),
        {"expected_revision": "int32.gte"},
    ),
    (
        document_service_pb2.IngestDocumentsRequest(document=document(), expected_revision=-1),
        {"expected_revision": "int32.gte"},
    ),
    (resumed(after_sequence=3), {"": "stream_answer_request.after_sequence"}),
    (resumed(request_id="request-1", after_sequence=-1), {"after_sequence": "int32.gte"}),
    (resumed(resume_window=Duration(seconds=301)), {"resume_window": "duration.gte_lte"}),
    (grounding(), {"evidence": "required"}),
    (grounding(text="", facts=facts("a")), {"text": "string.min_bytes"}),
    (grounding(text="x" * 65537, facts=facts("a")), {"text": "string.max_bytes"}),
    (grounding(facts=facts()), {"facts.facts": "repeated.min_items"}),
    (grounding(facts=facts(*map(str, range(201)))), {"facts.facts": "repeated.max_items"}),
    (grounding(facts=facts("a", "a")), {"facts.facts": "facts.unique_ids"}),
    (grounding(facts=facts("a", text="é" * 10001)), {"facts.facts[0].text": "string.max_len"}),
    (recording_service_pb2.GetRecordingRequest(name="recordings/7"), {"name": "string.pattern"}),
    (recording_service_pb2.DeleteRecordingRequest(), {"name": "string.pattern"}),
    (
        recording_service_pb2.ListRecordingsRequest(
            page_size=-1, page_token="x" * 1025, route="Faq", request_id="short"
        ),
        {
            "page_size": "int32.gte",
            "page_token": "string.max_len",
            "route": "string.pattern",
            "request_id": "string.pattern",
        },
    ),
    (review_service_pb2.GetReviewRequest(), {"ticket": "string.pattern"}),
    (
        review_service_pb2.ClaimReviewRequest(ticket="t", lease=Duration(seconds=9)),
        {"lease": "duration.gte_lte"},
    ),
    (review_service_pb2.EditReviewRequest(ticket="t"), {"text": "string.min_bytes"}),
    (
        review_service_pb2.ListReviewsRequest(filter=review_service_pb2.ReviewFilter(states=[0])),  # type: ignore[list-item]
        {"filter.states[0]": "enum.not_in"},
    ),
    (route_service_pb2.ListRoutesRequest(page_size=-1), {"page_size": "int32.gte"}),
    (
        limit_service_pb2.GetLimitsRequest(tenant="t" * 65, subject="s" * 257, end_user_id="e" * 257, route="r" * 64),
        dict.fromkeys(("tenant", "subject", "end_user_id", "route"), "string.max_len"),
    ),
]


@pytest.mark.parametrize(("message", "violated"), VIOLATIONS, ids=lambda value: type(value).__name__)
def test_names_every_violated_field(message: Message, violated: dict[str, str]) -> None:
    assert paths(message) == violated
    with pytest.raises(protovalidate.ValidationError):
        protovalidate.validate(message)


@pytest.mark.parametrize(
    "message",
    [
        answer_service_pb2.AnswerRequest(question=question()),
        answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="\N{FAMILY}" * 4096)),
        question(search=passage_pb2.Search(top_k=1)),
        question(search=passage_pb2.Search(top_k=64)),
        question(search=passage_pb2.Search()),
        question(provided=passages("a", "b")),
        search(filter_pb2.Filter(range=filter_pb2.Range(key="year", at_least=0))),
        document(text="é" * (DOCUMENT_LIMIT // 2)),
        document(metadata={"_key": TRUE}, allowed_principals=["*"]),
        document_service_pb2.ListDocumentsRequest(),
        document_service_pb2.ListDocumentsRequest(page_size=1_000_000),
        document_service_pb2.PutDocumentRequest(document=document(), expected_revision=0),
        resumed(request_id="request-1", after_sequence=0),
        resumed(resume_window=Duration(seconds=300)),
        grounding(facts=facts(*map(str, range(200)), text="é" * 10000)),
        grounding(search=passage_pb2.Search()),
        review_service_pb2.ClaimReviewRequest(ticket="t"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_lets_what_is_within_the_limits_pass(message: Message) -> None:
    assert paths(message) == {}
