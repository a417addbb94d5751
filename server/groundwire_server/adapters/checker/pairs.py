"""Passages and sentences as the inputs of a classifier: each model has a form, a polarity and a length of its own."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.domain.entailment import CheckRequest
from groundwire_server.options import Options

_FIELD: Final = re.compile(r"\{(passage|statement|question)\}")
_BRACES: Final = re.compile(r"\{[^{}]*\}")
_MARK: Final = re.compile(
    r"</?s>|<\|[^|<>]*\|>|<(?:pad|unk|mask|cls|sep|bos|eos)>|\[(?:CLS|SEP|MASK|PAD|UNK)\]", re.IGNORECASE
)
"""What tokenizers take for the end of a text, or for the beginning of another."""

_WORD: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\s぀-ヿ㐀-鿿가-힯]+")
"""Chinese, Japanese and Korean are written without spaces: each of their characters counts."""

_LEAST_SEPARATOR: Final = 3
"""Characters from which on a template's own words are kept out of what is filled in; a colon stays a colon."""

_COMBINE: Final[Mapping[str, Callable[[Sequence[float]], float]]] = MappingProxyType(
    {"max": max, "mean": fmean, "min": min}
)

Inputs: TypeAlias = tuple[str] | tuple[str, str]
"""One text, or a pair of them."""


def _template(text: str) -> str:
    if unknown := next((each for each in _BRACES.findall(text) if not _FIELD.fullmatch(each)), None):
        raise ValueError(f"{unknown} stands for nothing: use {{passage}}, {{statement}} and {{question}}")
    return text


Template = Annotated[str, AfterValidator(_template)]


class PairOptions(Options):
    """How a classifier is given passages and statements, and what its score says."""

    text: Template = Field(
        "{passage}",
        max_length=4096,
        description="The text that is classified, with {passage}, {statement} and {question}.",
        examples=["predict: {passage}</s>{statement}"],
    )
    text_pair: Template | None = Field(
        "{statement}",
        max_length=4096,
        description="The second text of a pair; null for a model that reads one text.",
    )
    polarity: Literal["supported", "unsupported"] = Field(
        "supported", description="What a high score says of the statement: `supported` or `unsupported`."
    )
    passages: Literal["joined", "each"] = Field(
        "joined", description="Whether the passages that a sentence cites are read as one text or one by one."
    )
    window_words: int = Field(350, ge=20, le=100_000, description="Words of passages in one input.")
    overlap_words: int = Field(50, ge=0, le=10_000, description="Words that two neighbouring windows share.")
    combine: Literal["max", "mean", "min"] = Field(
        "max", description="The probability of a sentence from those of its windows."
    )
    batch: int = Field(32, ge=1, le=4096, description="Inputs per request.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        used = set(_FIELD.findall(self.text + (self.text_pair or "")))
        if missing := {"passage", "statement"} - used:
            raise ValueError(f"text and text_pair lack {{{min(missing)}}}")
        if self.overlap_words >= self.window_words:
            raise ValueError("overlap_words must be less than window_words")
        return self


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
        first = _FIELD.sub(lambda field: values[field[1]], options.text)
        if options.text_pair is None:
            return (first,)
        return first, _FIELD.sub(lambda field: values[field[1]], options.text_pair)

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
        return _MARK.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text)


def _separators(options: PairOptions) -> Sequence[str]:
    """Return the words of the templates that stand behind a field."""
    behind = [part.strip() for text in (options.text, options.text_pair or "") for part in _FIELD.split(text)[2::2]]
    return [part for part in behind if len(part) >= _LEAST_SEPARATOR]
