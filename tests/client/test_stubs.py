"""The stubs without a network: both ends through grpcio-testing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc_testing
import pytest

import groundwire
from groundwire.v1 import answer_service_pb2, document_service_pb2, retrieval_service_pb2
from groundwire.v1.document_pb2 import IngestState
from tests.doubles import events
from tests.doubles.service import PATIENCE, FakeService

ANSWERS = answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"]
RETRIEVAL = retrieval_service_pb2.DESCRIPTOR.services_by_name["RetrievalService"]
DOCUMENTS = document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"]


@pytest.fixture
def channel() -> Any:
    return grpc_testing.channel([ANSWERS, RETRIEVAL, DOCUMENTS], grpc_testing.strict_real_time())


@pytest.fixture
def server() -> Any:
    service = FakeService()
    service.otherwise = events.plain_answer()
    return grpc_testing.server_from_dictionary(
        {ANSWERS: service, RETRIEVAL: service, DOCUMENTS: service}, grpc_testing.strict_real_time()
    )


def test_the_client_sends_a_unary_question(channel: Any) -> None:
    client = groundwire.SyncClient(channel, tenant="acme", retry=None)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.answer, "where?")
        metadata, request, call = channel.take_unary_unary(ANSWERS.methods_by_name["Answer"])
        call.send_initial_metadata(())
        response = answer_service_pb2.AnswerResponse(outcome=events.answered())
        call.terminate(response, (), grpc.StatusCode.OK, "")

        assert asked.result(PATIENCE) == groundwire.outcome_of(events.answered())
    assert ("groundwire-tenant", "acme") in metadata
    assert request == answer_service_pb2.AnswerRequest(question=groundwire.Question(text="where?"))


def test_the_client_reads_a_stream(channel: Any) -> None:
    client = groundwire.SyncClient(channel)
    with ThreadPoolExecutor(1) as pool:
        streamed = pool.submit(list, client.stream("where?"))
        _, _, call = channel.take_unary_stream(ANSWERS.methods_by_name["StreamAnswer"])
        call.send_initial_metadata(())
        for event in events.plain_answer():
            call.send_response(event)
        call.terminate((), grpc.StatusCode.OK, "")

        assert streamed.result(PATIENCE) == events.plain_answer()


def test_the_client_raises_for_a_status(channel: Any) -> None:
    client = groundwire.SyncClient(channel)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.corpus_version)
        _, _, call = channel.take_unary_unary(DOCUMENTS.methods_by_name["GetCorpusVersion"])
        call.send_initial_metadata(())
        trailers = (("groundwire-trace-id", "ab" * 16),)
        call.terminate(None, trailers, grpc.StatusCode.FAILED_PRECONDITION, "no")

        with pytest.raises(groundwire.Error) as raised:
            asked.result(PATIENCE)
    assert raised.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert raised.value.trace_id == "ab" * 16


def test_a_servicer_answers_a_unary_call(server: Any) -> None:
    request = answer_service_pb2.AnswerRequest(question=groundwire.Question(text="where?"))

    call = server.invoke_unary_unary(ANSWERS.methods_by_name["Answer"], (), request, 5)
    response, _, code, _ = call.termination()

    assert code is grpc.StatusCode.OK
    assert response.outcome == events.answered()


def test_a_servicer_streams(server: Any) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=groundwire.Question(text="where?"))

    call = server.invoke_unary_stream(ANSWERS.methods_by_name["StreamAnswer"], (), request, 5)
    received = [call.take_response() for _ in events.plain_answer()]
    _, code, _ = call.termination()

    assert code is grpc.StatusCode.OK
    assert received == events.plain_answer()


def test_a_servicer_takes_documents_and_answers_each(server: Any) -> None:
    call = server.invoke_stream_stream(DOCUMENTS.methods_by_name["IngestDocuments"], (), 5)
    document = groundwire.Document(document_id="d1", text="text")
    call.send_request(document_service_pb2.IngestDocumentsRequest(document=document))
    first = call.take_response()
    call.send_request(document_service_pb2.IngestDocumentsRequest(document=document))
    second = call.take_response()
    call.requests_closed()
    _, code, _ = call.termination()

    assert code is grpc.StatusCode.OK
    assert [first.state, second.state] == [IngestState.INGEST_STATE_CREATED, IngestState.INGEST_STATE_UNCHANGED]
