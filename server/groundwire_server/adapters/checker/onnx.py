"""A cross-encoder on this machine, from a folder of the operator's."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.checker.options import OnnxOptions
from groundwire_server.adapters.checker.pairs import Inputs, Pairs
from groundwire_server.adapters.onnx.session import MissingExtraError, OnnxSession, RuntimeGaveUpError
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckerFailure,
    CheckReply,
    CheckRequest,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class UnusableCheckerError(SetupError):
    """A folder holds no cross-encoder that can be used."""


class CrossEncoder:
    """The model in memory; it may be used from several threads at once.

    Args:
        options: of the model.

    Attributes:
        digest: of the model's and the tokenizer's bytes.

    Raises:
        MissingExtraError: without the extra `local`.
        SetupError: when a file is missing or cannot be used, or the model has another form than the options say.
    """

    def __init__(self, options: OnnxOptions) -> None:
        files = [options.folder / options.file, options.folder / "tokenizer.json"]
        digest = hashlib.sha256()
        for file in files:
            try:
                digest.update(hashlib.sha256(file.read_bytes()).digest())
            except OSError as failed:
                raise UnusableCheckerError(f"{file} cannot be read: {failed.strerror}") from None
        self.digest = digest.hexdigest()
        self._options = options
        self._session = OnnxSession(files[0])
        self._encode = _tokenizer(files[1])
        self._probe()

    def scores(self, batch: Sequence[Inputs]) -> list[float | None]:
        """Return the probability of the class for each input; None for one that is too long.

        Raises:
            Failure: MODEL_UNAVAILABLE when the runtime gives up.
            InvalidReplyFailure: when the output is not finite.
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
            output, *_ = self._session.run({name: feeds[name] for name in self._session.inputs})
        except RuntimeGaveUpError as error:
            raise Failure(Cause.MODEL_UNAVAILABLE) from error
        for index, score in zip(fit, self._probabilities(output, len(fit)), strict=True):
            scores[index] = float(score)
        return scores

    def _probabilities(self, output: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float64]:
        rows = np.asarray(output, np.float64).reshape(count, -1)
        if self._options.class_index >= rows.shape[1]:
            raise InvalidReplyFailure(CheckerFault.NO_SUCH_CLASS)
        if not np.isfinite(rows).all():
            raise InvalidReplyFailure(CheckerFault.NO_PROBABILITY)
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
            raise InvalidReplyFailure(CheckerFault.NO_PROBABILITY)
        return chosen

    def _probe(self) -> None:
        """Classify one pair, so that a model of another form does not start."""
        known = {"input_ids", "attention_mask", "token_type_ids"}
        where = f"the model in {self._options.folder}"
        if unknown := sorted(set(self._session.inputs) - known):
            raise UnusableCheckerError(f"{where} wants the input {unknown[0]!r}: export a cross-encoder for text")
        inputs: Inputs = ("a",) if self._options.text_pair is None else ("a", "b")
        try:
            self.scores([inputs])
        except InvalidReplyFailure as wrong:
            raise UnusableCheckerError(f"{where} does not fit: {wrong.fault}") from None
        except (Failure, ValueError):
            raise UnusableCheckerError(f"{where} cannot classify: export it for text and this runtime") from None


class OnnxChecker:
    """The Rater that runs in this process, in threads of its own. Close it at the end.

    Args:
        model: loaded beforehand, in a thread.
        options: of the model.
    """

    def __init__(self, model: CrossEncoder, options: OnnxOptions) -> None:
        self._model = model
        self._pairs = Pairs(options)
        self._pool = ThreadPoolExecutor(options.workers, thread_name_prefix="checker")

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence.

        A batch that runs in a thread cannot be stopped, but none is begun after the deadline or a cancellation.
        """
        loop = asyncio.get_running_loop()
        scores: list[float | None] = []
        try:
            if not deadline.remaining(loop.time()):
                raise TimeoutError
            windows = self._pairs.windows(request)
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                for batch in self._pairs.batches(windows.inputs):
                    scores += await loop.run_in_executor(self._pool, self._model.scores, batch)
        except TimeoutError:
            raise CheckerFailure(Failure(Cause.MODEL_TIMEOUT), Usage()) from None
        except Failure as failure:
            raise CheckerFailure(failure, Usage()) from None
        return CheckReply(self._pairs.probabilities(windows, scores), Usage())

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return None: these models compare texts, and know nothing of questions."""
        del request, deadline
        return SufficiencyReply(None, Usage())

    def close(self) -> None:
        """End the threads; what is running finishes first, nothing more is begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)


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
        raise UnusableCheckerError(f"{file} is not the file of a tokenizer: save it with the model") from None
    # The statement may stand at the end, where a cut would take it.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
