"""What an operator says about a checker."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.adapters.http.options import DocumentBounds
from groundwire_server.adapters.onnx.options import CrossEncoderOptions
from groundwire_server.options import Options

FIELD: Final = re.compile(r"\{(passage|statement|question)\}")
"""A place of a template that is filled in."""

_BRACES: Final = re.compile(r"\{[^{}]*\}")

Api: TypeAlias = Literal["tei", "vllm_classify", "vllm_score"]

_PATHS: Final[Mapping[Api, str]] = {"tei": "/predict", "vllm_classify": "/classify", "vllm_score": "/score"}


class PromptOptions(Options):
    """The prompt of a checker."""

    prompt: str | None = Field(
        None,
        pattern=r"^\d+\.\d+\.\d+$",
        description="Version of the checker's prompt; the newest if unset.",
        examples=["1.1.0"],
    )


class DecisionsOptions(PromptOptions):
    """A model behind a decision endpoint."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["gpt-6-luna"]
    )
    api: Literal["decisions", "systemone"] = Field(
        "decisions", description="The endpoint: OpenAI's, or `systemone` of vLLM and Ollama."
    )
    min_label_mass: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Probability of a yes or a no among all that the model could have said, from 0 to 1, below which a "
        "sentence is undecided; only vLLM tells it.",
    )
    bounds: DocumentBounds = Field(
        default_factory=DocumentBounds, description="Limits of one request, in addition to the deadline of its call."
    )

    @property
    def path(self) -> str:
        """Where requests go, behind the provider's base."""
        return f"/{self.api}"


class JudgeOptions(PromptOptions):
    """A model that judges."""

    sentences: int = Field(16, ge=1, le=200, description="Sentences per call of the model.")
    output_tokens: int = Field(
        1024, ge=64, le=32_768, description="Tokens that the model may generate in a call, its thoughts included."
    )
    log_probabilities: bool = Field(
        False,
        description="Ask for the probabilities of yes and no; without them the model's word counts as 1 or 0.",
    )
    min_label_mass: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Probability of a yes or a no among all that the model could have said, from 0 to 1, below which a "
        "sentence is undecided; with `log_probabilities`.",
    )


def _template(text: str) -> str:
    if unknown := next((each for each in _BRACES.findall(text) if not FIELD.fullmatch(each)), None):
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
        "joined",
        description="How the passages that a sentence cites are read: `joined` into one text, or `each` by itself.",
    )
    window_words: int = Field(350, ge=20, le=100_000, description="Words of passages in one input.")
    overlap_words: int = Field(50, ge=0, le=10_000, description="Words that two neighbouring windows share.")
    combine: Literal["max", "mean", "min"] = Field(
        "max", description="How the probabilities of windows become that of a sentence: `max`, `mean` or `min`."
    )
    batch: int = Field(32, ge=1, le=4096, description="Inputs per request.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        used = set(FIELD.findall(self.text + (self.text_pair or "")))
        if missing := {"passage", "statement"} - used:
            raise ValueError(f"text and text_pair lack {{{min(missing)}}}")
        if self.overlap_words >= self.window_words:
            raise ValueError("overlap_words must be less than window_words")
        return self


class ClassifierOptions(PairOptions):
    """A model behind a classification endpoint."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["minicheck"]
    )
    api: Api = Field(
        "tei",
        description="The endpoint: `tei` (`/predict`), `vllm_classify` (`/classify`, single texts) or `vllm_score` "
        "(`/score`, pairs, a model of one label).",
    )
    label: str | None = Field(
        None,
        max_length=256,
        description="The label whose score counts, as TEI names it; of `tei` alone.",
        examples=["entailment"],
    )
    class_index: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="The class whose score counts, from 0; of `vllm_classify` alone.",
        examples=[1],
    )
    bounds: DocumentBounds = Field(
        default_factory=DocumentBounds, description="Limits of one request, in addition to the deadline of its call."
    )

    @model_validator(mode="after")
    def _fits_api(self) -> Self:
        if (self.label is not None) != (self.api == "tei"):
            raise ValueError("label must be set with `api: tei`, and with no other")
        if (self.class_index is not None) != (self.api == "vllm_classify"):
            raise ValueError("class_index must be set with `api: vllm_classify`, and with no other")
        if self.api == "vllm_classify" and self.text_pair is not None:
            raise ValueError("text_pair must be null: vLLM classifies single texts")
        if self.api == "vllm_score" and self.text_pair is None:
            raise ValueError("text_pair must be set: vLLM scores pairs")
        return self

    @property
    def path(self) -> str:
        """Where requests go, behind the provider's base."""
        return _PATHS[self.api]


class OnnxOptions(CrossEncoderOptions, PairOptions):
    """A cross-encoder in a folder, with its `tokenizer.json`."""

    folder: Path = Field(
        description="The folder of the model's file and of `tokenizer.json`.",
        examples=["/var/lib/groundwire/minicheck"],
    )
    max_tokens: int = Field(
        512, ge=16, le=32_768, description="Longest input; a sentence whose input is longer is undecided."
    )
    workers: int = Field(1, ge=1, le=64, description="Threads that inputs are classified in.")
