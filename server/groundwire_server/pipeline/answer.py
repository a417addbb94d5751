"""The whole path from a question to an outcome, reading downwards."""

from collections.abc import Sequence
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, Span
from groundwire_server.domain.event import Started
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import InReview, Outcome, Queued
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.step import Accept, Attempt, Conclude, Step
from groundwire_server.domain.vocabulary import Action, Stage
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.alternatives import Alternative, Alternatives
from groundwire_server.pipeline.attempt import attempt
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.stand_in import StandIn
from groundwire_server.pipeline.context import dated
from groundwire_server.pipeline.decide import AttemptHistory, PartialResults
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.events import EventStream
from groundwire_server.pipeline.generate import draft_reader
from groundwire_server.pipeline.normalize import admitted_question
from groundwire_server.pipeline.release import ReleaseGate, release_gate
from groundwire_server.pipeline.retrieve import as_searched, retrieve
from groundwire_server.pipeline.review import AnswerReview
from groundwire_server.pipeline.rewrite import rewrite
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.routing import budget_left, routed
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.screening.evidence import EvidenceScreening
from groundwire_server.pipeline.screening.question import screen_question, screen_rewritten
from groundwire_server.pipeline.select import select
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.widen import widen
from groundwire_server.ports.sink import Sink


async def answer(inquiry: Inquiry, ports: Ports, run: StageRunner, sink: Sink | None) -> Outcome:
    """Answer a question, or say why not and what was done instead.

    Args:
        inquiry: the question as it came in, its caller, policy and time.
        ports: the dependencies of its route.
        run: runs the stages and keeps the report.
        sink: takes events as they happen, the outcome last; None for a unary answer.

    Raises:
        Rejection: when the question itself is invalid.
    """
    left = await budget_left(inquiry, ports)
    with run.compute(Stage.NORMALIZE) as stage:
        inquiry = dated(routed(admitted_question(inquiry), left, run, stage), run.clock.today())
    with EarlierAnswers(inquiry, ports, run) as earlier:
        return await _answer(inquiry, ports, run, sink, earlier)


async def _answer(
    inquiry: Inquiry, ports: Ports, run: StageRunner, sink: Sink | None, earlier: EarlierAnswers
) -> Outcome:
    """Answer a normalized question, by an earlier answer where the route serves it, or by a new one."""
    # What was asked is what another process may take up: neither rewritten nor searched for.
    policy, report, asked = inquiry.policy, run.report, inquiry
    events = EventStream(sink)
    gate = release_gate(sink, inquiry.mode, events, held=policy.holds_streams)
    review = AnswerReview(asked, ports, run, earlier)
    alternatives = Alternatives(asked, ports.queue, earlier, review, gate, run)
    history, partial = AttemptHistory(allow_queue=inquiry.question.allow_queue), PartialResults()
    await events.emit(Started(report.request_id, report.trace_id, report.route, inquiry.mode))

    step: Step = decide.first(policy)
    instead: Alternative | None = None
    try:
        await screen_question(inquiry, ports, run)
        instead = await earlier.fresh()
        if instead is None:
            screening = EvidenceScreening(inquiry, ports, run)
            inquiry = await _understood(inquiry, ports, run)
            found = await _found(inquiry, screening, review, ports, run)
            inquiry, partial = as_searched(inquiry, found), PartialResults(found.passages)
            async with run.stage(Stage.SELECT) as stage:
                chosen = await widen(select(found, policy, ports.tokens_of(policy.models[0])), inquiry, ports, stage)
            chosen = await screening.passages(chosen)
            # A passage that came along may have its document distrusted.
            partial, report.chosen = PartialResults(await screening.passages(found.passages), chosen), chosen
            await events.emit(Evidence(chosen, found.corpus_version))
        else:
            step = decide.served()
    except Failure as failure:
        step, instead = await alternatives.after(failure, history)

    while isinstance(step, Attempt):
        history = history.begun(step)
        start_by = decide.start_by(history, run.plan, policy, run.now())
        draft, stood = draft_reader(policy.display_limit, gate), gate.released
        try:
            text = await attempt(step, inquiry, partial.chosen, ports, run, gate, draft, start_by)
            review.hold_back(text)
        except Failure as failure:
            review.failed(failure, stood, draft)
            # Where answers wait for a person, no part of one leaves without.
            if gate.confidence is not None and not policy.holds_back:
                partial = partial.or_longer(gate.released, step.model, gate.left_out)
            history = _after_attempt(history, partial, gate, draft)
            step, instead = await alternatives.after(failure, history)
            await (gate.withdraw if decide.keeps_beginning(step) else gate.retract)(failure.cause)
        else:
            step = Accept(step, text)

    partial = await _with(instead, partial, gate, events, run)
    step, partial = await _presented(step, partial, gate, inquiry, ports, run)
    await gate.conclude()
    outcome = _decided(step, partial, policy, run)
    await earlier.land(outcome)
    await events.emit(outcome)
    review.sample(outcome, instead.evidence if isinstance(instead, StandIn) else ())
    return outcome


