"""Estimates that were fitted beforehand: logistic regressions in small text files of a package.

Such a file is TOML: a table for each model with its `bias` and the weight of each feature, a table `thresholds`, and a
table `fitted` that says how the file was made. `bench/fitting/` writes it.
"""

import hashlib
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from operator import mul

_BIAS = "bias"
_THRESHOLDS = "thresholds"
_HISTORY = "fitted"
_STEEPEST = 30.0
"""Beyond this the logistic function is 0 or 1 to twelve digits, and its exponential would overflow at last."""


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A logistic regression.

    Attributes:
        bias: the log-odds where every feature is 0.
        weights: what is added to them for one of each feature, in the features' order.
    """

    bias: float
    weights: tuple[float, ...]

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability, 0 to 1, for features in the order of the weights."""
        odds = self.bias + sum(map(mul, self.weights, features))
        return 1.0 / (1.0 + math.exp(-min(max(odds, -_STEEPEST), _STEEPEST)))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A file of fitted estimates.

    Attributes:
        models: by name.
        thresholds: levels of the probabilities, by name.
        digest: tells two versions of the file apart: the beginning of its SHA-256.
    """

    models: Mapping[str, LogisticModel]
    thresholds: Mapping[str, float]
    digest: str


def read_fitted(package: str, name: str, features: Sequence[str]) -> Fitted:
    """Read a file of fitted estimates.

    Args:
        package: the package that holds the file.
        name: of the file.
        features: the names of the features, in the order in which they will be given. A model without a weight for one
            leaves it out.

    Raises:
        ValueError: when the file weighs a feature that is not among them: it was made for another version.
    """
    content = (files(package) / name).read_bytes()
    tables = tomllib.loads(content.decode())
    thresholds = tables.pop(_THRESHOLDS, {})
    tables.pop(_HISTORY, None)
    models = {}
    for model, weights in tables.items():
        unknown = weights.keys() - {_BIAS, *features}
        if unknown:
            raise ValueError(f"{name}: {model} weighs {', '.join(sorted(unknown))}, which no code computes")
        models[model] = LogisticModel(weights[_BIAS], tuple(weights.get(feature, 0.0) for feature in features))
    return Fitted(models, thresholds, hashlib.sha256(content).hexdigest()[:12])
