"""Classification models as guards: those for prompt injection, toxicity and the like, behind TEI or vLLM."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from groundwire_server.adapters.classification.replies import RowCountError, indexed_rows, labelled_rows
from groundwire_server.adapters.guards.remote.faults import GuardFault, InvalidFindingsFailure
from groundwire_server.adapters.guards.remote.options import ClassifierGuardOptions
from groundwire_server.adapters.guards.remote.windows import windows
from groundwire_server.adapters.http.json_reply import probability_in, read_json, usage_in
from groundwire_server.adapters.providers.charged_calls import Send
from groundwire_server.adapters.resilience.side_by_side import all_results
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen

Scores: TypeAlias = Mapping[str, float]
"""The score of each label of the configuration."""

_LEAST_BYTES: Final = 64
"""An input of fewer is too long for no model."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch of a text.

    Attributes:
        place: of the text, among those of the request.
        start: in the text, in code points.
        text: the stretch itself.
    """

    place: int
    start: int
    text: str

    def cut(self, size: int, overlap: int) -> "Sequence[_Stretch]":
        """Return the windows of a stretch, without those of white space: servers refuse an input of nothing."""
        cut = [(start, self.text[start:end]) for start, end in windows(self.text, size, overlap)]
        return [_Stretch(self.place, self.start + start, text) for start, text in cut if not text.isspace()]


class ClassificationGuardApi:
    """The GuardApi of classification endpoints.

    A text that is longer than an input is cut into windows that overlap, and a finding is the whole window: these
    models do not say where. Inputs that the model refuses as too long are cut in halves.

    Args:
        options: of the model.
    """

    def __init__(self, options: ClassifierGuardOptions) -> None:
        self._options = options

    async def screen(
        self, screen: Screen, texts: Sequence[str], requester: Requester, send: Send
    ) -> Sequence[Sequence[Finding]]:
        """Return the findings in each text, in the order of the text."""
        del screen, requester
        whole = [_Stretch(place, 0, text) for place, text in enumerate(texts)]
        found: list[list[Finding]] = [[] for _ in texts]
        for stretch, scores in await self._scored(whole, self._options.window_bytes, send):
            for label, score in scores.items():
                meaning = self._options.labels[label]
                if score >= meaning.min_score:
                    end = stretch.start + len(stretch.text)
                    found[stretch.place].append(Finding(meaning.category, stretch.start, end, label, score))
        return found

    async def _scored(
        self, stretches: Sequence["_Stretch"], size: int, send: Send
    ) -> Sequence[tuple["_Stretch", Scores]]:
        """Return the scores of stretches, cut into inputs of so many bytes."""
        inputs = [
            each for stretch in stretches for each in stretch.cut(size, min(self._options.overlap_bytes, size // 4))
        ]
        step = self._options.batch
        batches = [inputs[start : start + step] for start in range(0, len(inputs), step)]
        return [
            each for batch in await all_results(self._batch(batch, size, send) for batch in batches) for each in batch
        ]

    async def _batch(self, batch: Sequence["_Stretch"], size: int, send: Send) -> Sequence[tuple["_Stretch", Scores]]:
        try:
            scores = await self._classify([each.text for each in batch], send)
        except Failure as failure:
            # Signs and digits are a token each. Whoever writes enough of them must not be rid of the guard.
            if failure.cause is not Cause.PROMPT_TOO_LONG or size < 2 * _LEAST_BYTES:
                raise
            return await self._scored(batch, size // 2, send)
        return list(zip(batch, scores, strict=True))

    async def _classify(self, inputs: Sequence[str], send: Send) -> Sequence[Scores]:
        options = self._options
        if options.api == "vllm_classify":
            body: Mapping[str, object] = {"model": options.model, "input": inputs}
        else:
            # Lists within a list: two bare strings would be one pair. Nothing is cut off, for what is looked for may
            # stand at the end.
            body = {"inputs": [[each] for each in inputs], "truncate": False, "raw_scores": options.scores == "logits"}
        return await send(to_json(body), partial(self._read, len(inputs)))

    def _read(self, count: int, body: bytes) -> tuple[Sequence[Scores], Usage | None]:
        take = self._classes if self._options.api == "vllm_classify" else self._labelled

        def taken(whole: Any) -> tuple[Sequence[Scores], Usage | None]:
            try:
                return take(whole, count), usage_in(whole)
            except RowCountError:
                raise InvalidFindingsFailure(GuardFault.COUNT) from None

        return read_json(body, taken, partial(InvalidFindingsFailure, GuardFault.UNREADABLE))

    def _labelled(self, whole: Any, count: int) -> Sequence[Scores]:
        rows = [[(each["label"], each["score"]) for each in row] for row in labelled_rows(whole, count)]
        return [self._scores(dict(row), len(row)) for row in rows]

    def _classes(self, whole: Any, count: int) -> Sequence[Scores]:
        rows = [row["probs"] for row in indexed_rows(whole, count)]
        return [self._scores({str(number): each for number, each in enumerate(row)}, len(row)) for row in rows]

    def _scores(self, row: Mapping[str, object], count: int) -> Scores:
        if len(row) != count or not self._options.labels.keys() <= row.keys():
            raise InvalidFindingsFailure(GuardFault.LABEL)
        return {label: self._score(row[label]) for label in self._options.labels}

    def _score(self, value: object) -> float:
        score = _sigmoid(value) if self._options.scores == "logits" else probability_in(value)
        if score is None:
            raise InvalidFindingsFailure(GuardFault.SCORE)
        return score


def _sigmoid(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    try:
        logit = float(value)
    except OverflowError:
        return None
    # This form has no exponential that overflows.
    return 0.5 * (1 + math.tanh(logit / 2)) if math.isfinite(logit) else None
