"""Earlier answers of a route: which are kept, and when one stands in."""

from pydantic import Field

from groundwire_server.domain.policy import CachePolicy
from groundwire_server.domain.vocabulary import CacheAccept, CacheValidity
from groundwire_server.options import Options


class RouteCacheConfig(Options):
    """Which earlier answers of a route are kept, and when one stands in."""

    enabled: bool = Field(True, description="Keep answers, so that one can stand in when the same question fails.")
    serve_fresh: bool = Field(
        False,
        description="Return an earlier answer that holds at once, without a search or a model; calls that ask the same "
        "at the same time share one answer.",
    )
    max_age_seconds: float = Field(86_400, gt=0, le=31_536_000, description="Age up to which an earlier answer holds.")
    accept: CacheAccept = Field(
        CacheAccept.VERIFIED,
        description="Which answers are kept: VERIFIED (every sentence is word for word from a passage, or entailed by "
        "a checker) or ANSWERED (every answer that the route releases whole).",
    )
    valid_while: CacheValidity = Field(
        CacheValidity.CORPUS_UNCHANGED,
        description="How long an answer holds while documents change: CORPUS_UNCHANGED (until any document of the "
        "tenant changes) or CITED_UNCHANGED (until a document changes that the answer quotes).",
    )
    without_store_max_age_seconds: float = Field(
        3600,
        ge=0,
        le=31_536_000,
        description="Age up to which an answer may be shown while the store cannot be asked who may see what: one "
        "alone that quotes only documents open to the whole tenant.",
    )

    @property
    def policy(self) -> CachePolicy | None:
        """What the pipeline follows; None keeps no answers."""
        if not self.enabled:
            return None
        return CachePolicy(
            self.serve_fresh,
            self.max_age_seconds,
            self.accept,
            self.valid_while,
            self.without_store_max_age_seconds,
        )
