"""Passages and sentences as the inputs of a classifier: each model has a form, a polarity and a length of its own."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from types import MappingProxyType
from typing import Final

from groundwire_server.adapters.checker.options import FIELD, PairOptions
from groundwire_server.adapters.onnx.options import Inputs
from groundwire_server.domain.entailment import CheckRequest
from groundwire_server.domain.fencing.fence import harmless

_WORD: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\s぀-ヿ㐀-鿿가-힯]+")
"""Chinese, Japanese and Korean are written without spaces: each of their characters counts."""

_LEAST_SEPARATOR: Final = 3
"""Characters from which on a template's own words are kept out of what is filled in; a colon stays a colon."""

_COMBINE: Final[Mapping[str, Callable[[Sequence[float]], float]]] = MappingProxyType(
    {"max": max, "mean": fmean, "min": min}
)


@dataclass(frozen=True, slots=True)
class Windows:
    """The inputs of a request, and which of them belong to which sentence."""

    inputs: tuple[Inputs, ...]
    counts: tuple[int, ...]


class Pairs:
    """Makes inputs, and puts scores together."""

    def __init__(self, options: PairOptions) -> None:
        self._options = options
        self._separators = _separators(options)

    def windows(self, request: CheckRequest) -> Windows:
        """Return the inputs for all sentences of a request."""
        inputs: list[Inputs] = []
        counts = []
        for sentence in request.sentences:
            cited = [self._harmless(request.passages[index]) for index in request.cited(sentence)]
            texts = cited if self._options.passages == "each" else ["\n".join(cited)]
            values = {"statement": self._harmless(sentence.text), "question": self._harmless(request.question)}
            own = [self._input({**values, "passage": window}) for text in texts for window in self._cut(text)]
            inputs += own
            counts.append(len(own))
        return Windows(tuple(inputs), tuple(counts))

    def batches(self, inputs: Sequence[Inputs]) -> Iterator[Sequence[Inputs]]:
        """Yield as many inputs together as the options allow."""
        for start in range(0, len(inputs), self._options.batch):
            yield inputs[start : start + self._options.batch]

    def probabilities(self, windows: Windows, scores: Sequence[float | None]) -> tuple[float | None, ...]:
        """Return the probability of each sentence from the scores of its windows; None where one has no score."""
        found: list[float | None] = []
        rest = iter(scores)
        for count in windows.counts:
            own = [next(rest) for _ in range(count)]
            known = [score for score in own if score is not None]
            if len(known) < count or not known:
                found.append(None)
                continue
            supported = known if self._options.polarity == "supported" else [1 - score for score in known]
            found.append(_COMBINE[self._options.combine](supported))
        return tuple(found)

    def _input(self, values: dict[str, str]) -> Inputs:
        options = self._options
        # Each field is filled once: what is filled in holds no field of ours.
        first = FIELD.sub(lambda field: values[field[1]], options.text)
        if options.text_pair is None:
            return (first,)
        return first, FIELD.sub(lambda field: values[field[1]], options.text_pair)

    def _cut(self, text: str) -> Iterator[str]:
        words = [word.span() for word in _WORD.finditer(text)]
        step = self._options.window_words - self._options.overlap_words
        for start in range(0, max(1, len(words) - self._options.overlap_words), step):
            window = words[start : start + self._options.window_words]
            yield text[window[0][0] : window[-1][1]] if window else ""

    def _harmless(self, text: str) -> str:
        """Break what a model could take for the end of a passage."""
        for separator in self._separators:
            text = text.replace(separator, f"{separator[0]} {separator[1:]}")
        # A text of nothing that is seen is no text to a model either, and no input without one.
        return harmless(text) or text


def _separators(options: PairOptions) -> Sequence[str]:
    """Return the words of the templates that stand behind a field."""
    behind = [part.strip() for text in (options.text, options.text_pair or "") for part in FIELD.split(text)[2::2]]
    return [part for part in behind if len(part) >= _LEAST_SEPARATOR]
