"""The second path: a search alone, so that the quality of retrieval can be seen."""

from dataclasses import replace

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline import retrieve
from groundwire_server.pipeline.normalize import normalize
from groundwire_server.pipeline.ports import Ports
from groundwire_server.pipeline.stage import Run


async def search(ask: Question, caller: Caller, policy: Policy, ports: Ports, run: Run) -> Evidence:
    """Return what an answer to the same question would choose from, best first.

    Raises:
        Rejection: when the question itself is invalid.
        Failure: of the store or the embedder.
    """
    question = run.compute(Stage.NORMALIZE, lambda: normalize(ask.text, policy.question_limit, "text"))
    asked = replace(ask, text=question)
    return await run.stage(
        Stage.RETRIEVE, lambda by: retrieve.retrieve(asked, caller, policy, ports, run.waits, by), retrieve.describe
    )
