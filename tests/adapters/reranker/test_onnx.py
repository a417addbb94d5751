"""A reranker in this process."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from groundwire_server.adapters.onnx.options import Inputs
from groundwire_server.adapters.reranker.options import OnnxRerankerOptions
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.reranking_model import SECRET_TEXT, asked

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.local

from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder, InvalidOutputError, OutputFault  # noqa: E402
from groundwire_server.adapters.reranker.onnx import OnnxReranker  # noqa: E402


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.SelectorEventLoop}


class HeldModel(CrossEncoder):
    """Holds every batch until it is let go."""

    def __init__(self, failure: Failure | InvalidOutputError | None = None, score: float | None = 0.5) -> None:
        self.began: list[Sequence[Inputs]] = []
        self.starting = threading.Semaphore(0)
        self.go = threading.Event()
        self._failure = failure
        self._score = score

    def scores(self, batch: Sequence[Inputs]) -> list[float | None]:
        self.began.append(batch)
        self.starting.release()
        assert self.go.wait(20)
        if self._failure is not None:
            raise self._failure
        return [self._score] * len(batch)


def options(**changes: object) -> OnnxRerankerOptions:
    return OnnxRerankerOptions.model_validate({"folder": Path("model"), **changes}, strict=False)


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def began(model: HeldModel, times: int) -> None:
    """Wait until so many batches have begun."""
    await asyncio.to_thread(lambda: [model.starting.acquire(timeout=20) for _ in range(times)])


async def test_no_batch_begins_after_the_deadline() -> None:
    model = HeldModel()
    reranker = OnnxReranker(model, options(batch=1))
    try:
        with pytest.raises(ChargedFailure) as failure:
            await reranker.rate(asked("A.", "B.", "C."), soon(0.05))
        assert failure.value.cause is Cause.MODEL_TIMEOUT
        assert len(model.began) == 1
    finally:
        model.go.set()
        reranker.close()
    assert len(model.began) == 1


async def test_the_loop_goes_on_while_as_many_batches_run_as_there_are_workers() -> None:
    model = HeldModel()
    reranker = OnnxReranker(model, options(batch=1, workers=2))
    task = asyncio.create_task(reranker.rate(asked("A.", "B.", "C."), soon()))
    await began(model, 2)
    assert (len(model.began), task.done()) == (2, False)
    model.go.set()
    assert (await task).ratings == (0.5, 0.5, 0.5)
    reranker.close()


async def test_tenants_take_turns_at_the_threads() -> None:
    model = HeldModel()
    reranker = OnnxReranker(model, options(batch=1))
    many = asyncio.create_task(reranker.rate(asked(*"ABCDEF", tenant="busy"), soon()))
    await began(model, 1)
    one = asyncio.create_task(reranker.rate(asked("Z", tenant="quiet"), soon()))
    await asyncio.sleep(0)
    model.go.set()
    await asyncio.gather(many, one)
    place = [batch[0][-1] for batch in model.began].index("Z")
    assert place <= 2
    reranker.close()


async def test_texts_of_about_the_same_length_are_rated_together() -> None:
    model = HeldModel()
    model.go.set()
    reranker = OnnxReranker(model, options(batch=2))
    await reranker.rate(asked("long " * 50, "short", "long " * 40, "brief"), soon())
    assert [{len(pair[-1]) for pair in batch} for batch in model.began] == [{5}, {200, 250}]
    reranker.close()


@pytest.mark.parametrize(
    ("model", "error"),
    [
        (HeldModel(Failure(Cause.MODEL_UNAVAILABLE)), "MODEL_UNAVAILABLE"),
        (HeldModel(InvalidOutputError(OutputFault.NO_PROBABILITY)), "NO_RATING"),
        (HeldModel(score=None), "COUNT"),
    ],
)
async def test_a_model_that_gives_no_ratings_fails_and_tells_nothing_of_the_text(model: HeldModel, error: str) -> None:
    model.go.set()
    reranker = OnnxReranker(model, options())
    with pytest.raises(ChargedFailure) as failure:
        await reranker.rate(asked(SECRET_TEXT), soon())
    reranker.close()
    assert failure.value.error_type == error
    assert SECRET_TEXT not in f"{failure.value!r}{failure.value}"


async def test_after_its_end_nothing_is_rated() -> None:
    reranker = OnnxReranker(HeldModel(), options())
    reranker.close()
    with pytest.raises(ChargedFailure) as failure:
        await reranker.rate(asked("A."), soon())
    assert failure.value.cause is Cause.CAPACITY_EXHAUSTED
