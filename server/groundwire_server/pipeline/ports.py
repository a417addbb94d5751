"""What the path needs from other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.domain.price import Price
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.prompts import Prompts
from groundwire_server.ports.reranker import Reranker
from groundwire_server.ports.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Ports:
    """The path's dependencies; put together by `app/` alone.

    Attributes:
        embedder: None searches by keyword alone.
        generators: by the model aliases that routes name.
        acl_recheck: of who may see what the retriever returns.
        prices: of those whose tokens cost something.
        budget: where the money for them comes from; None has no bound.
        reranker: rates what was found; None leaves that to vectors and words.
    """

    retriever: Retriever
    embedder: Embedder | None
    prompts: Prompts
    generators: Mapping[str, Generator]
    acl_recheck: AclRecheck
    prices: Mapping[str, Price] = field(default_factory=dict)
    budget: Budget | None = None
    reranker: Reranker | None = None
