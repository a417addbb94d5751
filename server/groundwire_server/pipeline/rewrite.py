"""Putting a question so that it can be searched for without its earlier turns."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from groundwire_server.domain.conversation.faithful import is_faithful
from groundwire_server.domain.conversation.standalone import standalone
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, GenerationRequest, Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import RewritePolicy
from groundwire_server.domain.vocabulary import Cause, Purpose, Rewriting
from groundwire_server.pipeline.normalize import fold
from groundwire_server.pipeline.routes import Ports, RewriteModel
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.pipeline.usage_meter import UsageMeter
from groundwire_server.telemetry import names

_GRACE: Final = 0.02
"""Seconds after its deadline in which a model may still say why it failed."""

_ESCAPED: Final = 6
"""Characters of JSON for one of a text, at most."""

_FRAME: Final = 2048
"""Characters of a reply beside the question."""


async def rewrite(inquiry: Inquiry, ports: Ports, run: StageRunner, stage: TimedStage) -> Inquiry:
    """Return the inquiry with its question put so that it needs no earlier turns.

    Rules do it. Where the route names a model, that is asked about each question that refers back, and about those in a
    language that the rules do not know; what rules make of the question stands if the model fails, is late, or brings
    along what the conversation does not hold. A question over passages of the caller's own is never unclear: nothing is
    searched for.

    Args:
        inquiry: the question with its turns.
        ports: the model, its price, and the money for it.
        run: has the time that is left and what the call may consume, and keeps the report.
        stage: the stage that this runs in.

    Raises:
        Failure: QUESTION_UNCLEAR when it cannot be told what the question refers to.
    """
    question, report = inquiry.question, run.report
    ruled = standalone(question.text, question.turns)
    text = _within_limit(ruled.text, inquiry)
    rewriting = Rewriting.NONE if text in {None, question.text} else Rewriting.RULES
    asks = ruled.text != question.text or not ruled.certain
    if ports.rewriter is not None and inquiry.policy.rewrite is not None and asks:
        try:
            text = await _rewritten(inquiry, inquiry.policy.rewrite, ports.rewriter, ports, run)
            rewriting = Rewriting.MODEL
        except Failure as failure:
            stage.note({names.REWRITE_CAUSE: failure.cause.value})
    report.rewriting = rewriting
    stage.note({names.REWRITING: rewriting.value})
    if rewriting is not Rewriting.NONE and text is not None:
        report.searched_question = text
        return replace(inquiry, question=replace(question, standalone=text))
    if text is None and not question.provided:
        raise Failure(Cause.QUESTION_UNCLEAR)
    return inquiry


async def _rewritten(
    inquiry: Inquiry, policy: RewritePolicy, model: RewriteModel, ports: Ports, run: StageRunner
) -> str:
    """Return what the route's model makes of the question.

    Raises:
        Failure: of the model; BUDGET_EXHAUSTED, PROMPT_TOO_LONG or MODEL_TIMEOUT; OUTPUT_MALFORMED for a reply that
            cannot be read; QUESTION_UNCLEAR where the model cannot tell either; UNSUPPORTED for a question that is not
            made of the conversation.
    """
    question = inquiry.question
    prompt = model.prompts.render(question, run.mark)
    tokens = model.tokens
    room = tokens.room(policy.output_tokens, inquiry.policy.prompt_tokens)
    size = tokens.of_prompt(prompt)
    if room is not None and size > room:
        raise Failure(Cause.PROMPT_TOO_LONG)
    request = GenerationRequest(
        policy.model, inquiry.requester, prompt, policy.output_tokens, unary=True, rewrites=True
    )
    meter = UsageMeter(request, ports.prices.get(policy.model), ports.budget, run.allowance, tokens, size)
    by = policy.rewrite_by(run.now(), run.plan.answer_by)
    most = _ESCAPED * inquiry.policy.question_limit + _FRAME
    try:
        reply = await _written(request, by, model, meter, most)
    finally:
        if meter.usage != Usage():
            run.report.consumed(policy.model, Purpose.REWRITE, meter.usage)
    text = _within_limit(_read(reply).translate(prompt.originals), inquiry)
    if text is None or text == question.text or standalone(text, ()).text is None:
        raise Failure(Cause.QUESTION_UNCLEAR)
    if not is_faithful(text, question.text, question.turns):
        raise Failure(Cause.UNSUPPORTED)
    return text


async def _written(request: GenerationRequest, by: Deadline, model: RewriteModel, meter: UsageMeter, most: int) -> str:
    written: list[str] = []
    length = 0
    try:
        # An adapter keeps its deadline; one that does not must not keep the answer.
        async with (
            asyncio.timeout_at(by.at + _GRACE),
            meter,
            aclosing(model.generator.generate(request, by)) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Finish):
                    meter.counted(piece.usage)
                    return "".join(written)
                meter.wrote(piece)
                written.append(piece)
                length += len(piece)
                if length > most:
                    raise Failure(Cause.OUTPUT_MALFORMED)
    except TimeoutError:
        raise Failure(Cause.MODEL_TIMEOUT) from None
    raise Failure(Cause.MODEL_INTERRUPTED)


def _read(reply: str) -> str:
    """Return the question of a reply; words after the object are ignored.

    Raises:
        Failure: OUTPUT_MALFORMED.
    """
    try:
        found, _ = json.JSONDecoder().raw_decode(reply.lstrip())
        text = found["question"]
    except (LookupError, TypeError, ValueError, RecursionError):
        raise Failure(Cause.OUTPUT_MALFORMED) from None
    if not isinstance(text, str):
        raise Failure(Cause.OUTPUT_MALFORMED)
    return text


def _within_limit(text: str | None, inquiry: Inquiry) -> str | None:
    """Return a question in one form; None where nothing is left, or more than the route allows."""
    folded = "" if text is None else fold(text)
    return folded if 0 < len(folded) <= inquiry.policy.question_limit else None
