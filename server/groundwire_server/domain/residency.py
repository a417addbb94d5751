"""Data residency: who runs a model, and which models may see a question."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Residency(StrEnum):
    """Who runs a model."""

    HOSTED = "hosted"
    SELF_HOSTED = "self_hosted"


def outside(chain: Sequence[str], residencies: Mapping[str, Residency]) -> tuple[str, ...]:
    """Return the models of a chain that `self_hosted_only` excludes; unknown ones are among them."""
    return tuple(alias for alias in chain if residencies.get(alias) is not Residency.SELF_HOSTED)


def within(chain: Sequence[str], residencies: Mapping[str, Residency], *, self_hosted_only: bool) -> tuple[str, ...]:
    """Return the models of a chain that may be asked, in order."""
    barred = frozenset(outside(chain, residencies)) if self_hosted_only else frozenset()
    return tuple(alias for alias in chain if alias not in barred)
