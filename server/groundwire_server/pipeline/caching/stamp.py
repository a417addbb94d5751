"""What decides an answer and is in no question: an earlier one holds only while it is as it was."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import CacheKey, Screen
from groundwire_server.pipeline.caching.canonical import DIGEST_BYTES, digest
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.guards import ScreenGuards

STAMPED: Final = (CacheKey.PROMPT, CacheKey.MODELS, CacheKey.GUARDS, CacheKey.CHECKER, CacheKey.POLICY)
"""The parts of a stamp, in their order; the policy is last, for it also names the models and the prompt."""

_REMEMBERED: Final = 16
"""Policies of one route: limits make some for their requesters, and rules that choose models some for questions."""


def _guards(screens: Mapping[Screen, ScreenGuards]) -> object:
    return {
        screen: tuple((each.identity, each.actions, each.categories) for each in guards.each)
        for screen, guards in screens.items()
    }


DECIDING: Final[Mapping[str, tuple[CacheKey, Callable[[Any], object]]]] = {
    "identities": (CacheKey.MODELS, lambda identities: identities),
    "embedder": (CacheKey.MODELS, lambda embedder: embedder and embedder.model),
    "reranker": (CacheKey.MODELS, lambda reranker: reranker and (reranker.name, reranker.fingerprint)),
    "rewriter": (CacheKey.MODELS, lambda rewriter: rewriter and rewriter.prompts.fingerprint),
    "screens": (CacheKey.GUARDS, _guards),
    "rules": (CacheKey.CHECKER, lambda rules: rules.fingerprint),
    "checker": (CacheKey.CHECKER, lambda checker: checker and (checker.name, checker.fingerprint, checker.thresholds)),
}
"""What of a route's dependencies decides an answer, by their fields: its part of the stamp, and what is compared."""

NOT_DECIDING: Final = {
    "retriever": "its passages are looked at again before an answer leaves",
    "prompts": "are asked for the policy's own, by name and version",
    "generators": "are known by their identities and settings",
    "acl_recheck": "keeps passages back from everybody alike",
    "prices": "are what an answer costs",
    "budget": "is whether there is money for one",
    "shadow": "is seen by nobody",
    "cache": "is where answers are kept",
    "queue": "is where questions wait that have none",
    "tokens": "are counted for the models, whose settings say how",
    "reviews": "are asked by the policy's own rules",
    "context": "is in the key, for the caller's tenant: a change of another's leaves its answers as they are",
    "recordings": "are written once it has left",
}
"""The other fields, each with why an answer does not depend on it."""


class RouteStamp:
    """The stamps of one route's answers, apart from the corpus version. They are made once, and looked up by calls.

    Args:
        ports: of the route.
        settings: digests of the configuration that its parts were made of, by the part of the stamp that they are in.
    """

    def __init__(self, ports: Ports, settings: Mapping[CacheKey, str]) -> None:
        self._prompts = ports.prompts
        self._fixed = {
            part: (
                settings.get(part, ""),
                {name: read(getattr(ports, name)) for name, (of, read) in DECIDING.items() if of is part},
            )
            for part in STAMPED
        }
        self._made: list[tuple[Policy, bytes]] = []

    def of(self, policy: Policy) -> bytes:
        """Return the stamp of answers under a policy of the route."""
        for known, made in self._made:
            # A rule that chooses models makes an equal policy for each call.
            if known is policy or known == policy:
                return made
        made = self._make(policy)
        self._made = [*self._made[1 - _REMEMBERED :], (policy, made)]
        return made

    def _make(self, policy: Policy) -> bytes:
        own: Mapping[CacheKey, object] = {
            CacheKey.PROMPT: self._prompts.fingerprint(policy.prompt, policy.prompt_version),
            CacheKey.MODELS: policy.models,
            CacheKey.POLICY: policy,
        }
        return b"".join(digest((self._fixed[part], own.get(part))) for part in STAMPED)


def disagreeing(one: bytes, other: bytes) -> CacheKey | None:
    """Return the first part in which two stamps differ; None where they are the same.

    Two of different lengths differ in their policy: the server that made one of them had another form.
    """
    if one == other:
        return None
    if len(one) == len(other):
        for place, part in enumerate(STAMPED):
            start = place * DIGEST_BYTES
            if one[start : start + DIGEST_BYTES] != other[start : start + DIGEST_BYTES]:
                return part
    return CacheKey.POLICY
