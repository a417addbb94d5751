"""Files in the place of a calibration: each is refused with one sentence, and none stops or fills the process."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.calibration import Calibration, RelevanceBasis, read, write
from groundwire_server.evaluation.thresholds import ErrorRates, Rate

RATES = ErrorRates(Rate(1, 20), Rate(2, 20))
CALIBRATION = Calibration(0.4, RelevanceBasis("rule", "a-model", 3, True), "default", "0" * 64, 7, RATES, RATES)


def _with(**values: Any) -> Callable[[Path], object]:
    def changed(file: Path) -> None:
        write(file, CALIBRATION)
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    return changed


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "calibration.json", CALIBRATION)
    assert read(tmp_path / "calibration.json") == CALIBRATION


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is a pipe or a device"),
        (lambda file: file.write_bytes(b'{"format": "\xff"}'), "is not UTF-8 in line 1"),
        (lambda file: file.write_text(" " * 65537), "is larger than 64 KiB"),
        (lambda file: file.write_text("[" * 60000), "is not a calibration"),
        (_with(seed=float("inf")), "is not a calibration"),
        (_with(min_relevance=10**400), "is not a calibration"),
        (_with(min_relevance=float("nan")), "was changed by hand"),
    ],
    ids=["folder", "pipe", "not UTF-8", "large", "deep", "no whole number", "huge", "NaN"],
)
def test_what_is_in_its_place_is_refused(tmp_path: Path, place: Callable[[Path], object], says: str) -> None:
    file = tmp_path / "calibration.json"
    place(file)
    with pytest.raises(SetupError, match=says) as refused:
        read(file)
    assert "groundwire calibrate" in str(refused.value)
