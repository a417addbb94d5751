"""Putting the product together: concrete classes are named here and nowhere else."""

from collections.abc import Mapping

from opentelemetry.trace import Tracer

from groundwire_server.adapters.prompts.files import BUILT_IN, FilePrompts
from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.app.access import BELIEVED
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.dependencies import Dependencies
from groundwire_server.app.settings import Settings
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.policy import Policy
from groundwire_server.edge.access import Access
from groundwire_server.edge.server import Server, Servicers
from groundwire_server.edge.servicers.answers import Answers
from groundwire_server.edge.servicers.documents import Documents
from groundwire_server.edge.servicers.retrieval import Retrieval
from groundwire_server.pipeline.answering import Answering
from groundwire_server.pipeline.ports import Ports
from groundwire_server.runs.runs import Runs


def server(
    settings: Settings,
    routes: Mapping[str, Policy],
    dependencies: Dependencies,
    tracer: Tracer,
    access: Access | None = None,
) -> Server:
    """Put a server together from its dependencies.

    Args:
        settings: what is set.
        routes: the policies, by name.
        dependencies: the adapters in use.
        tracer: what traces.
        access: who is let in; without it callers are believed, and the server may listen on loopback alone.
    """
    prompts = FilePrompts(BUILT_IN)
    for policy in routes.values():
        prompts.check(policy.prompt, policy.prompt_version)
    clock = SystemClock()
    ports = Ports(dependencies.retriever, dependencies.embedder, prompts, dependencies.generators)
    answering = Answering(routes, ports, clock, tracer)
    ingest = Ingest(dependencies.corpus, dependencies.embedder)
    runs = Runs(MemoryRunLog(clock))
    servicers = Servicers(
        answers=Answers(answering, runs, settings.write_seconds),
        retrieval=Retrieval(answering),
        documents=Documents(dependencies.corpus, ingest, clock),
    )
    return Server(servicers, tracer, settings.concurrent_calls, access or BELIEVED, clock, runs.end)
