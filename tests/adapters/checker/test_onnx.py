"""A checker in this process."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.checker.options import OnnxOptions
from groundwire_server.adapters.onnx.options import Inputs
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.checking_model import SECRET_PASSAGE, asked

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.local

from groundwire_server.adapters.checker.onnx import OnnxChecker  # noqa: E402
from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder, InvalidOutputError, OutputFault  # noqa: E402


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.SelectorEventLoop}


def options(folder: Path, **changes: Any) -> OnnxOptions:
    return OnnxOptions.model_validate(
        {"folder": folder, "output": "probabilities", "class_index": 0, **changes}, strict=False
    )


class HeldModel(CrossEncoder):
    """Holds every batch until it is let go."""

    def __init__(self, failure: Failure | InvalidOutputError | None = None) -> None:
        self.began: list[Sequence[Inputs]] = []
        self.starting = threading.Semaphore(0)
        self.go = threading.Event()
        self._failure = failure

    def scores(self, batch: Sequence[Inputs]) -> list[float | None]:
        self.began.append(batch)
        self.starting.release()
        assert self.go.wait(20)
        if self._failure is not None:
            raise self._failure
        return [1.0] * len(batch)


async def test_no_batch_begins_after_the_deadline(tmp_path: Path) -> None:
    model = HeldModel()
    checker = OnnxChecker(model, options(tmp_path, batch=1))
    try:
        with pytest.raises(ChargedFailure) as failure:
            await checker.check(asked("A.", "B."), Deadline(asyncio.get_running_loop().time() + 0.05))
        assert failure.value.cause is Cause.MODEL_TIMEOUT
        assert len(model.began) == 1
    finally:
        model.go.set()
        checker.close()
    assert len(model.began) == 1


async def test_the_loop_goes_on_while_a_batch_runs(tmp_path: Path) -> None:
    model = HeldModel()
    checker = OnnxChecker(model, options(tmp_path))
    task = asyncio.create_task(checker.check(asked("A."), Deadline(asyncio.get_running_loop().time() + 20)))
    while not model.starting.acquire(blocking=False):  # noqa: ASYNC110  # the thread cannot tell the loop
        await asyncio.sleep(0)
    assert not task.done()
    model.go.set()
    assert (await task).probabilities == (1.0,)
    checker.close()


async def test_a_runtime_that_gives_up_tells_nothing_of_the_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    model = HeldModel(Failure(Cause.MODEL_UNAVAILABLE))
    model.go.set()
    checker = OnnxChecker(model, options(tmp_path))
    with pytest.raises(ChargedFailure) as failure:
        await checker.check(asked("A."), Deadline(asyncio.get_running_loop().time() + 20))
    checker.close()
    assert failure.value.cause is Cause.MODEL_UNAVAILABLE
    assert SECRET_PASSAGE not in f"{failure.value!r}{failure.value}{caplog.text}"


async def test_an_output_that_is_no_probability_is_a_fault(tmp_path: Path) -> None:
    model = HeldModel(InvalidOutputError(OutputFault.NO_PROBABILITY))
    model.go.set()
    checker = OnnxChecker(model, options(tmp_path))
    with pytest.raises(ChargedFailure) as failure:
        await checker.check(asked("A."), Deadline(asyncio.get_running_loop().time() + 20))
    checker.close()
    assert failure.value.error_type == "NO_PROBABILITY"
