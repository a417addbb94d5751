"""Every call is bounded on the wire, repeated no longer than it may take, traced, and fails in our own words."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from json import JSONDecodeError

import grpc
import httpx
import pytest
from opentelemetry.trace import StatusCode
from weaviate import exceptions

from groundwire_server.adapters.store.weaviate import connection
from groundwire_server.adapters.store.weaviate.failures import (
    RefusedObjectsError,
    StoreFailure,
    WeaviateFault,
    WireError,
    map_failures,
)
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions, WriteOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document, Listing
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import ALICE, ALL, AXES, altered, chunk, near, opened_weaviate, secret, weaviate_options
from tests.doubles.spans import Spans
from tests.doubles.weaviate.server import FakeWeaviate

PRIVATE = "a-private-name"


def soon(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def search(bench: Bench, by: Deadline = NEVER) -> list[str]:
    found = await bench.weaviate.retriever.search(ALICE, Query("parcels", near(0), 5), by)
    return [passage.chunk_id for passage in found.passages]


async def fault_of(call: Awaitable[object]) -> WeaviateFault:
    with pytest.raises(StoreFailure) as failure:
        await call
    return failure.value.fault


class TestDeadlines:
    async def test_go_to_the_server_with_every_call(self, bench: Bench) -> None:
        document = Document("post", "Parcels.", allowed_principals=ALL)
        await bench.weaviate.corpus.put(ALICE, document, "1", [chunk("c", "Parcels.", near(0))], soon(20))
        await bench.weaviate.corpus.put(ALICE, document, "2", [chunk("d", "Parcels.", near(0))], soon(20))
        await search(bench, soon(20))
        await bench.weaviate.corpus.page(ALICE, Listing(), None, 5, soon(20))
        await bench.weaviate.sentence_vectors.sentences("acme", ["c"], soon(20))
        assert {"Search", "BatchObjects", "BatchDelete"} <= set(bench.methods)
        for call in bench.world.calls:
            assert call.remaining is not None
            assert 10 < call.remaining < 21

    async def test_bound_calls_that_have_none(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        bench.clear()
        await search(bench)
        call = bench.world.calls[0]
        assert call.remaining is not None
        # From ten seconds on, gRPC rounds a deadline up to a tenth of a second on the wire.
        assert call.remaining <= 60.1

    async def test_end_a_call_that_the_server_is_slow_with(self, bench: Bench) -> None:
        bench.world.delay = 30
        began = asyncio.get_running_loop().time()
        assert await fault_of(search(bench, soon(0.1))) is WeaviateFault.SLOW
        assert asyncio.get_running_loop().time() - began < 5

    async def test_of_a_caller_that_waits_for_a_place_are_kept(self, double: FakeWeaviate) -> None:
        options = weaviate_options(double)
        options = altered(options, max_concurrent=1)
        async with opened_weaviate(options) as store:
            await store.corpus.version(ALICE, NEVER)
            double.world.delay = 30
            double.world.arrived.clear()
            first = asyncio.create_task(store.corpus.version(ALICE, NEVER))
            await double.world.arrived.wait()
            double.world.calls.clear()
            assert await fault_of(store.corpus.version(ALICE, soon(0.1))) is WeaviateFault.SLOW
            assert double.world.calls == []
            first.cancel()
            await asyncio.wait([first])


async def test_a_caller_that_leaves_ends_the_call_at_the_server(bench: Bench) -> None:
    await bench.store.put("post", "Parcels.")
    bench.world.delay = 30
    bench.clear()
    task = asyncio.create_task(search(bench))
    await bench.world.arrived.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    async with asyncio.timeout(5):
        while not bench.world.cancelled:  # noqa: ASYNC110 - it happens in the server's own time
            await asyncio.sleep(0.001)


class TestUnavailable:
    async def test_for_a_moment_is_tried_again(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels.", near(0)))
        bench.clear()
        bench.world.unavailable = 2
        assert await search(bench) == ["c"]
        assert len(bench.searches) == 3
        assert bench.spans.attributes("search.hybrid Groundwire")["groundwire.db.attempts"] == 3

    async def test_for_longer_is_a_failure_before_the_deadline(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        bench.clear()
        bench.world.unavailable = 1000
        assert await fault_of(search(bench, soon(5))) is WeaviateFault.UNAVAILABLE
        assert len(bench.world.calls) == 3

    async def test_is_not_tried_again_when_no_time_is_left_for_it(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        bench.clear()
        bench.world.unavailable = 1000
        assert await fault_of(search(bench, soon(0.04))) in {WeaviateFault.UNAVAILABLE, WeaviateFault.SLOW}
        assert len(bench.world.calls) <= 1

    async def test_from_the_start_is_a_failure_and_is_over_once_it_listens(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with FakeWeaviate() as double:
            store = WeaviateStore.open(weaviate_options(double), AXES, SystemClock(), Spans().recording)
            try:
                async with double.away():
                    assert await fault_of(store.corpus.version(ALICE, soon(5))) is WeaviateFault.UNAVAILABLE
                # Once for the call, whatever it was tried.
                (told,) = caplog.records
                assert vars(told)["addresses"] == f"127.0.0.1:{double.http_port} and 127.0.0.1:{double.grpc_port}"
                await store.schema.apply(await store.schema.plan(NEVER), NEVER)
                assert await store.corpus.version(ALICE, soon(5)) == "empty"
            finally:
                await store.close()

    async def test_in_between_is_over_once_it_listens_again(self) -> None:
        async with FakeWeaviate() as double:
            store = WeaviateStore.open(weaviate_options(double), AXES, SystemClock(), Spans().recording)
            try:
                await store.schema.apply(await store.schema.plan(NEVER), NEVER)
                assert await store.corpus.version(ALICE, NEVER) == "empty"
                async with double.away():
                    assert await fault_of(store.corpus.version(ALICE, soon(5))) is WeaviateFault.UNAVAILABLE
                async with asyncio.timeout(10):
                    while True:
                        try:
                            assert await store.corpus.version(ALICE, soon(2)) == "empty"
                            break
                        except StoreFailure as failure:
                            assert failure.fault is WeaviateFault.UNAVAILABLE  # noqa: PT017
            finally:
                await store.close()

    async def test_is_what_a_closed_store_is(self, bench: Bench) -> None:
        await bench.weaviate.close()
        assert await fault_of(search(bench)) is WeaviateFault.UNAVAILABLE


class TestAWeaviateThatStarts:
    async def test_is_unavailable_until_it_has_loaded_its_collections(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels.", near(0)))
        bench.world.loaded = False
        corpus, by = bench.weaviate.corpus, soon(20)
        calls: list[Awaitable[object]] = [
            search(bench, by),
            corpus.version(ALICE, by),
            corpus.put(ALICE, Document("d", "x"), "1", [], by),
            corpus.delete(ALICE, "post", by),
            bench.weaviate.schema.plan(by),
            bench.weaviate.recovery.sweep(0),
        ]
        for call in calls:
            assert await fault_of(call) is WeaviateFault.UNAVAILABLE
        bench.world.loaded = True
        assert await search(bench) == ["c"]

    async def test_is_asked_again_when_it_has_become_ready_since(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels.", near(0)))
        bench.world.says = [(grpc.StatusCode.UNKNOWN, "could not find class Groundwire in schema")]
        assert await search(bench) == ["c"]

    async def test_has_no_tenant_that_is_taken_for_a_new_one(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        bench.world.says = [(grpc.StatusCode.UNKNOWN, 'tenant not found: "acme"')]
        stored = await bench.store.put("post", "Letters.")
        assert stored.revision == 2


REQUEST = httpx.Request("GET", "http://weaviate.internal/v1/meta")
RAISED: list[tuple[Exception, WeaviateFault]] = [
    *((kind("x"), WeaviateFault.UNAVAILABLE) for kind in (httpx.ConnectError, httpx.ReadError, httpx.WriteError)),
    *((kind("x"), WeaviateFault.UNAVAILABLE) for kind in (httpx.CloseError, httpx.RemoteProtocolError)),
    *((kind("x"), WeaviateFault.UNAVAILABLE) for kind in (httpx.LocalProtocolError, httpx.ProxyError)),
    (httpx.ConnectTimeout("x"), WeaviateFault.UNAVAILABLE),
    *((kind("x"), WeaviateFault.SLOW) for kind in (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout)),
    (httpx.StreamClosed(), WeaviateFault.UNAVAILABLE),
    (httpx.UnsupportedProtocol("x"), WeaviateFault.NO_WEAVIATE),
    (httpx.TooManyRedirects("x", request=REQUEST), WeaviateFault.NO_WEAVIATE),
    (httpx.DecodingError("x"), WeaviateFault.OTHER),
    (httpx.HTTPStatusError("x", request=REQUEST, response=httpx.Response(500)), WeaviateFault.OTHER),
    (JSONDecodeError("x", "", 0), WeaviateFault.OTHER),
    (ConnectionResetError("x"), WeaviateFault.UNAVAILABLE),
    (TimeoutError("x"), WeaviateFault.SLOW),
    (exceptions.WeaviateConnectionError("x"), WeaviateFault.UNAVAILABLE),
    (exceptions.WeaviateStartUpError("x"), WeaviateFault.UNAVAILABLE),
    (exceptions.WeaviateGRPCUnavailableError("x", ("h", 1)), WeaviateFault.UNAVAILABLE),
    (exceptions.WeaviateClosedClientError(), WeaviateFault.UNAVAILABLE),
    (exceptions.WeaviateRetryError("x", 3), WeaviateFault.UNAVAILABLE),
    (exceptions.WeaviateTimeoutError("x"), WeaviateFault.SLOW),
    (exceptions.AuthenticationFailedError("x"), WeaviateFault.WRONG_KEY),
    (exceptions.MissingScopeError("x"), WeaviateFault.WRONG_KEY),
    (exceptions.EmptyResponseError("x"), WeaviateFault.OTHER),
    (exceptions.WeaviateDeleteManyError("[UNKNOWN] not enough memory"), WeaviateFault.OVERLOADED),
    (exceptions.ResponseCannotBeDecodedError("x", httpx.Response(200, request=REQUEST)), WeaviateFault.OTHER),
    *(
        (exceptions.UnexpectedStatusCodeError(said, httpx.Response(status, text=said, request=REQUEST)), fault)
        for status, said, fault in (
            (401, "x", WeaviateFault.WRONG_KEY),
            (403, "x", WeaviateFault.WRONG_KEY),
            (429, "x", WeaviateFault.OVERLOADED),
            (503, "x", WeaviateFault.UNAVAILABLE),
            (422, "tenant not found", WeaviateFault.MISSING_TENANT),
        )
    ),
    (WireError("UNAVAILABLE", ""), WeaviateFault.UNAVAILABLE),
    (RefusedObjectsError(1, "store is read-only"), WeaviateFault.READ_ONLY),
]


@pytest.mark.parametrize(("raised", "fault"), RAISED, ids=[type(raised).__name__ for raised, _ in RAISED])
def test_every_error_of_the_client_is_a_fault(raised: Exception, fault: WeaviateFault) -> None:
    with pytest.raises(StoreFailure) as failure, map_failures():
        raise raised
    assert failure.value.fault is fault
    assert failure.value.__cause__ is None


async def test_a_connection_that_breaks_within_a_rest_call_is_one(bench: Bench, options: WeaviateOptions) -> None:
    async with opened_weaviate(altered(options, max_attempts=1)) as store:
        await store.corpus.version(ALICE, NEVER)
        bench.world.killed.set()
        assert await fault_of(store.probe.meta(soon(20))) is WeaviateFault.UNAVAILABLE


SAID = [
    (grpc.StatusCode.UNKNOWN, f'search: tenant not active: "{PRIVATE}"', WeaviateFault.INACTIVE_TENANT),
    (grpc.StatusCode.UNKNOWN, f"could not find class {PRIVATE} in schema", WeaviateFault.MISSING_COLLECTION),
    (grpc.StatusCode.UNKNOWN, f"no such prop with name '{PRIVATE}' found", WeaviateFault.SCHEMA),
    (grpc.StatusCode.UNKNOWN, f"{PRIVATE}: 384 vs 512: vector lengths don't match", WeaviateFault.SCHEMA),
    (grpc.StatusCode.UNKNOWN, f"class {PRIVATE} does not have named vector text configured.", WeaviateFault.SCHEMA),
    (grpc.StatusCode.UNKNOWN, "extract auth: unauthorized: invalid api key", WeaviateFault.WRONG_KEY),
    (grpc.StatusCode.UNAUTHENTICATED, PRIVATE, WeaviateFault.WRONG_KEY),
    (grpc.StatusCode.PERMISSION_DENIED, PRIVATE, WeaviateFault.WRONG_KEY),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, PRIVATE, WeaviateFault.OVERLOADED),
    (grpc.StatusCode.UNKNOWN, f"{PRIVATE}: not enough memory", WeaviateFault.OVERLOADED),
    (grpc.StatusCode.DEADLINE_EXCEEDED, PRIVATE, WeaviateFault.SLOW),
    (grpc.StatusCode.UNKNOWN, f"{PRIVATE}: context deadline exceeded", WeaviateFault.SLOW),
    (grpc.StatusCode.UNIMPLEMENTED, PRIVATE, WeaviateFault.NO_WEAVIATE),
    (grpc.StatusCode.INTERNAL, PRIVATE, WeaviateFault.OTHER),
]


class TestFailures:
    @pytest.mark.parametrize(("code", "sentence", "fault"), SAID)
    async def test_have_a_cause_and_none_of_the_servers_words(
        self,
        bench: Bench,
        caplog: pytest.LogCaptureFixture,
        code: grpc.StatusCode,
        sentence: str,
        fault: WeaviateFault,
    ) -> None:
        await bench.store.put("post", "Parcels.")
        bench.clear()
        # What a Weaviate that starts may say is asked for again.
        bench.world.says = [(code, sentence)] * 2
        with pytest.raises(StoreFailure) as failure:
            await search(bench)
        assert failure.value.fault is fault
        chain = [failure.value, failure.value.__cause__, *failure.value.args]
        told = "".join(map(repr, chain)) + caplog.text + bench.spans.everything()
        assert PRIVATE not in told
        assert "invalid api key" not in told
        attributes = bench.spans.attributes("search.hybrid Groundwire")
        assert attributes["error.type"] == fault.name

    async def test_are_of_causes_that_the_policy_knows(self) -> None:
        causes = {fault: StoreFailure(fault).cause for fault in WeaviateFault}
        assert causes[WeaviateFault.SLOW] is Cause.STORE_TIMEOUT
        assert {
            causes[each] for each in (WeaviateFault.UNAVAILABLE, WeaviateFault.OVERLOADED, WeaviateFault.OTHER)
        } == {Cause.STORE_UNAVAILABLE}
        assert causes[WeaviateFault.MODULE] is Cause.EMBEDDER_UNAVAILABLE
        others = {
            WeaviateFault.MODULE,
            WeaviateFault.SLOW,
            WeaviateFault.UNAVAILABLE,
            WeaviateFault.OVERLOADED,
            WeaviateFault.OTHER,
        }
        misconfigured = set(WeaviateFault) - others
        assert {causes[each] for each in misconfigured} == {Cause.STORE_MISCONFIGURED}

    async def test_a_wrong_key_is_one_at_the_first_call(self, options: WeaviateOptions) -> None:
        wrong = altered(options, api_key=secret("another"))
        store = WeaviateStore.open(wrong, AXES, SystemClock(), Spans().recording)
        assert await fault_of(store.corpus.version(ALICE, NEVER)) is WeaviateFault.WRONG_KEY
        await store.close()

    async def test_a_key_taken_back_is_one_too(self, bench: Bench) -> None:
        bench.world.key = "changed"
        assert await fault_of(bench.weaviate.corpus.version(ALICE, NEVER)) is WeaviateFault.WRONG_KEY

    async def test_collections_that_are_not_there_are_one(self, options: WeaviateOptions) -> None:
        store = WeaviateStore.open(options, AXES, SystemClock(), Spans().recording)
        for call in (store.corpus.version(ALICE, NEVER), store.corpus.put(ALICE, Document("d", "x"), "1", [], NEVER)):
            assert await fault_of(call) is WeaviateFault.MISSING_COLLECTION
        await store.close()

    async def test_a_store_that_takes_no_writes_is_one(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels.", near(0)))
        bench.world.collections["Groundwire"].read_only = True
        assert await fault_of(bench.store.put("post", "Letters.")) is WeaviateFault.READ_ONLY
        assert await search(bench) == ["c"]

    async def test_vectors_of_another_length_are_one(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels.", near(0)))
        long = chunk("d", "Letters.", near(0) + near(1))
        assert await fault_of(bench.store.put("other", long)) is WeaviateFault.SCHEMA

    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            ("not enough memory", WeaviateFault.OVERLOADED),
            (f"class '{PRIVATE}' not present in schema", WeaviateFault.MISSING_COLLECTION),
        ],
    )
    async def test_a_single_object_refused_is_one(self, bench: Bench, said: str, fault: WeaviateFault) -> None:
        await bench.store.put("post", "Parcels.")
        bench.world.refusals = [said] * 2
        assert await fault_of(bench.store.put("post", *(f"Parcels {each}." for each in range(3)))) is fault

    async def test_a_tenant_that_an_operator_must_make_is_one_and_is_logged(
        self, options: WeaviateOptions, caplog: pytest.LogCaptureFixture
    ) -> None:
        options = altered(options, write=WriteOptions(create_tenants=False))
        async with opened_weaviate(options) as store:
            put = store.corpus.put(ALICE, Document("d", "x"), "1", [], NEVER)
            for call in (store.corpus.version(ALICE, NEVER), put):
                caplog.clear()
                assert await fault_of(call) is WeaviateFault.MISSING_TENANT
                assert caplog.messages == [f"{WeaviateFault.MISSING_TENANT}."]

    async def test_a_tenant_that_nothing_was_stored_for_is_none(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert await bench.weaviate.corpus.version(ALICE, NEVER) == "empty"
        assert caplog.messages == []
        # It would keep the trace of every tenant's first document.
        assert {span.status.status_code for span in bench.spans.finished} == {StatusCode.UNSET}


CALLS: dict[str, Callable[[WeaviateStore, Deadline], Awaitable[object]]] = {
    "search": lambda store, by: store.retriever.search(ALICE, Query("parcels", None, 5), by),
    "plan": lambda store, by: store.schema.plan(by),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_nothing_is_sent_when_the_time_is_up(
    bench: Bench, call: Callable[[WeaviateStore, Deadline], Awaitable[object]]
) -> None:
    with pytest.raises(Failure) as failure:
        await call(bench.weaviate, soon(-0.001))
    assert failure.value.cause is Cause.STORE_TIMEOUT
    assert bench.world.calls == []


class TestSpans:
    async def test_tell_what_was_called_and_what_came_back(self, bench: Bench) -> None:
        await bench.store.put("post", chunk("c", "Parcels wait.", near(0)), chunk("d", "Parcels fly.", near(1), 1))
        bench.clear()
        await search(bench)
        attributes = bench.spans.attributes("search.hybrid Groundwire")
        assert attributes["db.system.name"] == "weaviate"
        assert attributes["db.collection.name"] == "Groundwire"
        assert attributes["db.namespace"] == "acme"
        assert attributes["db.operation.name"] == "search.hybrid"
        assert attributes["db.response.returned_rows"] == 2
        assert attributes["groundwire.vector_similarity.best"] == pytest.approx(1.0)
        assert "Parcels" not in bench.spans.everything()
        assert "secret-key" not in bench.spans.everything()

    async def test_name_the_server_that_a_call_goes_to(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        await bench.weaviate.probe.meta(NEVER)
        ports = {span.name.split()[0]: (span.attributes or {})["server.port"] for span in bench.spans.finished}
        assert {(span.attributes or {})["server.address"] for span in bench.spans.finished} == {"127.0.0.1"}
        assert ports["meta"] == bench.double.http_port
        assert ports["batch.objects"] == bench.double.grpc_port

    @pytest.mark.parametrize("fair", [True, False], ids=["a fair deadline", "one that is too short"])
    async def test_of_a_stalled_store_have_an_error_where_a_deadline_above_fires_first(
        self, bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, fair: bool
    ) -> None:
        monkeypatch.setattr(connection, "_FAIR_SECONDS", 0.0 if fair else 10.0)
        caplog.set_level(logging.WARNING)
        await bench.store.put("post", "Parcels.")
        bench.world.delay = 30
        bench.clear()
        deadline = soon(0.3)
        with pytest.raises(TimeoutError):
            # Both fire in the same turn of the loop, and the outer one was set first.
            async with asyncio.timeout_at(deadline.at):
                await search(bench, deadline)
        (span,) = bench.spans.finished
        assert span.status.status_code is StatusCode.ERROR
        assert bench.spans.attributes(span.name)["error.type"] == "SLOW"
        assert caplog.messages == (["Weaviate took longer than the call's deadline."] if fair else [])

    async def test_of_a_call_whose_caller_left_have_none(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        bench.world.delay = 30
        bench.clear()
        caplog.set_level(logging.WARNING)
        task = asyncio.create_task(search(bench))
        await bench.world.arrived.wait()
        task.cancel()
        await asyncio.wait([task])
        (span,) = bench.spans.finished
        assert span.status.status_code is StatusCode.UNSET
        assert bench.spans.attributes(span.name)["groundwire.cancelled"] is True
        assert caplog.messages == []

    async def test_go_on_at_the_server(self, bench: Bench) -> None:
        await bench.store.put("post", "Parcels.")
        bench.clear()
        await search(bench)
        call = bench.world.calls[0]
        span = bench.spans.finished[0]
        context = span.get_span_context()
        assert context is not None
        assert (
            call.metadata["traceparent"]
            == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )
        assert call.metadata["authorization"] == "Bearer secret-key"
