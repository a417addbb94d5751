"""A cross-encoder in a folder, made here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.onnx.options import CrossEncoderOptions, Inputs
from groundwire_server.domain.failure import SetupError

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.local

from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder, InvalidOutputError, OutputFault  # noqa: E402
from tests.doubles.cross_encoder import write_cross_encoder  # noqa: E402

WORDS = ["The desk opens at six by day.", "Cats sleep at seven."]


def options(folder: Path, **changes: Any) -> CrossEncoderOptions:
    return CrossEncoderOptions.model_validate(
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


def test_of_several_outputs_the_logits_count(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS, "two outputs")
    assert CrossEncoder(options(tmp_path)).scores([("Cats sleep.", "Cats"), ("Cats", "The desk")]) == [1.0, 0.0]


def test_fewer_rows_than_inputs_are_a_fault(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS, "one row for all")
    with pytest.raises(InvalidOutputError) as invalid:
        CrossEncoder(options(tmp_path)).scores([("Cats sleep.", "Cats"), ("Cats", "The desk")])
    assert invalid.value.fault is OutputFault.NO_ROW


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
    "no such class": (lambda folder: None, {"class_index": 2}, "correct `class_index`"),
    "not finite": (lambda folder: write_cross_encoder(folder, WORDS, "not finite"), {}, "is not finite"),
    "hidden states": (lambda folder: write_cross_encoder(folder, WORDS, "hidden states"), {}, "one row of classes"),
    "two outputs": (
        lambda folder: write_cross_encoder(folder, WORDS, "two unnamed outputs"),
        {},
        "has 2 outputs, none of them 'logits'",
    ),
    "the tokenizer of another model": (
        lambda folder: write_cross_encoder(folder, WORDS, "few tokens"),
        {},
        "lacks tokens of its tokenizer.json",
    ),
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
    with pytest.raises(InvalidOutputError) as invalid:
        CrossEncoder(options(tmp_path)).scores([("Cats sleep.", "Cats")])
    assert invalid.value.fault is OutputFault.NO_PROBABILITY


def test_the_digest_is_that_of_both_files(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS)
    one = CrossEncoder(options(tmp_path)).digest
    assert CrossEncoder(options(tmp_path)).digest == one
    write_cross_encoder(tmp_path, [*WORDS, "More words."])
    assert CrossEncoder(options(tmp_path)).digest != one


def test_the_end_of_the_longer_text_is_cut_off_where_it_may_be(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path, WORDS)
    model = CrossEncoder(options(tmp_path, max_tokens=16), truncates=True)
    pairs: list[Inputs] = [("Cats", f"{'Cats ' * 15}{'six ' * 90}"), ("Cats", f"{'six ' * 90} Cats")]
    assert model.scores(pairs) == [1.0, 0.0]
    assert model.scores([("Cats " * 90, "Cats"), ("Cats " * 90, "Cats " * 90)]) == [1.0, 1.0]
