"""What the server serves by: all of one configuration, so that a call never sees half of another."""

from dataclasses import dataclass

from groundwire_server.corpus.ingest import Ingest
from groundwire_server.edge.access import Access
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.corpus import Corpus


@dataclass(frozen=True, slots=True)
class ServingSnapshot:
    """What calls begin with.

    Attributes:
        access: who is let in.
        routes: the routes by name.
        answerer: answers questions.
        pipeline: searches.
        corpus: keeps documents.
        ingest: takes documents in.
        write_seconds: how long an event of a stream waits for its reader.
    """

    access: Access
    routes: RouteTable
    answerer: Answerer
    pipeline: PipelineAnswerer
    corpus: Corpus
    ingest: Ingest
    write_seconds: float


class CurrentSnapshot:
    """The snapshot in force: a call reads it once, when it begins, and keeps what it read."""

    def __init__(self, snapshot: ServingSnapshot) -> None:
        self.snapshot = snapshot
