"""Weights are read whole or not at all, and belong to the features of the code."""

import json
import math

import pytest

from groundwire_server.domain.claims.alignment import align
from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.features import FEATURES, features
from groundwire_server.domain.claims.trees import Classifier

STUMP = {
    "origin": {"script": "by hand"},
    "features": ["a", "b"],
    "threshold": 0.3,
    "bias": 0.5,
    "trees": [[[1, 2.5, 1, 2, 0], [-1, 0, 0, 0, -1.0], [-1, 0, 0, 0, 1.0]]],
}


def with_(**changes: object) -> str:
    return json.dumps(STUMP | changes)


@pytest.mark.parametrize(("value", "log_odds"), [(2.0, -0.5), (2.5, -0.5), (2.6, 1.5)])
def test_trees_add_up(value: float, log_odds: float) -> None:
    classifier = Classifier.parse(with_())
    assert classifier.probability([0.0, value]) == pytest.approx(1 / (1 + math.exp(-log_odds)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        json.dumps({name: value for name, value in STUMP.items() if name != "trees"}),
        json.dumps({name: value for name, value in STUMP.items() if name != "origin"}),
        with_(features=None),
        with_(threshold="high"),
        with_(threshold=None),
        with_(bias=[]),
        with_(origin=3),
        with_(trees=3),
        with_(trees=[3]),
        with_(trees=[[]]),
        with_(trees=[[[0, 1.0, 1]]]),
        with_(trees=[[[0, 1.0, 1, 2, 0]]]),
        with_(trees=[[[2, 1.0, 1, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]]),
        with_(trees=[[[0, 1.0, 0, 0, 0]]]),
        with_(trees=[[["a", 1.0, 1, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]]),
        with_(trees=[[[-1, 0, 0, 0, None]]]),
    ],
)
def test_malformed_weights_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Classifier.parse(text)


def test_features_have_names() -> None:
    evidence = [EvidenceText("Rollo led the Normans to Rouen in 911.")]
    found = features(align(Unit("Rollo led them to Paris in 911."), evidence), [])
    assert len(found) == len(FEATURES) == len(set(FEATURES))
    assert all(math.isfinite(value) for value in found)
