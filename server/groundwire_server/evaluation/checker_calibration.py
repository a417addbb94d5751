"""A checker's calibration as a file: the fitted thresholds, what they were fitted on, and their error rates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.checker_thresholds import CheckerErrors
from groundwire_server.evaluation.thresholds import Rate
from groundwire_server.files.small import UnreadableFileError, text_of

_FORMAT = 1
_SIZE_LIMIT = 256 * 1024
_ADVICE = "write one with `groundwire calibrate checker`"


@dataclass(frozen=True, slots=True)
class CheckerCalibration:
    """Fitted thresholds.

    Attributes:
        thresholds: the fitted ones.
        checker: the checker's name in the configuration that it was fitted with.
        fingerprint: of the checker: of all that decides a probability.
        statements: the SHA-256 of the file of statements.
        seed: drew the halves.
        fitted: the errors on the half that they were fitted on.
        held_out: the errors on the other half.
        kinds: for each kind of statement in the other half, supported or not, those that were judged wrongly.
    """

    thresholds: EntailmentThresholds
    checker: str
    fingerprint: str
    statements: str
    seed: int
    fitted: CheckerErrors
    held_out: CheckerErrors
    kinds: Mapping[tuple[str, bool], Rate] = field(default_factory=dict)


def write(file: Path, calibration: CheckerCalibration) -> None:
    """Write a calibration; an existing file is replaced."""
    written = {
        "format": _FORMAT,
        "thresholds": {
            "entailed_from": calibration.thresholds.entailed_from,
            "unsupported_below": calibration.thresholds.unsupported_below,
        },
        "checker": {"name": calibration.checker, "fingerprint": calibration.fingerprint},
        "statements_sha256": calibration.statements,
        "seed": calibration.seed,
        "split": {"fitted": _errors(calibration.fitted), "held_out": _errors(calibration.held_out)},
        "held_out_by_kind": [
            {"kind": kind, "supported": supported, **_rate(rate)}
            for (kind, supported), rate in sorted(calibration.kinds.items())
        ],
    }
    file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def read(file: Path) -> CheckerCalibration:
    """Read a calibration.

    Raises:
        SetupError: when the file is not a checker's calibration, or is of another version.
    """
    try:
        values = json.loads(text_of(file, _SIZE_LIMIT))
        if values["format"] != _FORMAT:
            raise SetupError(f"{file} is of another version of groundwire: {_ADVICE}")
        entailed_from = float(values["thresholds"]["entailed_from"])
        unsupported_below = float(values["thresholds"]["unsupported_below"])
        if not 0 <= unsupported_below <= entailed_from <= 1:
            raise SetupError(f"{file} was changed by hand: {_ADVICE}")
        return CheckerCalibration(
            EntailmentThresholds(entailed_from, unsupported_below),
            str(values["checker"]["name"]),
            str(values["checker"]["fingerprint"]),
            str(values["statements_sha256"]),
            int(values["seed"]),
            _errors_of(values["split"]["fitted"]),
            _errors_of(values["split"]["held_out"]),
            {(str(each["kind"]), bool(each["supported"])): _rate_of(each) for each in values["held_out_by_kind"]},
        )
    except UnreadableFileError as why:
        raise SetupError(f"{file} {why}: {_ADVICE}") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise SetupError(f"{file} is not a checker's calibration: {_ADVICE}") from None


def _errors(errors: CheckerErrors) -> dict[str, object]:
    return {
        "supported_refused": _rate(errors.refused),
        "unsupported_accepted": _rate(errors.accepted),
        "undecided": _rate(errors.undecided),
    }


def _rate(rate: Rate) -> dict[str, object]:
    return {"count": rate.count, "of": rate.of, "interval": [round(each, 4) for each in rate.interval]}


def _errors_of(values: Mapping[str, Any]) -> CheckerErrors:
    names = ("supported_refused", "unsupported_accepted", "undecided")
    return CheckerErrors(*(_rate_of(values[name]) for name in names))


def _rate_of(values: Mapping[str, Any]) -> Rate:
    return Rate(int(values["count"]), int(values["of"]))
