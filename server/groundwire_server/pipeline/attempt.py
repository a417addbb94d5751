"""One attempt at an answer: one model writes it, and what it writes is checked beside and validated at the end."""

import asyncio
from collections.abc import Callable, Sequence

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Prompt
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.step import Attempt, Variant
from groundwire_server.domain.vocabulary import Action, Cause, Purpose, Stage
from groundwire_server.pipeline.check import SegmentChecker, check
from groundwire_server.pipeline.confidence import rated
from groundwire_server.pipeline.consult import Consultation
from groundwire_server.pipeline.context import describe_context, prompt_context
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.fitting import FittedPrompt, describe, fit, output_tokens, prompt_room
from groundwire_server.pipeline.generate import SegmentQueue, generate
from groundwire_server.pipeline.release import ReleaseGate, UnaryGate
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.select import shortened
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.usage_meter import UsageMeter
from groundwire_server.pipeline.validate import validate
from groundwire_server.ports.prompts import PromptInputs
from groundwire_server.telemetry import names


async def attempt(
    step: Attempt,
    inquiry: Inquiry,
    chosen: Sequence[Passage],
    ports: Ports,
    run: StageRunner,
    gate: ReleaseGate,
    draft: DraftReader,
    start_by: Deadline,
    purpose: Purpose = Purpose.ANSWER,
) -> GroundedText:
    """Have one model write one answer, or the rest of one that stands at the gate.

    Args:
        step: which model, and how it is asked.
        inquiry: the question and the route's limits.
        chosen: the passages worth a prompt, best first.
        ports: the route's dependencies.
        run: runs the stages.
        gate: where checked segments go.
        draft: reads what the model writes, and keeps it.
        start_by: when the model must have begun to write, where another could be asked after it.
        purpose: what it is booked to, unless it is a repair.

    Raises:
        Failure: of the model, or of what it wrote.
    """
    policy = inquiry.policy
    continued = len(gate.released)
    run.report.attempt(step, ports.identities.get(step.model))
    with run.compute(Stage.PROMPT) as stage:
        tokens = ports.tokens_of(step.model)
        passages = shortened(chosen) if step.variant is Variant.SHORTENED else chosen
        cited = {citation.passage.chunk_id for segment in gate.released for citation in segment.citations}

        settings = ports.prompts.settings(policy.prompt, policy.prompt_version)
        room = prompt_room(settings, tokens, policy)

        def fitted_in(most: int | None) -> FittedPrompt:
            question, context = prompt_context(inquiry, passages, ports.context, tokens.counter, room, most)

            def rendered(passages: Sequence[Passage]) -> Prompt:
                inputs = PromptInputs(
                    question, passages, run.mark, step.repair_of, gate.released, gate.confidence, context
                )
                return ports.prompts.render(policy.prompt, policy.prompt_version, inputs)

            found = fit(passages, rendered, tokens, policy, cited)
            describe_context(context, stage)
            return found

        fitted = _with_context_cut(fitted_in, room, inquiry)
        prompt = fitted.prompt
        run.report.prompt, run.report.chosen, run.report.left_out = prompt, fitted.passages, fitted.left_out
        stage.note({names.PROMPT_NAME: prompt.name, names.PROMPT_VERSION: prompt.version})
        if continued:
            stage.note({names.SEGMENTS_GIVEN: continued})
        stage.note(describe(fitted, passages, tokens))
    unary = start_by == NEVER and isinstance(gate, UnaryGate)
    most = output_tokens(policy, prompt.settings)
    request = GenerationRequest(step.model, inquiry.requester, prompt, most, start_by, unary)
    draft.answers(prompt)
    purpose = Purpose.REPAIR if step.action is Action.REPAIR else purpose
    price = ports.prices.get(step.model)
    meter = UsageMeter(request, price, ports.budget, run.allowance, tokens, fitted.tokens)
    await _write(request, meter, purpose, inquiry, ports, run, gate, draft)
    with run.compute(Stage.VALIDATE) as stage:
        answer = rated(
            inquiry.question.searched,
            validate(gate, draft, continued, policy, stage),
            insufficient=policy.check.doubts(run.report.sufficiency),
        )
        stage.note({names.CONFIDENCE: answer.confidence.value if answer.confidence else ""})
        if answer.confidence is not None and answer.confidence.and_(policy.min_confidence) is not policy.min_confidence:
            raise Failure(Cause.CONFIDENCE_NOT_ALLOWED)
        return answer


def _with_context_cut(
    fitted_in: Callable[[int | None], FittedPrompt], room: int | None, inquiry: Inquiry
) -> FittedPrompt:
    """Return a prompt that fits: where what must stay leaves no room for its context, with less of that, or none.

    Args:
        fitted_in: fits the passages beside a context of so many tokens at most; None leaves blocks their own bounds.
        room: tokens that the prompt may have; None has no bound.
        inquiry: has the turns, and the route's blocks.

    Raises:
        Failure: PROMPT_TOO_LONG when what must stay does not fit.
    """
    bounds: list[int | None] = [None]
    if room is not None and room > 0 and (inquiry.policy.context or inquiry.question.turns):
        bounds += [room // 8, 0]
    for each in bounds[:-1]:
        try:
            return fitted_in(each)
        except Failure as failure:
            if failure.cause is not Cause.PROMPT_TOO_LONG:
                raise
    return fitted_in(bounds[-1])


async def _write(
    request: GenerationRequest,
    meter: UsageMeter,
    purpose: Purpose,
    inquiry: Inquiry,
    ports: Ports,
    run: StageRunner,
    gate: ReleaseGate,
    draft: DraftReader,
) -> None:
    """Generate and check side by side; what a failing model had completed is checked all the same.

    A segment that may not leave ends the generation at once: nothing is paid for that cannot be used.
    """
    queue = SegmentQueue()
    question = inquiry.question.searched
    checker = SegmentChecker(request.prompt.handles, gate.released, inquiry.policy, ports.rules, question)
    screening = AnswerScreening(inquiry, ports, request.prompt.handles.values(), run)
    consultation = Consultation(ports.checker, inquiry.policy, inquiry.requester, question, ports.rules)
    writing = asyncio.create_task(_generate(request, meter, purpose, ports, run, gate, draft, queue))
    writing.add_done_callback(lambda _: queue.end())
    tasks = [writing]
    if consultation.rates_sufficiency:
        shown = tuple(request.prompt.handles.values())
        tasks.append(asyncio.create_task(consultation.rate_sufficiency(shown, run)))
    # No TaskGroup: it drops the cancellation that comes in the moment in which one of its tasks fails.
    try:
        await check(queue, checker, consultation, screening, gate, run)
        for task in tasks:
            await task
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _generate(
    request: GenerationRequest,
    meter: UsageMeter,
    purpose: Purpose,
    ports: Ports,
    run: StageRunner,
    gate: ReleaseGate,
    draft: DraftReader,
    queue: SegmentQueue,
) -> None:
    try:
        async with run.stage(Stage.GENERATE) as stage:
            await generate(request, ports.generators[request.model], draft, queue, gate, meter, run, stage)
    finally:
        run.report.consumed(request.model, purpose, meter.usage)
