"""Of an erased document nothing is left: not in files, not in answers that are kept, not in what the process holds."""
# the files are small, and nothing waits for the loop

import asyncio
import gc
import types
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from groundwire.v1 import document_pb2, document_service_pb2, erasure_pb2
from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.store import Store
from groundwire_server.edge.convert.erasure import content_hash
from groundwire_server.ports.recording import Recording
from tests.doubles.canaries import Canaries
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.store import MemoryStore
from tests.e2e.calls import ACME, answer, question, stream
from tests.e2e.conftest import Product, Serve

ADMIN = ACME
GLOBEX = (("groundwire-tenant", "globex"), *ACME[1:])
PLACES = erasure_pb2.ErasedPlaceKind


@dataclass
class Served:
    """A server over a file, with the cache of an embedder as it has in production."""

    product: Product
    folder: Path
    canaries: Canaries

    @property
    def files(self) -> bytes:
        return b"".join(each.read_bytes() for each in self.folder.iterdir())

    @property
    def held(self) -> set[str]:
        """The places whose words are in anything that the server's objects hold."""
        return self.canaries.found_in("\n".join(_texts(self.product.server, self.product.current)))

    def left(self) -> set[str]:
        """The places whose words are there, or in the files."""
        return self.held | self.canaries.found_in(self.files)

    async def put(self, name: str, tenant: tuple[tuple[str, str], ...] = ACME) -> document_pb2.Document:
        word = self.canaries.word(f"{name} text")
        document = document_pb2.Document(
            document_id=self.canaries.word(f"{name} id"),
            title=self.canaries.word(f"{name} title"),
            source_uri=f"file:///{name}/{self.canaries.word(f'{name} source')}",
            text=f"Lambda expressions of {word} create functions.",
            allowed_principals=["staff"],
        )
        request = document_service_pb2.PutDocumentRequest(document=document)
        await self.product.documents.PutDocument(request, metadata=tenant)
        return document

    async def erase(
        self, target: erasure_pb2.ErasureTarget, *, force: bool = True
    ) -> document_service_pb2.EraseDocumentsResponse:
        request = document_service_pb2.EraseDocumentsRequest(target=target, force=force)
        return await self.product.documents.EraseDocuments(request, metadata=ADMIN)


def _texts(*roots: object) -> Iterator[str]:
    """Yield every text that can be reached from objects, but for what the test's own doubles and running code hold."""
    gc.collect()
    seen: set[int] = set()
    waiting: list[object] = list(roots)
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, str):
            yield each
        elif isinstance(each, bytes):
            yield each.decode("latin-1")
        elif isinstance(each, Message):
            yield str(each)
        elif isinstance(each, types.FunctionType):
            waiting += [cell.cell_contents for cell in each.__closure__ or ()]
        elif not isinstance(
            each,
            type | types.ModuleType | types.FrameType | types.CodeType | asyncio.AbstractEventLoop | asyncio.Task,
        ) and not type(each).__module__.startswith("tests."):
            waiting += gc.get_referents(each)


@pytest.fixture
async def served(serve: Serve, tmp_path: Path) -> AsyncIterator[Served]:
    stores: list[EmbeddedStore] = []
    folder = tmp_path / "data"

    def open_(embedder: HashingEmbedder, recording: Recording) -> Store:
        embedding = Embedding(embedder.model, embedder.dimensions)
        store = EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), embedding, readers=2)
        stores.append(store)
        caching = CachingEmbedder(embedder)
        texts = (store.vector_memory, caching)
        return Store(
            store.retriever, store.corpus, caching, store.sentence_vectors, erasable=store.erasure, texts=texts
        )

    async with serve(store=open_, access=NO_AUTHENTICATION) as product:
        yield Served(product, folder, Canaries())
    for store in stores:
        store.close()


async def asked(served: Served) -> None:
    """Ask so that answers are kept which quote what is stored."""
    for number, ask in enumerate((answer, stream)):
        await ask(served.product, question("What do lambda expressions create?"), request_id=f"request-000{number}")


