"""What belongs to one tenant, subject or principal is nothing to another."""

import asyncio

import grpc
import grpc.aio
import pytest
from google.protobuf import duration_pb2

from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, retrieval_service_pb2
from groundwire_server.adapters.authentication.tokens import Tokens
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials
from tests.doubles.generator import DONE, ScriptedGenerator, Wait
from tests.doubles.time import waiting_skipped
from tests.e2e.access.world import (
    World,
    let_in,
)
from tests.e2e.calls import info, ingest, question
from tests.e2e.conftest import Serve


async def test_a_credential_may_say_again_which_tenant_it_is_of(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        metadata = (*world.token(), ("groundwire-tenant", "acme"))
        response = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=metadata)
    assert len(response.documents) == 2


async def test_a_credential_is_verified_once_for_each_call(
    serve: Serve, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[Credentials] = []
    authenticate = Tokens.authenticate

    async def counted(tokens: Tokens, credentials: Credentials) -> Caller:
        verified.append(credentials)
        return await authenticate(tokens, credentials)

    monkeypatch.setattr(Tokens, "authenticate", counted)
    async with let_in(serve, world) as product:
        request = document_service_pb2.GetCorpusVersionRequest()
        for _ in range(2):
            await product.documents.GetCorpusVersion(request, metadata=world.token())
    assert len(verified) == 2


async def test_principals_come_from_the_credential_and_not_from_metadata(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        secret = document_pb2.Document(document_id="secret", text="For the board.", allowed_principals=["board"])
        await ingest(product, secret, metadata=world.token())
        request = document_service_pb2.GetDocumentRequest(document_id="secret")
        metadata = (*world.token(), ("groundwire-principals", "board"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.documents.GetDocument(request, metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        response = await product.documents.GetDocument(request, metadata=world.token(groups=["board"]))
    assert response.document.document_id == "secret"


async def test_two_tenants_never_meet(serve: Serve, world: World) -> None:
    both = {"acme": world.token(), "globex": world.api_key(tenant="globex")}
    async with let_in(serve, world) as product:
        for tenant, metadata in both.items():
            await ingest(product, ("same-id", f"Lambda expressions of {tenant}."), metadata=metadata)
        for tenant, metadata in both.items():
            got = await product.documents.GetDocument(
                document_service_pb2.GetDocumentRequest(document_id="same-id", include_text=True), metadata=metadata
            )
            assert got.text == f"Lambda expressions of {tenant}."
            found = await product.retrieval.Retrieve(
                retrieval_service_pb2.RetrieveRequest(text="lambda expressions"), metadata=metadata
            )
            other = next(iter(both.keys() - {tenant}))
            assert found.passages
            assert not any(other in passage.text for passage in found.passages)
        await product.documents.DeleteDocument(
            document_service_pb2.DeleteDocumentRequest(document_id="same-id"), metadata=both["globex"]
        )
        listed = await product.documents.ListDocuments(
            document_service_pb2.ListDocumentsRequest(), metadata=both["globex"]
        )
        assert not listed.documents
        kept = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=both["acme"])
        assert {each.document_id for each in kept.documents} == {"lambdas", "generators", "same-id"}


async def test_a_tenant_cannot_end_the_answer_of_another(serve: Serve, world: World) -> None:
    async with let_in(serve, world, ScriptedGenerator([Wait(60.0), DONE])) as product:
        request = answer_service_pb2.AnswerRequest(question=question(), request_id="order-4711")
        asking = asyncio.ensure_future(product.answers.Answer(request, metadata=world.token(), timeout=30))
        await product.generator.began.wait()
        cancel = answer_service_pb2.CancelAnswerRequest(request_id="order-4711")
        for metadata in (world.token(tenant="globex"), world.token(sub="bob")):
            assert not (await product.answers.CancelAnswer(cancel, metadata=metadata)).cancelled
        assert (await product.answers.CancelAnswer(cancel, metadata=world.token())).cancelled
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asking
    assert caught.value.code() is grpc.StatusCode.CANCELLED


@pytest.mark.parametrize("unfinished", [True, False])
async def test_an_answer_is_joined_by_no_credential_that_sees_less(
    serve: Serve, world: World, unfinished: bool
) -> None:
    script = ScriptedGenerator([Wait(60.0), DONE]) if unfinished else ScriptedGenerator()
    board, staff = world.token(groups=["board"]), world.token(groups=["staff"])
    request = answer_service_pb2.StreamAnswerRequest(
        question=question(), request_id="order-4711", resume_window=duration_pb2.Duration(seconds=30)
    )
    async with let_in(serve, world, script) as product:
        secret = document_pb2.Document(
            document_id="secret", text="Lambda expressions create secrets.", allowed_principals=["board"]
        )
        await ingest(product, secret, metadata=world.token())
        asking = product.answers.StreamAnswer(request, metadata=board, timeout=30)
        shown = "" if unfinished else "".join([str(event) async for event in asking])
        while "secret" not in shown:
            shown += str(await asking.read())
        for after in (None, 0):
            again = answer_service_pb2.StreamAnswerRequest(
                question=question(), request_id="order-4711", after_sequence=after
            )
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                _ = [event async for event in product.answers.StreamAnswer(again, metadata=staff, timeout=10)]
            assert info(caught.value).reason == "REQUEST_ID_REUSED"
        joined = product.answers.StreamAnswer(request, metadata=board, timeout=10)
        assert await joined.read() is not grpc.aio.EOF


async def test_an_answer_is_resumed_by_its_own_subject_alone(serve: Serve, world: World) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="order-4711")
    resumed = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="order-4711", after_sequence=0)
    unknown = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="order-4712", after_sequence=0)
    async with let_in(serve, world) as product:
        _ = [event async for event in product.answers.StreamAnswer(request, metadata=world.token(), timeout=10)]
        said = []
        for foreign in (world.token(tenant="globex"), world.token(sub="bob"), world.api_key()):
            for asked in (resumed, unknown):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    _ = [event async for event in product.answers.StreamAnswer(asked, metadata=foreign, timeout=10)]
                detail = info(caught.value)
                said.append((caught.value.code(), caught.value.details(), detail.reason))
                assert dict(detail.metadata) == {"request_id": asked.request_id}
        assert set(said) == {said[0]}
        assert said[0][2] == "RUN_NOT_FOUND"
        assert [event async for event in product.answers.StreamAnswer(resumed, metadata=world.token(), timeout=10)]


async def test_one_request_id_of_a_hundred_subjects_is_a_hundred_requests(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:

        async def asked(number: int) -> None:
            request = answer_service_pb2.AnswerRequest(question=question(f"Lambda {number}?"), request_id="order-4711")
            await product.answers.Answer(request, metadata=world.token(sub=f"subject-{number}"), timeout=30)

        before = len(product.generator.requests)
        # A hundred searches wait for the store's threads: how long that takes is not what is asked here.
        with waiting_skipped():
            await asyncio.gather(*(asked(number) for number in range(100)))
        assert len(product.generator.requests) == before + 100


async def test_a_page_token_opens_nothing_of_another_tenant(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        first = await product.documents.ListDocuments(
            document_service_pb2.ListDocumentsRequest(page_size=1), metadata=world.token()
        )
        assert first.next_page_token
        await ingest(product, ("zebra", "Of globex."), metadata=world.api_key(tenant="globex"))
        request = document_service_pb2.ListDocumentsRequest(page_token=first.next_page_token)
        theirs = await product.documents.ListDocuments(request, metadata=world.token(tenant="globex"))
        assert [each.document_id for each in theirs.documents] == ["zebra"]
