"""What becomes of calls that Pinecone refuses, answers late, or does not answer."""

import asyncio
from dataclasses import replace

import pytest

from groundwire_server.adapters.store.pinecone.failures import PineconeFailure, PineconeFault
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Cause, Reason
from tests.adapters.store.pinecone.conftest import Bench
from tests.contract.stores import ALICE, ALL, altered, chunk, near, opened_pinecone, secret
from tests.doubles.pinecone.server import FakePinecone

PERSISTENT = 9


@pytest.mark.parametrize(
    ("status", "fault", "cause"),
    [
        (400, PineconeFault.WRONG_INDEX, Cause.STORE_MISCONFIGURED),
        (402, PineconeFault.QUOTA, Cause.STORE_MISCONFIGURED),
        (403, PineconeFault.WRONG_KEY, Cause.STORE_MISCONFIGURED),
        (404, PineconeFault.MISSING_INDEX, Cause.STORE_MISCONFIGURED),
        (413, PineconeFault.TOO_LARGE, Cause.STORE_MISCONFIGURED),
        (429, PineconeFault.THROTTLED, Cause.STORE_UNAVAILABLE),
        (500, PineconeFault.UNAVAILABLE, Cause.STORE_UNAVAILABLE),
        (503, PineconeFault.UNAVAILABLE, Cause.STORE_UNAVAILABLE),
    ],
)
async def test_a_status_is_a_fault_with_a_cause(bench: Bench, status: int, fault: PineconeFault, cause: Cause) -> None:
    bench.double.world.faults["/query"] = [(status, {})] * PERSISTENT
    with pytest.raises(PineconeFailure) as failure:
        await bench.store.corpus.version(ALICE, NEVER)
    assert (failure.value.fault, failure.value.cause) == (fault, cause)


async def test_what_is_unavailable_for_a_moment_is_asked_again(bench: Bench) -> None:
    await bench.store.put("post", "Parcels wait.")
    bench.double.world.faults["/query"] = [(503, {}), (429, {"retry-after": "0"})]
    assert await bench.store.found("parcels") == ["post/0"]


async def test_a_wait_that_pinecone_asks_for_is_not_cut_short(bench: Bench) -> None:
    bench.double.world.faults["/query"] = [(429, {"retry-after": "30"})]
    with pytest.raises(PineconeFailure) as failure:
        await bench.store.corpus.version(ALICE, Deadline(asyncio.get_running_loop().time() + 5.0))
    assert failure.value.retry_after == 30.0


async def test_a_refused_key_says_nothing_of_the_key(double: FakePinecone, options: PineconeOptions) -> None:
    async with opened_pinecone(altered(options, api_key=secret("hunter2"))) as store:
        with pytest.raises(PineconeFailure) as failure:
            await store.corpus.version(ALICE, NEVER)
    assert failure.value.fault is PineconeFault.WRONG_KEY
    assert failure.value.__cause__ is None
    assert "hunter2" not in repr(failure.value)


async def test_nobody_there_is_unavailable_until_somebody_is(bench: Bench) -> None:
    stored = await bench.store.put("post", "Parcels wait.")
    async with bench.double.away():
        with pytest.raises(Failure) as failure:
            await bench.store.corpus.version(ALICE, NEVER)
        assert failure.value.cause is Cause.STORE_UNAVAILABLE
    assert await bench.store.corpus.version(ALICE, NEVER) == stored.corpus_version


async def test_a_late_answer_is_the_stores_timeout(bench: Bench) -> None:
    bench.double.world.gates["/query"] = gate = asyncio.Event()
    with pytest.raises(Failure) as failure:
        await bench.store.corpus.version(ALICE, Deadline(asyncio.get_running_loop().time() + 0.05))
    assert failure.value.cause is Cause.STORE_TIMEOUT
    gate.set()


async def test_each_call_has_a_span_with_the_tenant_and_no_text(bench: Bench) -> None:
    await bench.store.put("post", chunk("c", "Parcels wait.", near(0)))
    bench.spans.clear()
    await bench.store.found("parcels", near(0))
    spans = bench.spans.finished
    assert {span.name for span in spans} == {"query"}
    assert {(span.attributes or {})["db.namespace"] for span in spans} == {"acme"}
    assert "arcels" not in repr([dict(span.attributes or {}) for span in spans])


async def test_what_exceeds_a_record_is_refused_before_anything_is_written(bench: Bench) -> None:
    await bench.store.put("post", "Parcels wait.")
    document = Document("post", "Parcels fly.", metadata={"a": "x" * 50_000}, allowed_principals=ALL)
    for given, pieces in (
        (document, [chunk("c", "Parcels fly.")]),
        (replace(document, metadata={}), [chunk("c", "x" * 50_000)]),
    ):
        with pytest.raises(Rejection) as refused:
            await bench.store.corpus.put(ALICE, given, "new", pieces, NEVER)
        assert refused.value.reason is Reason.INVALID_REQUEST
    assert bench.kinds() == ["document", "passage", "text"]
    assert await bench.store.corpus.text(ALICE, "post", NEVER) == "Parcels wait."


async def test_a_text_of_the_greatest_size_is_kept_in_pieces(bench: Bench) -> None:
    text = "Parcels\x00 wait é🙂 " * 60_000
    document = Document("post", text, allowed_principals=ALL)
    await bench.store.corpus.put(ALICE, document, "long", [chunk("c", "Parcels wait.")], NEVER)
    assert await bench.store.corpus.text(ALICE, "post", NEVER) == text


async def test_an_index_of_words_alone_is_searched_by_words(double: FakePinecone, options: PineconeOptions) -> None:
    async with opened_pinecone(altered(options, dense_host=None), dimensions=0) as store:
        await store.corpus.put(
            ALICE, Document("post", "Text", allowed_principals=ALL), "1", [chunk("c", "Parcels.", near(0))], NEVER
        )
        assert await store.corpus.text(ALICE, "post", NEVER) == "Text"
    assert double.dense.namespaces == {}
