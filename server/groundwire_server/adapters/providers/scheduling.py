"""Tenant and priority of requests, for model servers that share themselves among those."""

from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret

_HASH_BYTES: Final = 8

# llm-d's router has had its own names since 0.8, and takes those of the inference extension beside them.
_PREFIXES: Final = MappingProxyType({"llm_d": "x-llm-d-inference-", "gateway": "x-gateway-inference-"})

RANKS: Final[Mapping[Priority, int]] = MappingProxyType({each: rank for rank, each in enumerate(Priority)})
"""The priority of a request in vLLM's numbers: the lowest is served first."""

Objective: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
"""The name of a resource of Kubernetes."""


class ObjectivesOptions(Options):
    """Names of an InferenceObjective by priority; a request of one without a name says none."""

    interactive: Objective | None = Field(None, description="Of answers that somebody waits for.", examples=["chat"])
    background: Objective | None = Field(None, description="Of those that may wait.", examples=["batch"])
    evaluation: Objective | None = Field(
        None, description="Of evaluations, and of comparisons in the shadow.", examples=["offline"]
    )

    def of(self, priority: Priority) -> str | None:
        """Return the name for a priority."""
        match priority:
            case Priority.INTERACTIVE:
                return self.interactive
            case Priority.BACKGROUND:
                return self.background
            case Priority.EVALUATION:
                return self.evaluation


class SchedulingOptions(Options):
    """How a model server learns a request's tenant and priority; not at all unless set.

    It is for servers of one's own: a hosted provider has no use for either.
    """

    headers: Literal["llm_d", "gateway"] | None = Field(
        None,
        description="Headers of tenant and priority: `llm_d` (x-llm-d-inference-fairness-id and -objective), or "
        "`gateway` (x-gateway-inference-…, of the Gateway API inference extension); none if unset.",
        examples=["llm_d"],
    )
    tenant: Literal["hash", "name"] = Field("hash", description="How the tenant is named: as a hash, or as it is.")
    tenant_key: Secret | None = Field(
        None,
        description="Key of that hash, a reference: env://NAME or file:///PATH; without one, those who can guess a "
        "tenant's name can recognize it.",
        examples=["env://TENANT_KEY"],
    )
    objectives: ObjectivesOptions = Field(
        default_factory=ObjectivesOptions, description="Names of an InferenceObjective by priority."
    )
    priority: bool = Field(
        False,
        description="Whether requests have vLLM's field `priority`: 0 for INTERACTIVE, 1 for BACKGROUND, 2 for "
        "EVALUATION. It needs `vllm serve --scheduling-policy priority`.",
    )


class SchedulingHeaders:
    """The headers that say on whose behalf a request is.

    Args:
        options: what is said.
    """

    def __init__(self, options: SchedulingOptions) -> None:
        self._prefix = _PREFIXES[options.headers] if options.headers is not None else None
        self._options = options
        key = options.tenant_key
        self._key = b"" if key is None else key.reveal().encode()[:64]

    def of(self, requester: Requester) -> Mapping[str, str]:
        """Return the headers of a request."""
        if self._prefix is None:
            return {}
        headers = {f"{self._prefix}fairness-id": self._tenant(requester.tenant)}
        if (objective := self._options.objectives.of(requester.priority)) is not None:
            headers[f"{self._prefix}objective"] = objective
        return headers

    def _tenant(self, name: str) -> str:
        if self._options.tenant == "name":
            return name
        return blake2b(name.encode(), digest_size=_HASH_BYTES, key=self._key).hexdigest()
