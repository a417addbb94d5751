"""Whether units fall into arms as the weights say: a sequential test, which may be looked at any time.

Where they do not, something loses units of one arm, such as calls that fail before they are counted, and no comparison
of the arms can be trusted. The test is by Lindon and Malek, "Anytime-valid inference for multinomial count data"
(NeurIPS 2022).
"""

import math
from collections.abc import Mapping
from typing import Final

ALARM: Final = 0.001
"""Probability below which a mismatch is taken for one. Equal weights are called unequal no more often than this."""

_CONCENTRATIONS: Final = (10.0, 1_000.0)
"""Of the Dirichlet distributions that stand for other shares: any at all, and those a few points off the weights."""


def mismatch_probability(units: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """Return the p-value of units by arm that is valid at every look: 1 over the Bayes factor against the weights.

    With n units, shares θ by weight and a = θ · concentration:
    Γ(Σa) / Γ(Σa + n) · Π Γ(a + nᵢ) / Γ(a) / Π θ^nᵢ is a factor, and so is the mean of several; it is ever above 1/α
    with a probability of at most α.

    Args:
        units: by arm; those of arms without a weight are not looked at.
        weights: by arm, in any unit.
    """
    total = sum(weights.values())
    shares = {arm: weight / total for arm, weight in weights.items() if weight > 0}
    if len(shares) < 2:
        return 1.0
    logs = [_log_factor(units, shares, concentration) for concentration in _CONCENTRATIONS]
    highest = max(logs)
    log_mean = highest + math.log(sum(math.exp(each - highest) for each in logs) / len(logs))
    return math.exp(min(-log_mean, 0.0))


def _log_factor(units: Mapping[str, int], shares: Mapping[str, float], concentration: float) -> float:
    seen = sum(units.get(arm, 0) for arm in shares)
    log_factor = math.lgamma(concentration) - math.lgamma(concentration + seen)
    for arm, share in shares.items():
        prior, found = share * concentration, units.get(arm, 0)
        log_factor += math.lgamma(prior + found) - math.lgamma(prior) - found * math.log(share)
    return log_factor
