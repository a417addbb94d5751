"""Classification endpoints: Text Embeddings Inference, and vLLM."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic_core import to_json

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure, probability
from groundwire_server.adapters.checker.options import ClassifierOptions
from groundwire_server.adapters.checker.pairs import Pairs
from groundwire_server.adapters.checker.reading import document
from groundwire_server.adapters.classification.replies import indexed_rows, labelled_rows
from groundwire_server.adapters.onnx.options import Inputs
from groundwire_server.adapters.providers.charged_calls import Send
from groundwire_server.domain.entailment import CheckRequest, SufficiencyRequest


class ClassificationApi:
    """The CheckerApi of the classification endpoints.

    Args:
        options: of the model.
    """

    def __init__(self, options: ClassifierOptions) -> None:
        self._options = options
        self._pairs = Pairs(options)

    async def check(self, request: CheckRequest, send: Send) -> Sequence[float | None]:
        """Return a probability for each sentence."""
        windows = self._pairs.windows(request)
        scores: list[float] = []
        for batch in self._pairs.batches(windows.inputs):
            body, take = self._request(batch)
            scores += await send(to_json(body), partial(document, take=take))
        return self._pairs.probabilities(windows, scores)

    async def rate_sufficiency(self, request: SufficiencyRequest, send: Send) -> float | None:
        """Return None: these models compare texts, and know nothing of questions."""
        del request, send
        return None

    def _request(self, batch: Sequence[Inputs]) -> tuple[Mapping[str, object], Any]:
        options = self._options
        match options.api:
            case "tei":
                # Lists within a list, whatever their number: two bare strings would be one pair. Nothing is cut off,
                # for the statement may stand at the end.
                return {"inputs": batch, "truncate": False}, partial(_labelled, options.label or "", len(batch))
            case "vllm_classify":
                body: dict[str, object] = {"model": options.model, "input": [first for first, *_ in batch]}
                return body, partial(_classes, options.class_index or 0, len(batch))
            case "vllm_score":
                first, second = zip(*batch, strict=True)
                return {"model": options.model, "text_1": first, "text_2": second}, partial(_scores, len(batch))


def _labelled(label: str, count: int, whole: Any) -> list[float]:
    scores = [[each["score"] for each in row if each["label"] == label] for row in labelled_rows(whole, count)]
    if not all(len(each) == 1 for each in scores):
        raise InvalidReplyFailure(CheckerFault.NO_SUCH_CLASS)
    return [probability(score) for (score,) in scores]


def _classes(index: int, count: int, whole: Any) -> list[float]:
    rows = indexed_rows(whole, count)
    if not all(index < len(row["probs"]) for row in rows):
        raise InvalidReplyFailure(CheckerFault.NO_SUCH_CLASS)
    return [probability(row["probs"][index]) for row in rows]


def _scores(count: int, whole: Any) -> list[float]:
    return [probability(row["score"]) for row in indexed_rows(whole, count)]
