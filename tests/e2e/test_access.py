"""Who may come in: every RPC against every way to be somebody else, then the ways in."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import grpc
import grpc.aio
import pytest
from google.protobuf import duration_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from joserfc.jwk import RSAKey

from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, retrieval_service_pb2
from groundwire_server.adapters.authentication import key_file
from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.app.access import AccessOptions, access
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.refusal import Refusal
from groundwire_server.edge.roles import ROLES
from tests.doubles.generator import DONE, ScriptedGenerator, Wait
from tests.doubles.issuer import AUDIENCE, Issuer
from tests.e2e.calls import ACME, info, ingest, open_document, question
from tests.e2e.conftest import Product, Serve
from tests.e2e.methods import METHODS, Method

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
FORBIDDEN = grpc.StatusCode.PERMISSION_DENIED
TENANTS = frozenset({"acme", "globex"})

Metadata = tuple[tuple[str, str], ...]


class World:
    """An issuer and a file of keys that the server trusts, and what callers make of them."""

    def __init__(self, folder: Path) -> None:
        self.issuer = Issuer()
        self.issuer.rotate("rsa", RSA)
        self.stranger: Issuer = Issuer()
        self.stranger.rotate("rsa", OTHER_RSA)
        self.jwks = folder / "jwks.json"
        self.keys = folder / "keys.json"
        self.publish()
        with key_file.changing(self.keys):
            pass

    @property
    def options(self) -> AccessOptions:
        issuer = IssuerOptions(self.issuer.name, AUDIENCE, str(self.jwks))
        return AccessOptions(self.keys, (issuer,), tenants=TENANTS)

    def publish(self) -> None:
        self.jwks.write_bytes(self.issuer.jwks)

    def claims(self, **changes: Any) -> dict[str, Any]:
        return self.issuer.claims(time.time(), **({"roles": ["admin"]} | changes))

    def token(self, **changes: Any) -> Metadata:
        return bearer(self.issuer.sign(self.claims(**changes)))

    def api_key(
        self, *, tenant: str = "acme", roles: frozenset[Role] = frozenset({Role.ADMIN}), days: float = 1.0
    ) -> Metadata:
        now = SystemClock().today()
        caller = Caller(tenant, "app", frozenset({"staff"}), roles)
        key, text = key_file.new_key(caller, now, now + timedelta(days=days))
        with key_file.changing(self.keys) as keys:
            keys[key.key_id] = key
        return presented(text)

    def revoked_key(self) -> Metadata:
        metadata = self.api_key()
        self.revoke(metadata)
        return metadata

    def revoke(self, metadata: Metadata) -> None:
        with key_file.changing(self.keys) as keys:
            key_id = metadata[0][1].split("_")[1]
            keys[key_id] = key_file.revoked(keys[key_id], SystemClock().today())

    def take_roles(self, metadata: Metadata) -> None:
        with key_file.changing(self.keys) as keys:
            key_id = metadata[0][1].split("_")[1]
            keys[key_id] = replace(keys[key_id], caller=replace(keys[key_id].caller, roles=frozenset()))


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def presented(key: str) -> Metadata:
    return (("groundwire-api-key", key),)


RSA, OTHER_RSA = RSAKey.generate_key(2048), RSAKey.generate_key(2048)


@dataclass(frozen=True)
class Wrong:
    """One way not to be let in."""

    name: str
    make: Callable[[World, Method], Metadata]
    word: Refusal
    code: grpc.StatusCode = UNAUTHENTICATED
    told: Callable[[Method], dict[str, str]] = field(default=lambda method: {})


def _under_privileged(method: Method) -> list[str]:
    return sorted(set(Role) - ROLES[method.name] - {Role.ADMIN})


def _needed(method: Method) -> dict[str, str]:
    return {"role": ",".join(sorted(ROLES[method.name]))}


def _wrong_key(world: World, method: Method) -> Metadata:
    ((_, text),) = world.api_key()
    return presented(text[:-4] + ("AAAA" if not text.endswith("AAAA") else "BBBB"))


TABLE = [
    Wrong("no credential", lambda world, method: (), Refusal.NO_CREDENTIAL),
    Wrong(
        "a tenant, a subject and principals by name alone",
        lambda world, method: (("groundwire-tenant", "acme"), ("groundwire-subject", "alice")),
        Refusal.NO_CREDENTIAL,
    ),
    Wrong(
        "wrong: signed by a stranger",
        lambda world, method: bearer(world.stranger.sign(world.claims())),
        Refusal.TOKEN_SIGNATURE,
    ),
    Wrong("wrong: no token at all", lambda world, method: bearer("hush-hush"), Refusal.TOKEN_MALFORMED),
    Wrong(
        "wrong: another scheme",
        lambda world, method: (("authorization", "Basic aHVzaDpodXNo"),),
        Refusal.TOKEN_MALFORMED,
    ),
    Wrong("wrong: another issuer", lambda world, method: world.token(iss="https://evil.example"), Refusal.TOKEN_ISSUER),
    Wrong("wrong: another key's secret", _wrong_key, Refusal.API_KEY_UNKNOWN),
    Wrong("wrong: revoked key", lambda world, method: world.revoked_key(), Refusal.API_KEY_REVOKED),
    Wrong("expired token", lambda world, method: world.token(exp=time.time() - 60.0), Refusal.TOKEN_EXPIRED),
    Wrong("expired key", lambda world, method: world.api_key(days=-1.0), Refusal.API_KEY_EXPIRED),
    Wrong("not yet valid", lambda world, method: world.token(nbf=time.time() + 60.0), Refusal.TOKEN_NOT_YET_VALID),
    Wrong(
        "issued in the future", lambda world, method: world.token(iat=time.time() + 60.0), Refusal.TOKEN_NOT_YET_VALID
    ),
    Wrong(
        "foreign tenant: named beside a token",
        lambda world, method: (*world.token(), ("groundwire-tenant", "globex")),
        Refusal.TENANT_CONTRADICTED,
        FORBIDDEN,
    ),
    Wrong(
        "foreign tenant: named beside a key",
        lambda world, method: (*world.api_key(), ("groundwire-tenant", "globex")),
        Refusal.TENANT_CONTRADICTED,
        FORBIDDEN,
    ),
    Wrong(
        "foreign tenant: one that there is not",
        lambda world, method: world.token(tenant="initech"),
        Refusal.TENANT_UNKNOWN,
        FORBIDDEN,
    ),
    Wrong("wrong audience", lambda world, method: world.token(aud="another"), Refusal.TOKEN_AUDIENCE),
    Wrong("alg none", lambda world, method: bearer(world.issuer.unsigned(world.claims())), Refusal.TOKEN_ALGORITHM),
    Wrong(
        "key confusion", lambda world, method: bearer(world.issuer.confused(world.claims())), Refusal.TOKEN_ALGORITHM
    ),
    Wrong(
        "under-privileged token",
        lambda world, method: world.token(roles=_under_privileged(method)),
        Refusal.ROLE_MISSING,
        FORBIDDEN,
        _needed,
    ),
    Wrong(
        "under-privileged key",
        lambda world, method: world.api_key(roles=frozenset(Role(role) for role in _under_privileged(method))),
        Refusal.ROLE_MISSING,
        FORBIDDEN,
        _needed,
    ),
    Wrong("no role", lambda world, method: world.token(roles=[]), Refusal.ROLE_MISSING, FORBIDDEN, _needed),
    Wrong("two credentials", lambda world, method: (*world.token(), *world.api_key()), Refusal.SEVERAL_CREDENTIALS),
    Wrong("two tokens", lambda world, method: (*world.token(), *world.token()), Refusal.SEVERAL_CREDENTIALS),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@asynccontextmanager
async def let_in(serve: Serve, world: World, *arguments: Any) -> AsyncIterator[Product]:
    """A server with authentication that holds two documents of acme."""
    async with (
        access(world.options, SystemClock()) as opened,
        serve(*arguments, access=opened) as product,
    ):
        writer = world.api_key(roles=frozenset({Role.WRITER}))
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."), metadata=writer)
        await ingest(product, ("generators", "Generators yield values lazily."), metadata=writer)
        yield product


async def state(product: Product, world: World) -> object:
    """All that a call could have changed or set off."""
    listed = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=world.token())
    asked = (len(product.generator.requests), len(product.embedder.calls))
    return asked, [(each.document_id, each.revision) for each in listed.documents]


@pytest.mark.parametrize("wrong", TABLE, ids=lambda wrong: wrong.name)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name.rpartition("/")[2])
async def test_every_rpc_refuses_whoever_may_not_come_in(
    serve: Serve, world: World, method: Method, wrong: Wrong, caplog: pytest.LogCaptureFixture
) -> None:
    async with let_in(serve, world) as product:
        before = await state(product, world)
        metadata = wrong.make(world, method)
        caplog.clear()
        product.spans.clear()

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method.call(product.channel, metadata)

        assert caught.value.code() is wrong.code
        said = info(caught.value)
        assert said.reason == ("FORBIDDEN" if wrong.code is FORBIDDEN else "UNAUTHENTICATED")
        assert dict(said.metadata) == wrong.told(method)
        event = _security_event(caplog)
        assert (event["reason"], event["method"], event["peer"]) == (wrong.word, method.name, "127.0.0.1")
        trailers = dict(list(caught.value.trailing_metadata() or ()))
        assert event["request_id"] == trailers["groundwire-request-id"]
        assert event["trace_id"] == trailers["groundwire-trace-id"]
        told = repr([vars(record) for record in caplog.records]) + product.spans.everything() + repr(caught.value)
        for secret in _secrets(metadata):
            assert secret not in told
        assert await state(product, world) == before


def _security_event(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = [record for record in caplog.records if record.name == "groundwire.security"]
    assert vars(record)["event"] == "call_refused"
    return vars(record)


def _secrets(metadata: Metadata) -> Iterator[str]:
    """What must appear nowhere: whole credentials, and the parts that make them work."""
    for key, value in metadata:
        if key == "authorization":
            scheme, _, token = value.partition(" ")
            assert scheme
            yield from (part for part in (token, *token.split(".")) if len(part) > 8)
        if key == "groundwire-api-key":
            yield value
            yield value.split("_", 2)[2]


async def _by_token(world: World, roles: frozenset[Role]) -> Metadata:
    return world.token(roles=sorted(roles))


async def _by_api_key(world: World, roles: frozenset[Role]) -> Metadata:
    return world.api_key(roles=roles)


@pytest.mark.parametrize("admin", [False, True], ids=["by its row's role", "admin"])
@pytest.mark.parametrize("present", [_by_token, _by_api_key])
async def test_every_rpc_lets_its_roles_in(
    serve: Serve, world: World, present: Callable[..., Any], admin: bool, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    async with let_in(serve, world) as product:
        caplog.clear()
        for method in sorted(METHODS, key=lambda method: method.name.endswith("DeleteDocument")):
            metadata = await present(world, frozenset({Role.ADMIN}) if admin else ROLES[method.name])
            shown += _secrets(metadata)
            assert await method.call(product.channel, metadata), method.name
    assert not [record for record in caplog.records if record.name == "groundwire.security"]
    told = repr([vars(record) for record in caplog.records]) + product.spans.everything()
    assert len(shown) >= 2 * len(METHODS)
    assert not any(secret in told for secret in shown)


async def test_a_credential_may_say_again_which_tenant_it_is_of(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        metadata = (*world.token(), ("groundwire-tenant", "acme"))
        response = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=metadata)
    assert len(response.documents) == 2


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


async def test_an_issuers_new_key_counts_at_once_and_its_old_one_not_for_long(serve: Serve, world: World) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with let_in(serve, world) as product:
        old = world.token()
        await product.documents.GetCorpusVersion(request, metadata=old)
        world.issuer.keys.clear()
        world.issuer.rotate("after")
        world.publish()
        assert (await product.documents.GetCorpusVersion(request, metadata=world.token())).corpus_version
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.documents.GetCorpusVersion(request, metadata=old)
    assert caught.value.code() is UNAUTHENTICATED


async def test_another_access_counts_from_the_next_call_on(serve: Serve, world: World) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with let_in(serve, world) as product:
        metadata = world.token()
        await product.documents.GetCorpusVersion(request, metadata=metadata)
        narrowed = AccessOptions(world.keys, tenants=TENANTS)
        async with access(narrowed, SystemClock()) as opened:
            product.current.offer = replace(product.current.offer, access=opened)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await product.documents.GetCorpusVersion(request, metadata=metadata)
            assert (await product.documents.GetCorpusVersion(request, metadata=world.api_key())).corpus_version
    assert caught.value.code() is UNAUTHENTICATED


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (World.revoke, Refusal.API_KEY_REVOKED),
        (World.take_roles, Refusal.ROLE_MISSING),
    ],
)
async def test_an_ingest_that_runs_ends_with_its_credential(
    serve: Serve,
    world: World,
    end: Callable[[World, Metadata], None],
    word: Refusal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with let_in(serve, world) as product:
        metadata = world.api_key(roles=frozenset({Role.WRITER}))
        call = product.documents.IngestDocuments(metadata=metadata, timeout=10)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("before", "Before.")))
        stored = await call.read()
        assert isinstance(stored, document_service_pb2.IngestDocumentsResponse)
        end(world, metadata)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("after", "After.")))
        assert await call.code() is (FORBIDDEN if word is Refusal.ROLE_MISSING else UNAUTHENTICATED)
        assert _security_event(caplog)["reason"] == word
        _, documents = cast("tuple[object, list[tuple[str, int]]]", await state(product, world))
    assert [document_id for document_id, _ in documents] == ["before", "generators", "lambdas"]


async def test_an_ingest_that_runs_ends_with_its_tenant(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        call = product.documents.IngestDocuments(metadata=world.token(), timeout=10)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("before", "Before.")))
        assert await call.read() is not grpc.aio.EOF
        narrowed = replace(product.current.offer.access, tenants=frozenset({"globex"}))
        product.current.offer = replace(product.current.offer, access=narrowed)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("after", "After.")))
        assert await call.code() is FORBIDDEN


async def _reflected(product: Product, metadata: Metadata) -> set[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(product.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    call = stub.ServerReflectionInfo(iter([asked]), metadata=metadata, timeout=10)
    (response,) = [response async for response in call]
    return {service.name for service in response.list_services_response.service}


async def test_health_is_open_and_reflection_needs_any_valid_credential(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        health = await health_pb2_grpc.HealthStub(product.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        for metadata in ((), bearer("hush-hush"), world.token(tenant="initech")):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await _reflected(product, metadata)
            assert caught.value.code() in {UNAUTHENTICATED, FORBIDDEN}
        assert "groundwire.v1.AnswerService" in await _reflected(product, world.token(roles=[]))
        assert "groundwire.v1.AnswerService" in await _reflected(product, world.api_key(roles=frozenset()))


async def test_without_authentication_a_tenant_may_still_be_one_that_there_is_not(serve: Serve) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with access(AccessOptions(tenants=TENANTS), SystemClock()) as opened, serve(access=opened) as product:
        assert (await product.documents.GetCorpusVersion(request, metadata=ACME)).corpus_version
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.documents.GetCorpusVersion(request, metadata=(("groundwire-tenant", "initech"),))
        assert "groundwire.v1.AnswerService" in await _reflected(product, ())
    assert caught.value.code() is FORBIDDEN
    assert dict(info(caught.value).metadata) == {}
