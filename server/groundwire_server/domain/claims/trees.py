"""A gradient-boosted classifier, read from a text file and evaluated in plain Python."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

_Node = tuple[int, float, int, int, float]
"""Feature, threshold, the node for what is not above it, the node for what is, and the value of a leaf."""

_LEAF = -1


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights with what they were fitted on.

    Attributes:
        features: the names of the features, in order.
        threshold: the probability below which a statement is refused.
        bias: the log-odds before the first tree.
        trees: the nodes of each tree, the root first; the feature of a leaf is -1.
        origin: how the weights were made: data, split, seed, script.
    """

    features: tuple[str, ...]
    threshold: float
    bias: float
    trees: tuple[tuple[_Node, ...], ...]
    origin: dict[str, object]

    @classmethod
    def parse(cls, text: str) -> "Classifier":
        """Read weights.

        Raises:
            ValueError: for a text that is not of the form that `write` gives.
        """
        try:
            read = json.loads(text)
            trees = tuple(
                tuple((int(f), float(t), int(a), int(b), float(v)) for f, t, a, b, v in tree) for tree in read["trees"]
            )
            return cls(
                tuple(read["features"]), float(read["threshold"]), float(read["bias"]), trees, dict(read["origin"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the weights of a classifier cannot be read: {error}") from error

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability of the class, 0 to 1."""
        total = self.bias
        for nodes in self.trees:
            feature, threshold, low, high, value = nodes[0]
            while feature != _LEAF:
                feature, threshold, low, high, value = nodes[low if features[feature] <= threshold else high]
            total += value
        return 1.0 / (1.0 + math.exp(-total))
