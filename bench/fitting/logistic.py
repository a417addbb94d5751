"""Fitting a logistic regression, judging it, and writing it down."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.split import SEED, SQUAD, Part, read_split

Floats = npt.NDArray[np.float64]

_ROUNDS = 60
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A fitted regression, with its weights by feature."""

    bias: float
    weights: Mapping[str, float]

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each row."""
        odds = self.bias + features @ np.array(list(self.weights.values()))
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30))), np.float64)


def fit(
    names: Sequence[str], features: Floats, labels: npt.NDArray[np.bool_], penalty: float, weights: Floats | None = None
) -> Estimate:
    """Fit by Newton's method, with a ridge penalty on weights of standardised features.

    Args:
        names: of the columns.
        features: a row for each example.
        labels: of the rows.
        penalty: on the squared weights, in examples.
        weights: of the rows; all the same if None.
    """
    counted = np.ones(len(labels)) if weights is None else weights
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    rows = np.hstack([(features - mean) / spread, np.ones((len(features), 1))])
    ridge = np.diag([penalty] * features.shape[1] + [1e-9])
    found = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        expected = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30, 30)))
        slope = rows.T @ (counted * (expected - labels)) + ridge @ found
        curvature = (rows * (counted * np.maximum(expected * (1 - expected), 1e-9))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curvature, slope)
        found -= step
        if np.abs(step).max() < 1e-10:
            break
    scaled = found[:-1] / spread
    bias = float(found[-1] - scaled @ mean)
    return Estimate(
        round(bias, _DIGITS), {name: round(float(each), _DIGITS) for name, each in zip(names, scaled, strict=True)}
    )


def area(positive: Floats, negative: Floats) -> float:
    """Return the area under the ROC curve: how often a positive stands above a negative, ties counting half."""
    both = np.concatenate([positive, negative])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    size = len(positive)
    return float((ranks[:size].sum() - size * (size + 1) / 2) / (size * len(negative)))


def area_interval(positive: Floats, negative: Floats, rounds: int = 1000) -> tuple[float, float]:
    """Return the 95 % interval of the area, by a bootstrap over questions."""
    drawn = np.random.default_rng(0)
    areas = [area(drawn.choice(positive, len(positive)), drawn.choice(negative, len(negative))) for _ in range(rounds)]
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


def write(
    file: Path, made_by: str, questions: int, models: Mapping[str, Estimate], thresholds: Mapping[str, float]
) -> None:
    """Write a file that `groundwire_server.files.fitted` reads."""
    fitted = [title for title, part in read_split().parts.items() if part is Part.FITTED]
    lines = [
        "# Written by the command below; do not change it by hand.",
        "[fitted]",
        f"command = {json.dumps(made_by)}",
        f"data_sha256 = {json.dumps(hashlib.sha256(SQUAD.read_bytes()).hexdigest())}",
        f"split_seed = {SEED}",
        f"articles = {json.dumps(fitted)}",
        f"questions = {questions}",
    ]
    for name, model in models.items():
        lines += [
            "",
            f"[{name}]",
            f"bias = {model.bias}",
            *(f"{key} = {value}" for key, value in model.weights.items()),
        ]
    if thresholds:
        lines += ["", "[thresholds]", *(f"{name} = {value}" for name, value in thresholds.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