async def _found(
    inquiry: Inquiry, screening: EvidenceScreening, review: AnswerReview, ports: Ports, run: StageRunner
) -> Evidence:
    """Return what a search found, as far as guards let it pass."""
    async with run.stage(Stage.RETRIEVE) as stage:
        found = await retrieve(inquiry, ports, stage, run)
    review.found = found.passages
    found = await screening.evidence(found)
    run.report.corpus_version, run.report.found = found.corpus_version, found.passages
    return found


def _after_attempt(
    history: AttemptHistory, partial: PartialResults, gate: ReleaseGate, draft: DraftReader
) -> AttemptHistory:
    """Return the history with an attempt that has failed."""
    return replace(
        history,
        passages=len(partial.chosen),
        presentable=bool(partial.presentable),
        draft=draft.text,
        standing=len(gate.released),
        committed=gate.committed,
        beginning=bool(partial.beginning),
    )


def _decided(step: Accept | Conclude, partial: PartialResults, policy: Policy, run: StageRunner) -> Outcome:
    with run.compute(Stage.DECIDE) as stage:
        outcome = decide.outcome(step, partial, policy)
        stage.note(decide.describe(outcome))
    return replace(outcome, report=run.report.build(run.now()))


async def _with(
    instead: Alternative | None,
    partial: PartialResults,
    gate: ReleaseGate,
    events: EventStream,
    run: StageRunner,
) -> PartialResults:
    """Return the results with what takes the place of an answer; an earlier one is shown with its passages first."""
    match instead:
        case None:
            return partial
        case Queued():
            return replace(partial, queued=instead)
        case InReview():
            return replace(partial, in_review=instead)
        case StandIn():
            pass
    run.report.corpus_version = run.report.corpus_version or instead.corpus_version
    await events.emit(Evidence(instead.evidence, instead.corpus_version))
    answer = instead.cached.answer
    whole = Span.within(answer.text, 0, len(answer.text))
    await gate.release((CheckedSegment(answer.text, whole, answer.citations, answer.sentences),), None)
    return replace(partial, stand_in=instead.cached)


async def _presented(
    step: Accept | Conclude,
    partial: PartialResults,
    gate: ReleaseGate,
    inquiry: Inquiry,
    ports: Ports,
    run: StageRunner,
) -> tuple[Accept | Conclude, PartialResults]:
    """Return what ends the path and what it shows without an answer: the beginning of one, or passages.

    Passages are shown as the guards of answers let them leave.
    """

    async def leaving(passages: Sequence[Passage]) -> tuple[Passage, ...]:
        return await AnswerScreening(inquiry, ports, (*partial.searched, *partial.chosen), run).passages(passages)

    match step.action:
        case Action.CUT_SHORT:
            run.report.model = partial.author
            if not gate.committed:
                await gate.release(partial.beginning, None)
        case Action.ABSTAIN:
            partial = replace(partial, shown=await leaving(partial.nearest(inquiry.policy.nearest)))
        case Action.PASSAGES_ONLY:
            partial = replace(partial, shown=await leaving(partial.presentable))
            if isinstance(step, Conclude) and not partial.shown:
                step = replace(step, action=Action.FAIL_SAFE)
        case _:
            pass
    return step, partial


async def _understood(inquiry: Inquiry, ports: Ports, run: StageRunner) -> Inquiry:
    """Return the inquiry with its question put so that it needs no earlier turns, unless a guard forbids it.

    Raises:
        Failure: QUESTION_FORBIDDEN, GUARD_UNAVAILABLE, QUESTION_UNCLEAR or TIME_EXHAUSTED.
    """
    if not inquiry.question.turns:
        return inquiry
    async with run.stage(Stage.REWRITE) as stage:
        inquiry = await rewrite(inquiry, ports, run, stage)
    await screen_rewritten(inquiry, ports, run)
    return inquiry
