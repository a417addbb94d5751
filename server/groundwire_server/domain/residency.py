"""Where a model runs, and which models a question may be shown to."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Residency(StrEnum):
    """Who runs a model."""

    HOSTED = "hosted"
    SELF_HOSTED = "self_hosted"


def outside(chain: Sequence[str], residencies: Mapping[str, Residency]) -> tuple[str, ...]:
    """The models of a chain that `self_hosted_only` bars; one that is not known is one of them."""
    return tuple(alias for alias in chain if residencies.get(alias) is not Residency.SELF_HOSTED)


def within(chain: Sequence[str], residencies: Mapping[str, Residency], *, self_hosted_only: bool) -> tuple[str, ...]:
    """The part of a chain that may be asked, in its order."""
    barred = frozenset(outside(chain, residencies)) if self_hosted_only else frozenset()
    return tuple(alias for alias in chain if alias not in barred)
