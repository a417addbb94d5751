"""Classification models as guards: those for prompt injection, toxicity and the like, behind TEI or vLLM."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from pydantic_core import to_json

from groundwire_server.adapters.classification.replies import RowCountError, indexed_rows, labelled_rows
from groundwire_server.adapters.guards.remote.faults import GuardFault, InvalidFindingsFailure
from groundwire_server.adapters.guards.remote.options import ClassifierGuardOptions
from groundwire_server.adapters.guards.remote.windows import windows
from groundwire_server.adapters.http.json_reply import probability_in, read_json, usage_in
from groundwire_server.adapters.providers.charged_calls import Send
from groundwire_server.adapters.resilience.side_by_side import all_results
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Screen

Scores: TypeAlias = Mapping[str, float]
"""The score of each label of the configuration."""


class ClassificationGuardApi:
    """The GuardApi of classification endpoints.

    A text that is longer than an input is cut into windows that overlap, and a finding is the whole window: these
    models do not say where.

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
        options = self._options
        stretches = [
            (place, start, end)
            for place, text in enumerate(texts)
            for start, end in windows(text, options.window_bytes, options.overlap_bytes)
            # Servers refuse an input of nothing.
            if not text[start:end].isspace()
        ]
        inputs = [texts[place][start:end] for place, start, end in stretches]
        batches = [inputs[start : start + options.batch] for start in range(0, len(inputs), options.batch)]
        scored = await all_results(self._classify(batch, send) for batch in batches)
        found: list[list[Finding]] = [[] for _ in texts]
        for (place, start, end), scores in zip(stretches, (each for batch in scored for each in batch), strict=True):
            for label, score in scores.items():
                meaning = options.labels[label]
                if score >= meaning.min_score:
                    found[place].append(Finding(meaning.category, start, end, label, score))
        return found

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
