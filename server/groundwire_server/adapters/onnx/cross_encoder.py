"""A cross-encoder on this machine, from a folder of the operator's: it reads one text, or two together."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from groundwire_server.adapters.onnx.options import CrossEncoderOptions, Inputs
from groundwire_server.adapters.onnx.session import MissingExtraError, OnnxSession, RuntimeGaveUpError
from groundwire_server.domain.failure import Failure, Fault, GroundwireError, SetupError
from groundwire_server.domain.vocabulary import Cause

if TYPE_CHECKING:
    from tokenizers import Tokenizer


_LOGITS: Final = "logits"
"""What exports for sequence classification call their scores."""


class UnusableCrossEncoderError(SetupError):
    """A folder holds no cross-encoder that can be used."""


class OutputFault(Fault):
    """An output that is no probability."""

    NO_ROW = ("its output is not one row of classes for each input", "export it for sequence classification")
    NO_SUCH_CLASS = ("its output lacks the class that is named", "correct `class_index`")
    NO_PROBABILITY = ("its output is not finite, or not between 0 and 1", "correct `output`")


class InvalidOutputError(GroundwireError):
    """A model that gives no probabilities.

    Attributes:
        fault: what is wrong with its output.
    """

    def __init__(self, fault: OutputFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class CrossEncoder:
    """The model in memory; it may be used from several threads at once.

    Args:
        options: of the model.
        pairs: whether it reads pairs.
        truncates: whether the end of the longer text is cut off where an input is too long; it has no score otherwise.

    Attributes:
        digest: of the model's and the tokenizer's bytes.

    Raises:
        MissingExtraError: without the extra `local`.
        SetupError: when a file is missing or cannot be used, or the model has another form than the options say.
    """

    def __init__(self, options: CrossEncoderOptions, *, pairs: bool = True, truncates: bool = False) -> None:
        files = [options.folder / options.file, options.folder / "tokenizer.json"]
        digest = hashlib.sha256()
        for file in files:
            try:
                digest.update(hashlib.sha256(file.read_bytes()).digest())
            except OSError as failed:
                raise UnusableCrossEncoderError(f"{file} cannot be read: {failed.strerror}") from None
        self.digest = digest.hexdigest()
        self._options = options
        self._session = OnnxSession(files[0])
        self._output = self._output_index()
        self._encode = _tokenizer(files[1])
        if truncates:
            self._encode.enable_truncation(options.max_tokens, strategy="longest_first")
        self._probe(("a", "b") if pairs else ("a",))

    def scores(self, batch: Sequence[Inputs]) -> list[float | None]:
        """Return the probability of the class for each input; None for one that is too long.

        Raises:
            Failure: MODEL_UNAVAILABLE when the runtime gives up.
            InvalidOutputError: when the output holds no probabilities.
        """
        encodings = self._encode.encode_batch([pair if len(pair) > 1 else pair[0] for pair in batch])
        fit = [index for index, each in enumerate(encodings) if len(each.ids) <= self._options.max_tokens]
        scores: list[float | None] = [None] * len(batch)
        if not fit:
            return scores
        longest = max(len(encodings[index].ids) for index in fit)
        shape = (len(fit), longest)
        feeds = {name: np.zeros(shape, np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        for row, index in enumerate(fit):
            encoding = encodings[index]
            feeds["input_ids"][row, : len(encoding.ids)] = encoding.ids
            feeds["attention_mask"][row, : len(encoding.ids)] = 1
            feeds["token_type_ids"][row, : len(encoding.ids)] = encoding.type_ids
        try:
            output = self._session.run({name: feeds[name] for name in self._session.inputs})[self._output]
        except RuntimeGaveUpError as error:
            raise Failure(Cause.MODEL_UNAVAILABLE) from error
        for index, score in zip(fit, self._probabilities(output, len(fit)), strict=True):
            scores[index] = float(score)
        return scores

    def _probabilities(self, output: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float64]:
        if output.ndim not in (1, 2) or len(output) != count:
            raise InvalidOutputError(OutputFault.NO_ROW)
        rows = np.asarray(output, np.float64).reshape(count, -1)
        if self._options.class_index >= rows.shape[1]:
            raise InvalidOutputError(OutputFault.NO_SUCH_CLASS)
        if not np.isfinite(rows).all():
            raise InvalidOutputError(OutputFault.NO_PROBABILITY)
        match self._options.output:
            case "softmax":
                powers = np.exp(rows - rows.max(axis=1, keepdims=True))
                rows = powers / powers.sum(axis=1, keepdims=True)
            case "sigmoid":
                rows = 0.5 * (1 + np.tanh(rows / 2))
            case "probabilities":
                pass
        chosen: npt.NDArray[np.float64] = rows[:, self._options.class_index]
        if ((chosen < 0) | (chosen > 1)).any():
            raise InvalidOutputError(OutputFault.NO_PROBABILITY)
        return chosen

    def _output_index(self) -> int:
        """Return which of the model's outputs has its scores: the only one, or the one that is called so."""
        outputs = self._session.outputs
        if len(outputs) == 1:
            return 0
        if _LOGITS not in outputs:
            raise UnusableCrossEncoderError(
                f"the model in {self._options.folder} has {len(outputs)} outputs, none of them {_LOGITS!r}: "
                "export it for sequence classification"
            )
        return outputs.index(_LOGITS)

    def _probe(self, inputs: Inputs) -> None:
        """Score one input, so that a model of another form, or with the tokenizer of another, does not start."""
        known = {"input_ids", "attention_mask", "token_type_ids"}
        where = f"the model in {self._options.folder}"
        if unknown := sorted(set(self._session.inputs) - known):
            raise UnusableCrossEncoderError(f"{where} wants the input {unknown[0]!r}: export a cross-encoder for text")
        try:
            self.scores([inputs])
        except InvalidOutputError as wrong:
            raise UnusableCrossEncoderError(f"{where} does not fit: {wrong.fault}") from None
        except (Failure, ValueError):
            raise UnusableCrossEncoderError(f"{where} cannot classify: export it for text and this runtime") from None
        highest = max(self._encode.get_vocab(with_added_tokens=True).values(), default=0)
        feeds = {name: np.full((1, 1), name != "token_type_ids", np.int64) for name in self._session.inputs}
        try:
            self._session.run(feeds | {"input_ids": np.full((1, 1), highest, np.int64)})
        except RuntimeGaveUpError:
            raise UnusableCrossEncoderError(
                f"{where} lacks tokens of its tokenizer.json: save both from the same model"
            ) from None


def _tokenizer(file: Path) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("tokenizers") from error
    try:
        tokenizer = Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as raised:
        # The package raises nothing narrower for a file that it cannot read.
        if type(raised) is not Exception and not isinstance(raised, UnicodeDecodeError):
            raise
        raise UnusableCrossEncoderError(f"{file} is not the file of a tokenizer: save it with the model") from None
    # A statement that is checked may stand at the end, where a cut would take it.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
