"""Checkers: models that say whether passages entail the sentences of an answer."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from groundwire_server.adapters.checker.options import (
    ClassifierOptions,
    DecisionsOptions,
    JudgeOptions,
    OnnxOptions,
)
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.options import Options


class CheckerThresholdsConfig(Options):
    """The probabilities from which a checker is believed; between them the rules decide."""

    entailed_from: float = Field(
        0.9, ge=0, le=1, description="Lowest probability of a sentence that counts as entailed, from 0 to 1."
    )
    unsupported_below: float = Field(
        0.1, ge=0, le=1, description="Sentences of a lower probability count as unsupported, from 0 to 1."
    )
    calibration: Path | None = Field(
        None,
        description="A file of `groundwire calibrate checker`, whose thresholds replace both; the server does not "
        "start when it was fitted with another model or prompt.",
        examples=["checker.json"],
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.unsupported_below > self.entailed_from:
            raise ValueError("unsupported_below must be at most entailed_from")
        return self

    @property
    def thresholds(self) -> EntailmentThresholds:
        """The thresholds as they are written here."""
        return EntailmentThresholds(self.entailed_from, self.unsupported_below)


class _OfKind(Options):
    kind: Literal["decisions", "judge", "classifier", "onnx"] = Field(description="Kind of checker.")


class _AtEndpoint(_OfKind):
    provider: Name = Field(description="The provider, by name; of the kind `openai`.", examples=["openai"])


class _Checker(Options):
    thresholds: CheckerThresholdsConfig = Field(
        default_factory=CheckerThresholdsConfig,
        description="The probabilities from which the checker is believed; between them the rules decide.",
    )


class _Judging(Options):
    model: Name = Field(description="The model, by its name in `models`; not one that quotes.", examples=["openai"])


class DecisionsCheckerConfig(_Checker, ProtectedConfig, DecisionsOptions, _AtEndpoint):
    """A model behind a decision endpoint, which answers for all sentences in one request."""

    kind: Literal["decisions"] = Field(description="A decision endpoint.")


class JudgeCheckerConfig(_Checker, JudgeOptions, _Judging, _OfKind):
    """A model of `models`, which says yes or no to each sentence."""

    kind: Literal["judge"] = Field(description="A model of `models`.")


class ClassifierCheckerConfig(_Checker, ProtectedConfig, ClassifierOptions, _AtEndpoint):
    """A model behind a classification endpoint."""

    kind: Literal["classifier"] = Field(description="A classification endpoint.")


class OnnxCheckerConfig(_Checker, OnnxOptions, _OfKind):
    """A cross-encoder on this machine; needs the extra `local`."""

    kind: Literal["onnx"] = Field(description="A cross-encoder on this machine.")


CheckerConfig: TypeAlias = Annotated[
    DecisionsCheckerConfig | JudgeCheckerConfig | ClassifierCheckerConfig | OnnxCheckerConfig,
    Field(discriminator="kind"),
]
