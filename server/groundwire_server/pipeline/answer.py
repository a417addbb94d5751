"""The whole path from a question to an outcome, reading downwards."""

from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, Span
from groundwire_server.domain.event import Started
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.step import Accept, Attempt, Conclude, Step
from groundwire_server.domain.vocabulary import Action, Stage
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.attempt import attempt
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.holding import StandIn
from groundwire_server.pipeline.decide import AttemptHistory, PartialResults
from groundwire_server.pipeline.events import EventStream
from groundwire_server.pipeline.generate import draft_reader
from groundwire_server.pipeline.normalize import check_search, normalize_question
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
        check_search(inquiry, "question.search")
        inquiry = routed(normalize_question(inquiry, "question.text"), left, run, stage)
    with EarlierAnswers(inquiry, ports, run) as earlier:
        return await _answer(inquiry, ports, run, sink, earlier)


async def _answer(
    inquiry: Inquiry, ports: Ports, run: StageRunner, sink: Sink | None, earlier: EarlierAnswers
) -> Outcome:
    """Answer a normalized question, by an earlier answer where the route serves it, or by a new one."""
    policy, report = inquiry.policy, run.report
    events = EventStream(sink)
    gate = release_gate(sink, inquiry.mode, events, held=policy.holds_streams)
    history, partial = AttemptHistory(allow_queue=inquiry.question.allow_queue), PartialResults()
    await events.emit(Started(report.request_id, report.trace_id, report.route, inquiry.mode))

    step: Step = decide.first(policy)
    stand_in: StandIn | None = None
    screening = EvidenceScreening(inquiry, ports, run)
    try:
        await screen_question(inquiry, ports, run)
        stand_in = await earlier.fresh()
        if stand_in is None:
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
        step, stand_in = await _after(failure, history, policy, run, earlier)

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
            step, stand_in = await _after(failure, history, policy, run, earlier)
            await (gate.withdraw if decide.keeps_beginning(step) else gate.retract)(failure.cause)
        else:
            step = Accept(step, text)

    partial = await _with(stand_in, partial, gate, events, report)
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
    failure: Failure, history: AttemptHistory, policy: Policy, run: StageRunner, earlier: EarlierAnswers
) -> tuple[Step, StandIn | None]:
    """Return what follows a failure, with the earlier answer where that is one: it is looked for only then."""
    history = replace(history, remaining=run.remaining())
    step = decide.after(failure, replace(history, stand_in=True), policy)
    if step.action is not Action.CACHED_ANSWER:
        return step, None
    stand_in = await earlier.after(failure)
    if stand_in is None:
        step = decide.after(failure, replace(history, remaining=run.remaining()), policy)
    return step, stand_in


async def _with(
    stand_in: StandIn | None, partial: PartialResults, gate: ReleaseGate, events: EventStream, report: ReportBuilder
) -> PartialResults:
    """Show an earlier answer with the passages that it draws on, where there is one, and return the results with it."""
    if stand_in is None:
        return partial
    report.corpus_version = report.corpus_version or stand_in.corpus_version
    await events.emit(Evidence(stand_in.evidence, stand_in.corpus_version))
    answer = stand_in.cached.answer
    whole = Span.within(answer.text, 0, len(answer.text))
    await gate.release((CheckedSegment(answer.text, whole, answer.citations, answer.sentences),), None)
    return replace(partial, stand_in=stand_in.cached)


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
