"""A fitted threshold as a file: what it is, what it was fitted on, and how good it is."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.thresholds import Errors, Rate

_FORMAT = 1
_ADVICE = "write one with `groundwire calibrate`"


@dataclass(frozen=True, slots=True)
class Fitting:
    """What relevance is made of: a threshold that was fitted with another means nothing.

    Attributes:
        rule: how relevance is computed.
        model: the embedding model, with its version; empty without one.
        dimensions: of its vectors.
        sentence_vectors: whether the store keeps those of sentences too, beside those of passages.
    """

    rule: str
    model: str = ""
    dimensions: int = 0
    sentence_vectors: bool = False

    @property
    def hash(self) -> str:
        """Tells two apart."""
        return hashlib.sha256(f"{self.model}\n{self.dimensions}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Calibration:
    """One fitted threshold.

    Attributes:
        min_relevance: the threshold.
        fitting: what relevance was made of.
        route: whose search it was.
        questions: SHA-256 of the file of questions.
        seed: drew the halves.
        fitted: the errors on the half that it was fitted on.
        held_out: those on the other half.
    """

    min_relevance: float
    fitting: Fitting
    route: str
    questions: str
    seed: int
    fitted: Errors
    held_out: Errors


def write(file: Path, calibration: Calibration) -> None:
    """Write a calibration; one that is there already is replaced."""
    fitting = calibration.fitting
    written = {
        "format": _FORMAT,
        "min_relevance": calibration.min_relevance,
        "relevance": fitting.rule,
        "embedder": {
            "model": fitting.model,
            "dimensions": fitting.dimensions,
            "sentence_vectors": fitting.sentence_vectors,
            "hash": fitting.hash,
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
        SetupError: when it is none, or another version's.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["format"] != _FORMAT:
            raise SetupError(f"{file} is of another version of groundwire: {_ADVICE}")
        embedder = values["embedder"]
        model = str(embedder["model"])
        # A file from before stores could leave them out says nothing of them: wherever there were vectors they were.
        sentences = bool(embedder.get("sentence_vectors", model != ""))
        fitting = Fitting(str(values["relevance"]), model, int(embedder["dimensions"]), sentences)
        threshold = float(values["min_relevance"])
        if embedder["hash"] != fitting.hash or not 0 <= threshold <= 1:
            raise SetupError(f"{file} was changed by hand: {_ADVICE}")
        return Calibration(
            threshold,
            fitting,
            str(values["route"]),
            str(values["questions_sha256"]),
            int(values["seed"]),
            _read(values["split"]["fitted"]),
            _read(values["split"]["held_out"]),
        )
    except OSError as failed:
        raise SetupError(f"{file} cannot be read: {failed.strerror}: {_ADVICE}") from None
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{file} is no calibration: {_ADVICE}") from None


def _written(errors: Errors) -> dict[str, int]:
    return {
        "answerable": errors.refused.of,
        "refused": errors.refused.count,
        "unanswerable": errors.let_through.of,
        "let_through": errors.let_through.count,
    }


def _read(values: Mapping[str, Any]) -> Errors:
    return Errors(
        Rate(int(values["refused"]), int(values["answerable"])),
        Rate(int(values["let_through"]), int(values["unanswerable"])),
    )
