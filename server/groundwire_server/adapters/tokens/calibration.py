"""Fitting an estimate to the counts of a provider."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from groundwire_server.domain.text.tokens import TokenEstimate

BOUNDS: Final = (0.2, 5.0)
"""What a factor may be: beyond it the counts are not of this text."""


def samples() -> Mapping[str, str]:
    """Return a text in each script that estimates are calibrated for, in the order in which factors are found."""
    text = files("groundwire_server.adapters.tokens").joinpath("samples.toml").read_text(encoding="utf-8")
    return {script: str(sample) for script, sample in tomllib.loads(text).items()}


def factors_of(estimate: TokenEstimate, counted: Mapping[str, int]) -> Mapping[str, float]:
    """Return what the tokens of each script are multiplied by, so that the estimate gives what was counted.

    Args:
        estimate: without a calibration.
        counted: the tokens of each sample, by its script.
    """
    factors: dict[str, float] = {}
    for script, text in samples().items():
        now = estimate.calibrated(factors)
        before = now.count(text)
        # What else is in a sample, such as digits and the Han of Japanese, keeps its count.
        share = now.calibrated({script: 2.0}).count(text) - before
        factor = 1.0 + (counted[script] - before) / share
        least, most = BOUNDS
        factors[script] = round(min(most, max(least, factor)), 2)
    return factors
