"""The second path: a search alone, so that the quality of retrieval can be seen."""

from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline.normalize import check_search, normalize_question
from groundwire_server.pipeline.retrieve import retrieve
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.evidence import EvidenceScreening
from groundwire_server.pipeline.screening.question import screen_question
from groundwire_server.pipeline.stage import StageRunner


async def search(inquiry: Inquiry, ports: Ports, run: StageRunner) -> Evidence:
    """Return what an answer to the same question would choose from, best first.

    Raises:
        Rejection: when the question itself is invalid.
        Failure: of the store or the embedder, or of a guard.
    """
    with run.compute(Stage.NORMALIZE):
        check_search(inquiry, "search")
        inquiry = normalize_question(inquiry, "text")
    await screen_question(inquiry, ports, run)
    async with run.stage(Stage.RETRIEVE) as stage:
        found = await retrieve(inquiry, ports, stage, run)
    found = await EvidenceScreening(inquiry, ports, run).evidence(found)
    run.report.corpus_version, run.report.found = found.corpus_version, found.passages
    return found
