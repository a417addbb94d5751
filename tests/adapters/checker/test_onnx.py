"""A cross-encoder in a folder, made here."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.checker.options import OnnxOptions
from groundwire_server.adapters.checker.pairs import Inputs
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckerFailure
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.checking_model import SECRET_PASSAGE, asked

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.local

from groundwire_server.adapters.checker.onnx import CrossEncoder, OnnxChecker  # noqa: E402
from tests.doubles.cross_encoder import write_cross_encoder  # noqa: E402

WORDS = ["The desk opens at six by day.", "Cats sleep at seven."]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.SelectorEventLoop}


def options(folder: Path, **changes: Any) -> OnnxOptions:
    return OnnxOptions.model_validate(
        {"folder": folder, "output": "probabilities", "class_index": 0, **changes}, strict=False
    )


@pytest.mark.parametrize(("output", "class_index"), [("probabilities", 0), ("sigmoid", 0), ("softmax", 1)])
def test_each_kind_of_output_becomes_a_probability(tmp_path: Path, output: str, class_index: int) -> None:
    write_cross_encoder(tmp_path, WORDS, output)
    model = CrossEncoder(options(tmp_path, output=output, class_index=class_index))
    yes, no = model.scores([("The desk opens at six.", "The desk opens."), ("Cats sleep.", "The desk opens at six")])
    assert yes is not None
    assert no is not None
    assert 0 <= no < 0.1
    assert 0.9 < yes <= 1


def test_inputs_of_different_lengths_are_padded_without_effect(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS)
    model = CrossEncoder(options(tmp_path))
    pairs: list[Inputs] = [("Cats sleep.", "Cats"), ("The desk opens at six by day. " * 9, "The desk cats.")]
    assert model.scores(pairs) == [model.scores([each])[0] for each in pairs]


def test_an_input_that_is_too_long_is_undecided_and_others_are_not(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS)
    model = CrossEncoder(options(tmp_path, max_tokens=16))
    assert model.scores([("Cats sleep. " * 9, "Cats"), ("Cats sleep.", "Cats")]) == [None, 1.0]
    assert model.scores([("Cats sleep. " * 9, "Cats")]) == [None]


UNUSABLE: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "no model": (lambda folder: (folder / "model.onnx").unlink(), {}, "model.onnx cannot be read"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), {}, "tokenizer.json cannot be read"),
    "no ONNX": (lambda folder: (folder / "model.onnx").write_bytes(b"SECRET"), {}, "cannot be loaded as an ONNX model"),
    "an empty model": (
        lambda folder: (folder / "model.onnx").write_bytes(b""),
        {},
        "cannot be loaded as an ONNX model",
    ),
    "no JSON": (lambda folder: (folder / "tokenizer.json").write_text("SECRET"), {}, "not the file of a tokenizer"),
    "another JSON": (lambda folder: (folder / "tokenizer.json").write_text("{}"), {}, "not the file of a tokenizer"),
    "bytes": (lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff"), {}, "not the file of a tokenizer"),
    "no such class": (lambda folder: None, {"class_index": 2}, "correct `label` or `class_index`"),
    "not finite": (lambda folder: write_cross_encoder(folder, WORDS, "not finite"), {}, "is not finite"),
    "another model": (
        lambda folder: write_cross_encoder(folder, WORDS, "another input"),
        {},
        "wants the input 'pixels'",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, case: str) -> None:
    spoil, changes, words = UNUSABLE[case]
    write_cross_encoder(tmp_path, WORDS)
    spoil(tmp_path)
    with pytest.raises(SetupError) as unusable:
        CrossEncoder(options(tmp_path, **changes))
    assert words in str(unusable.value)
    assert "\n" not in str(unusable.value)
    assert "SECRET" not in str(unusable.value)


def test_an_output_that_is_no_probability_is_a_fault(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS, "out of range")
    with pytest.raises(InvalidReplyFailure) as invalid:
        CrossEncoder(options(tmp_path)).scores([("Cats sleep.", "Cats")])
    assert invalid.value.fault is CheckerFault.NO_PROBABILITY


def test_the_digest_is_that_of_both_files(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS)
    one = CrossEncoder(options(tmp_path)).digest
    assert CrossEncoder(options(tmp_path)).digest == one
    write_cross_encoder(tmp_path, [*WORDS, "More words."])
    assert CrossEncoder(options(tmp_path)).digest != one


class HeldModel(CrossEncoder):
    """Holds every batch until it is let go."""

    def __init__(self, failure: Failure | None = None) -> None:
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
        with pytest.raises(CheckerFailure) as failure:
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
    with pytest.raises(CheckerFailure) as failure:
        await checker.check(asked("A."), Deadline(asyncio.get_running_loop().time() + 20))
    checker.close()
    assert failure.value.cause is Cause.MODEL_UNAVAILABLE
    assert SECRET_PASSAGE not in f"{failure.value!r}{failure.value}{caplog.text}"
