"""A gradient-boosted classifier, read from a text file and evaluated in plain Python."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

Node = tuple[int, float, tuple["Node", ...]]
"""A feature, a threshold, and the nodes for what is not above it and for what is; or -1 and the value of a leaf."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights with what they were fitted on.

    Attributes:
        features: the names of the features, in order.
        threshold: the probability below which a statement is refused.
        bias: the log-odds before the first tree.
        trees: the root of each tree; their leaves' values add up to log-odds.
        origin: how the weights were made: data, split, seed, script.
    """

    features: tuple[str, ...]
    threshold: float
    bias: float
    trees: tuple[Node, ...]
    origin: dict[str, object]

    @classmethod
    def parse(cls, text: str) -> "Classifier":
        """Read weights.

        Raises:
            ValueError: for a text that does not hold a classifier.
        """
        try:
            read = json.loads(text)
            features = tuple(map(str, read["features"]))
            trees = tuple(_node(tree, 0, len(features)) for tree in read["trees"])
            return cls(features, float(read["threshold"]), float(read["bias"]), trees, dict(read["origin"]))
        except (IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"the weights of a classifier cannot be read: {error}") from error

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability of the class, 0 to 1."""
        total = self.bias
        for root in self.trees:
            feature, value, below = root
            while feature >= 0:
                feature, value, below = below[features[feature] > value]
            total += value
        return 1.0 / (1.0 + math.exp(-total))


def _node(tree: Sequence[Sequence[float]], index: int, features: int) -> Node:
    """Return a node of a tree in rows: feature (-1 for a leaf), threshold, rows of the two below it, value."""
    feature, threshold, low, high, value = tree[index]
    if feature < 0:
        return -1, float(value), ()
    if feature >= features or not index < min(low, high):
        raise ValueError(f"row {index} is no node")
    return int(feature), float(threshold), (_node(tree, int(low), features), _node(tree, int(high), features))
