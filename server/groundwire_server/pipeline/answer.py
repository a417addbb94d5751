"""The whole path from a question to an outcome, reading downwards."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.event import Started
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.step import Step, Try, Variant
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline import decide, generate, retrieve, select, validate
from groundwire_server.pipeline.decide import Remains, Trail
from groundwire_server.pipeline.draft import Written
from groundwire_server.pipeline.gate import Gate
from groundwire_server.pipeline.meter import Meter
from groundwire_server.pipeline.normalize import normalize
from groundwire_server.pipeline.ports import Ports
from groundwire_server.pipeline.stage import Run
from groundwire_server.ports.sink import Sink
from groundwire_server.telemetry import names


async def answer(ask: Question, caller: Caller, policy: Policy, ports: Ports, run: Run, sink: Sink | None) -> Outcome:
    """Answer a question, or say why not and what was done instead.

    Args:
        ask: the question as it came in.
        caller: who asks; decides what can be found.
        policy: the route's.
        ports: the dependencies.
        run: the call's time, trace and report.
        sink: takes events as they happen; None for a unary answer.

    Raises:
        Rejection: when the question itself is invalid.
    """
    mode = ask.mode or policy.mode
    gate = Gate(None if sink is None else run.aside(sink), mode)
    found = Evidence()
    chosen: tuple[Passage, ...] = ()
    trail = Trail()
    question = run.compute(Stage.NORMALIZE, lambda: normalize(ask.text, policy.question_limit, "question.text"))
    ask = replace(ask, text=question)
    if sink is not None:
        await sink.emit(Started(ask.request_id, run.begun.trace_id, policy.route, mode))
    try:
        found = await run.stage(
            Stage.RETRIEVE, lambda by: retrieve.retrieve(ask, caller, policy, ports, run.waits, by), retrieve.describe
        )
        run.learned(corpus_version=found.corpus_version)
        chosen = run.compute(Stage.SELECT, lambda: select.select(found, policy), select.describe)
        if sink is not None:
            await sink.emit(Evidence(chosen, found.corpus_version))
        step: Step = decide.first(policy)
    except Failure as failure:
        step = decide.after(failure, replace(trail, remaining=run.remaining()), policy)

    author = ""
    while isinstance(step, Try):
        stood = len(gate.passed)
        trail = replace(trail, models=(*trail.models, step.model), used=trail.used | {step.action}, draft="")
        try:
            begin_by = run.begin_by()
            late = replace(trail, remaining=run.plan.answer_by.remaining(begin_by.at))
            bound = begin_by if decide.passes_on(late, policy) else None
            written = await _attempt(step, ask, caller, chosen, policy, ports, run, gate, bound)
            trail = replace(trail, draft=written.draft)
            text = _validated(written, gate, policy, run)
            return _concluded(run, partial(decide.answered, step, text))
        except Failure as failure:
            await gate.retract(failure.cause)
            author = step.model if len(gate.passed) > stood else author
            trail = replace(trail, passages=len(chosen), stands=gate.stands, remaining=run.remaining())
            step = decide.after(failure, trail, policy)

    if gate.stands:
        run.learned(model=author)
    remains = Remains(found.passages, chosen, validate.assemble(gate.passed, None) if gate.stands else None)
    return _concluded(run, partial(decide.close, step, remains, policy))


async def _attempt(
    step: Try,
    ask: Question,
    caller: Caller,
    chosen: Sequence[Passage],
    policy: Policy,
    ports: Ports,
    run: Run,
    gate: Gate,
    begin_by: Deadline | None,
) -> Written:
    """Have one model write one answer."""
    run.attempt(step.model)
    passages = chosen[: len(chosen) // 2] if step.variant is Variant.SHORTENED else chosen
    prompt = run.compute(
        Stage.PROMPT,
        lambda: ports.prompts.render(policy.prompt, policy.prompt_version, ask, passages, step.mends, gate.passed),
        lambda rendered: {
            names.PROMPT_NAME: rendered.name,
            names.PROMPT_VERSION: rendered.version,
            **({names.SEGMENTS_GIVEN: len(gate.passed)} if gate.passed else {}),
        },
    )
    run.learned(prompt_name=prompt.name, prompt_version=prompt.version, experiment_arm=prompt.experiment_arm)
    request = GenerationRequest(step.model, caller.tenant, prompt, policy.output_tokens, begin_by)
    generator = ports.generators[step.model]
    meter = Meter(request, ports.prices.get(step.model), ports.budget)
    try:
        return await run.stage(
            Stage.GENERATE,
            lambda by: generate.generate(request, generator, gate, policy, run.first_output, meter, by),
        )
    finally:
        run.used(meter.usage)


def _validated(written: Written, gate: Gate, policy: Policy, run: Run) -> GroundedText:
    return run.compute(Stage.VALIDATE, lambda: validate.check_answer(written, gate.passed, policy), validate.describe)


def _concluded(run: Run, decision: Callable[[], Outcome]) -> Outcome:
    outcome = run.compute(Stage.DECIDE, decision, decide.describe)
    return replace(outcome, report=run.final_report())
