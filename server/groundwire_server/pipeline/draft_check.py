"""Checking a text whose passages are known: a draft that no answer came of, or a reviewer's own."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline.consult import Consultation
from groundwire_server.pipeline.grounding import ground, judge_statement, statements_of
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.source_index import SourceIndex
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.threads import Threads
from groundwire_server.telemetry import names


async def checked_segment(
    text: str, inquiry: Inquiry, evidence: Sequence[Passage], ports: Ports, run: StageRunner, threads: Threads
) -> CheckedSegment:
    """Return a text as one segment, with a verdict on each sentence and the passages that carry it.

    Citations that the text had are not known any more: all of them are found anew.

    Args:
        text: it may say anything, and is not changed.
        inquiry: the question that it answers, with the route's policy.
        evidence: what it is compared with.
        ports: have the route's checks.
        run: has the time, and takes what a checker consumed.
        threads: where sentences are checked.

    Raises:
        Failure: TIME_EXHAUSTED, CAPACITY_EXHAUSTED.
    """
    question, policy, requester = inquiry.question.searched, inquiry.policy, inquiry.requester
    consultation = Consultation(ports.checker, policy, requester, question, ports.rules)
    index = SourceIndex()
    async with run.stage(Stage.CHECK) as stage:
        statements = await threads.run(requester, stage.deadline, partial(statements_of, text, question))
        stage.note({names.SENTENCES_CHECKED: len(statements), names.SOURCES: len(evidence)})
        for passage in evidence:
            await threads.run(requester, stage.deadline, partial(index.add, passage))
        judged = [
            await threads.run(requester, stage.deadline, partial(judge_statement, each, index, ports.rules, question))
            for each in statements
        ]
        citations: list[Citation] = []
        sentences: list[CheckedSentence] = []
        settled = await consultation.settle(judged, run)
        for statement, each, verdict in zip(statements, judged, settled, strict=True):
            placing = partial(ground, statement, each.cited, verdict, policy.min_support)
            grounded = await threads.run(requester, stage.deadline, placing)
            own = tuple(len(citations) + place for place in grounded.sentence.citations)
            sentences.append(replace(grounded.sentence, citations=own))
            citations += (replace(citation, added=True) for citation in grounded.citations)
    return CheckedSegment(text, Span.within(text, 0, len(text)), tuple(citations), tuple(sentences))
