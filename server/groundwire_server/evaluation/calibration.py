"""A calibration as a file: the fitted threshold, what it was fitted on, and its error rates."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.thresholds import ErrorRates, Rate
from groundwire_server.files.small import UnreadableFileError, text_of

_FORMAT = 1
_SIZE_LIMIT = 64 * 1024
_ADVICE = "write one with `groundwire calibrate`"


@dataclass(frozen=True, slots=True)
class RelevanceBasis:
    """What a measure of passages comes from; a threshold that was fitted on another basis means nothing.

    Attributes:
        rule: the version of the computation.
        model: the embedding model, with its version; empty without one.
        dimensions: the length of its vectors.
        sentence_vectors: whether the store has vectors of sentences too.
        reranker: the name and the fingerprint of the reranker whose ratings they are; empty for relevance, which is
            computed from all that stands before.
    """

    rule: str
    model: str = ""
    dimensions: int = 0
    sentence_vectors: bool = False
    reranker: str = ""

    @property
    def hash(self) -> str:
        """A hash of the embedder, by which two are told apart."""
        return hashlib.sha256(f"{self.model}\n{self.dimensions}".encode()).hexdigest()[:16]

    @property
    def source(self) -> str:
        """What was measured with, in words."""
        return f"reranker {self.reranker}" if self.reranker else f"embedder {self.model or 'none'}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted threshold.

    Attributes:
        min_relevance: the threshold.
        basis: what relevance was computed from.
        route: the route that searched.
        questions: the SHA-256 of the file of questions.
        seed: drew the halves.
        fitted: the error rates on the half that it was fitted on.
        held_out: the error rates on the other half.
    """

    min_relevance: float
    basis: RelevanceBasis
    route: str
    questions: str
    seed: int
    fitted: ErrorRates
    held_out: ErrorRates


def write(file: Path, calibration: Calibration) -> None:
    """Write a calibration; an existing file is replaced."""
    basis = calibration.basis
    written = {
        "format": _FORMAT,
        "min_relevance": calibration.min_relevance,
        "relevance": basis.rule,
        "reranker": basis.reranker,
        "embedder": {
            "model": basis.model,
            "dimensions": basis.dimensions,
            "sentence_vectors": basis.sentence_vectors,
            "hash": basis.hash,
        },
        "route": calibration.route,
        "questions_sha256": calibration.questions,
        "seed": calibration.seed,
        "split": {"fitted": _written(calibration.fitted), "held_out": _written(calibration.held_out)},
    }
    file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def read(file: Path) -> Calibration:
    """Read a calibration.

    Raises:
        SetupError: when the file is not a calibration, or is of another version.
    """
    try:
        values = json.loads(text_of(file, _SIZE_LIMIT))
        if values["format"] != _FORMAT:
            raise SetupError(f"{file} is of another version of groundwire: {_ADVICE}")
        embedder = values["embedder"]
        model = str(embedder["model"])
        sentences = bool(embedder["sentence_vectors"])
        rule, reranker = str(values["relevance"]), str(values["reranker"])
        basis = RelevanceBasis(rule, model, int(embedder["dimensions"]), sentences, reranker)
        threshold = float(values["min_relevance"])
        if embedder["hash"] != basis.hash or not 0 <= threshold <= 1:
            raise SetupError(f"{file} was changed by hand: {_ADVICE}")
        return Calibration(
            threshold,
            basis,
            str(values["route"]),
            str(values["questions_sha256"]),
            int(values["seed"]),
            _read(values["split"]["fitted"]),
            _read(values["split"]["held_out"]),
        )
    except UnreadableFileError as why:
        raise SetupError(f"{file} {why}: {_ADVICE}") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise SetupError(f"{file} is not a calibration: {_ADVICE}") from None


def _written(errors: ErrorRates) -> dict[str, int]:
    return {
        "answerable": errors.refused.of,
        "refused": errors.refused.count,
        "unanswerable": errors.let_through.of,
        "let_through": errors.let_through.count,
    }


def _read(values: Mapping[str, Any]) -> ErrorRates:
    return ErrorRates(
        Rate(int(values["refused"]), int(values["answerable"])),
        Rate(int(values["let_through"]), int(values["unanswerable"])),
    )
