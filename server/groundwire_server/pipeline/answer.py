"""The whole path from a question to an outcome, reading downwards."""

from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, Span
from groundwire_server.domain.event import Started
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome, Queued
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.step import Accept, Attempt, Conclude, Step
from groundwire_server.domain.vocabulary import Action, Stage
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.attempt import attempt
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.stand_in import StandIn
from groundwire_server.pipeline.decide import AttemptHistory, PartialResults
from groundwire_server.pipeline.events import EventStream
from groundwire_server.pipeline.generate import draft_reader
from groundwire_server.pipeline.normalize import admitted_question
from groundwire_server.pipeline.release import ReleaseGate, release_gate
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.retrieve import as_searched, retrieve
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
        inquiry = routed(admitted_question(inquiry), left, run, stage)
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
    history, partial = AttemptHistory(allow_queue=inquiry.question.allow_queue), PartialResults()
    await events.emit(Started(report.request_id, report.trace_id, report.route, inquiry.mode))

    step: Step = decide.first(policy)
    instead: StandIn | Queued | None = None
    screening = EvidenceScreening(inquiry, ports, run)
    try:
        await screen_question(inquiry, ports, run)
        instead = await earlier.fresh()
        if instead is None:
            inquiry = await _understood(inquiry, ports, run)
            async with run.stage(Stage.RETRIEVE) as stage:
                found = await retrieve(inquiry, ports, stage, run)
            found = await screening.evidence(found)
            report.corpus_version, report.found = found.corpus_version, found.passages
            inquiry, partial = as_searched(inquiry, found), PartialResults(found.passages)
            async with run.stage(Stage.SELECT) as stage:
                chosen = await widen(select(found, policy), inquiry, ports, stage)
            chosen = await screening.passages(chosen)
            # A passage that came along may have its document distrusted.
            partial, report.chosen = PartialResults(await screening.passages(found.passages), chosen), chosen
            await events.emit(Evidence(chosen, found.corpus_version))
        else:
            step = decide.served()
    except Failure as failure:
        step, instead = await _after(failure, history, asked, ports, run, earlier)

    while isinstance(step, Attempt):
        history = history.begun(step)
        start_by = decide.start_by(history, run.plan, policy, run.now())
        draft = draft_reader(policy.display_limit, gate)
        try:
            text = await attempt(step, inquiry, partial.chosen, ports, run, gate, draft, start_by)
        except Failure as failure:
            report.attempt_failed(failure.cause)
            if gate.confidence is not None:
                partial = partial.or_longer(gate.released, step.model, gate.left_out)
            history = replace(
                history,
                passages=len(partial.chosen),
                presentable=bool(partial.presentable),
                draft=draft.text,
                standing=len(gate.released),
                committed=gate.committed,
                beginning=bool(partial.beginning),
            )
            step, instead = await _after(failure, history, asked, ports, run, earlier)
            await (gate.withdraw if decide.keeps_beginning(step) else gate.retract)(failure.cause)
        else:
            step = Accept(step, text)

    partial = await _with(instead, partial, gate, events, report)
    step, partial = await _presented(step, partial, gate, inquiry, ports, run)
    await gate.conclude()
    outcome = _decided(step, partial, policy, run)
    kept = earlier.land(outcome)
    await events.emit(outcome)
    await earlier.keep(kept)
    return outcome


def _decided(step: Accept | Conclude, partial: PartialResults, policy: Policy, run: StageRunner) -> Outcome:
    with run.compute(Stage.DECIDE) as stage:
        outcome = decide.outcome(step, partial, policy)
        stage.note(decide.describe(outcome))
    return replace(outcome, report=run.report.build(run.now()))


async def _after(
    failure: Failure, history: AttemptHistory, asked: Inquiry, ports: Ports, run: StageRunner, earlier: EarlierAnswers
) -> tuple[Step, StandIn | Queued | None]:
    """Return what follows a failure, with what takes the place of an answer where that is what follows.

    An earlier answer is looked for, and a question accepted for later, only where the row comes to it; where neither
    can be had, the row goes on.
    """
    history = replace(history, stand_in=True)
    while True:
        history = replace(history, remaining=run.remaining())
        step = decide.after(failure, history, asked.policy)
        match step.action:
            case Action.CACHED_ANSWER:
                instead: StandIn | Queued | None = await earlier.after(failure)
                history = replace(history, stand_in=False)
            case Action.QUEUE:
                instead = await _accepted(asked, failure, ports)
                history = replace(history, allow_queue=False)
            case _:
                return step, None
        if instead is not None:
            return step, instead


async def _accepted(asked: Inquiry, failure: Failure, ports: Ports) -> Queued | None:
    """Return where a question waits that could not be answered now; None where it is not accepted."""
    if ports.queue is None:
        return None
    try:
        return await ports.queue.submit(asked, failure.cause)
    except Failure:
        return None


async def _with(
    instead: StandIn | Queued | None,
    partial: PartialResults,
    gate: ReleaseGate,
    events: EventStream,
    report: ReportBuilder,
) -> PartialResults:
    """Return the results with what takes the place of an answer; an earlier one is shown with its passages first."""
    if instead is None:
        return partial
    if isinstance(instead, Queued):
        return replace(partial, queued=instead)
    report.corpus_version = report.corpus_version or instead.corpus_version
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
    screening = AnswerScreening(inquiry, ports, (*partial.searched, *partial.chosen), run)
    match step.action:
        case Action.CUT_SHORT:
            run.report.model = partial.author
            if not gate.committed:
                await gate.release(partial.beginning, None)
        case Action.ABSTAIN:
            partial = replace(partial, shown=await screening.passages(partial.nearest(inquiry.policy.nearest)))
        case Action.PASSAGES_ONLY:
            partial = replace(partial, shown=await screening.passages(partial.presentable))
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