async def test_no_word_of_an_erased_document_is_left_and_the_others_are(served: Served) -> None:
    mail, kept = await served.put("mail"), await served.put("kept")
    theirs = await served.put("theirs", GLOBEX)
    await asked(served)
    assert served.left() == served.canaries.places
    assert "mail text" in served.held
    target = erasure_pb2.ErasureTarget(document_id=mail.document_id)

    plan = await served.erase(target, force=False)
    erased = await served.erase(target)

    assert (plan.document_count, list(plan.document_sample)) == (1, [mail.document_id])
    assert not plan.HasField("receipt")
    assert erased.document_count == 1
    left = served.left()
    assert not {place for place in left if place.startswith("mail")}
    assert {place for place in left if place.startswith(("kept", "theirs"))} == {
        place for place in served.canaries.places if not place.startswith("mail")
    }
    for document, tenant in ((kept, ACME), (theirs, GLOBEX)):
        request = document_service_pb2.GetDocumentRequest(document_id=document.document_id, include_text=True)
        assert (await served.product.documents.GetDocument(request, metadata=tenant)).text == document.text


@pytest.mark.parametrize(
    "target",
    [
        erasure_pb2.ErasureTarget(source=erasure_pb2.ErasureSource(uri="file:///", prefix=True)),
        erasure_pb2.ErasureTarget(tenant=erasure_pb2.EntireTenant()),
    ],
    ids=["source", "tenant"],
)
async def test_no_word_of_an_erased_source_or_tenant_is_left(served: Served, target: erasure_pb2.ErasureTarget) -> None:
    for name in ("mail", "letter"):
        await served.put(name)
    await served.put("theirs", GLOBEX)
    await asked(served)

    erased = await served.erase(target)

    assert erased.document_count == 2
    assert {place.split()[0] for place in served.left()} == {"theirs"}


async def test_the_receipt_says_what_was_removed_from_where_and_its_hash_can_be_checked(served: Served) -> None:
    mail = await served.put("mail")
    await asked(served)
    target = erasure_pb2.ErasureTarget(document_id=mail.document_id)

    receipt = (await served.erase(target)).receipt

    counts = {place.kind: place.count for place in receipt.places if place.count}
    assert counts[PLACES.ERASED_PLACE_KIND_DOCUMENTS] == counts[PLACES.ERASED_PLACE_KIND_PASSAGES] == 1
    assert counts[PLACES.ERASED_PLACE_KIND_KEPT_ANSWERS] == 2
    assert counts[PLACES.ERASED_PLACE_KIND_CACHED_TEXTS] > 0
    assert counts[PLACES.ERASED_PLACE_KIND_STORE_FILES] > 0
    assert receipt.complete
    assert all(place.complete for place in receipt.places)
    assert (receipt.tenant, receipt.target) == ("acme", target)
    assert len(receipt.subject_hash) == len(receipt.content_hash) == 64
    assert "alice" not in str(receipt)
    version = document_service_pb2.GetCorpusVersionRequest()
    stored = await served.product.documents.GetCorpusVersion(version, metadata=ACME)
    assert receipt.corpus_version == stored.corpus_version
    assert content_hash(receipt) == receipt.content_hash
    receipt.places[0].count += 1
    assert content_hash(receipt) != receipt.content_hash


async def test_an_answer_that_was_kept_is_written_anew(served: Served) -> None:
    mail = await served.put("mail")
    first = await answer(served.product, request_id="request-0000")
    again = await answer(served.product, request_id="request-0000")
    assert first.answered.answer.text == again.answered.answer.text != ""

    await served.erase(erasure_pb2.ErasureTarget(document_id=mail.document_id))

    assert (await answer(served.product, request_id="request-0000")).WhichOneof("result") == "abstained"


async def test_a_store_that_cannot_be_erased_from_says_so(serve: Serve) -> None:
    async with serve(store=lambda embedder, _: Store(*_ports(), embedder)) as product:
        request = document_service_pb2.EraseDocumentsRequest(target=erasure_pb2.ErasureTarget(document_id="a"))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await product.documents.EraseDocuments(request, metadata=ADMIN)
        assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


def _ports() -> tuple[MemoryStore, MemoryStore]:
    store = MemoryStore()
    return store, store
