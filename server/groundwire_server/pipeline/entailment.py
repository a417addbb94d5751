"""The checker's part in a verdict: what it is asked, and what its answer changes of what the rules say."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from opentelemetry.trace import get_current_span

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    Opinion,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.policy import OVERRULABLE, CheckPolicy
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Purpose, Verdict
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.ports.checker import Checker
from groundwire_server.telemetry import names

ReplyT = TypeVar("ReplyT", CheckReply, SufficiencyReply)

_UNPROVEN: Final = frozenset({ConflictKind.UNCOVERED, ConflictKind.LANGUAGE})
"""Where rules find no support, or cannot judge: they object to nothing, so that a checker overrules nothing."""

_GRACE: Final = 0.02
"""Seconds after its deadline in which a checker may still say why it failed, and what it consumed."""


@dataclass(frozen=True, slots=True)
class FinalVerdict:
    """The verdict on a sentence.

    Attributes:
        by_checker: whether it is the checker's, and not what the rules say.
        overruled: the conflicts that the checker overruled.
    """

    verdict: Verdict
    by_checker: bool = False
    overruled: frozenset[ConflictKind] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckerAnswer:
    """What a checker said of a batch of sentences.

    Attributes:
        probabilities: one for each sentence, in order; None where the checker is undecided, failed or was late.
        cause: why there is none at all; None when the checker answered.
    """

    probabilities: tuple[float | None, ...]
    cause: Cause | None = None


def final_verdict(
    verdict: Verdict,
    conflicts: Collection[ConflictKind],
    probability: float | None,
    thresholds: EntailmentThresholds,
    policy: CheckPolicy,
) -> FinalVerdict:
    """Return the verdict on a sentence from that of the rules and the checker's probability.

    A conflict of a number, a date, a unit, a name or a negation always stands, as does every other one that a model
    may not overrule on this route.

    Args:
        verdict: of the rules.
        conflicts: the kinds of conflicts that they found.
        probability: that the passages entail the sentence; None leaves what the rules say.
        thresholds: of the checker.
        policy: of the route.
    """
    if not may_change(verdict):
        return FinalVerdict(verdict)
    match thresholds.opinion(probability):
        case Opinion.ENTAILED:
            objections = frozenset(conflicts) - _UNPROVEN
            if objections <= policy.overrule & OVERRULABLE:
                return FinalVerdict(Verdict.ENTAILED, by_checker=True, overruled=objections)
        case Opinion.UNSUPPORTED if verdict not in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}:
            return FinalVerdict(Verdict.UNSUPPORTED, by_checker=True)
        case _:
            pass
    return FinalVerdict(verdict)


def may_change(verdict: Verdict) -> bool:
    """Return whether a checker is asked about a sentence with this verdict of the rules."""
    return verdict not in {Verdict.VERBATIM, Verdict.NOT_A_CLAIM}


async def ask_checker(
    checker: Checker, request: CheckRequest, policy: CheckPolicy, answer_by: Deadline, report: ReportBuilder
) -> CheckerAnswer:
    """Ask a checker about a batch of sentences, within its share of the time that is left.

    It raises nothing: a checker that fails or is late leaves what the rules say, and the current span says why.

    Args:
        checker: of the route.
        request: the sentences and their passages.
        policy: of the route.
        answer_by: when the outcome must be decided, on the event loop's clock.
        report: takes the usage.
    """
    if not request.sentences:
        return CheckerAnswer(())
    reply = await _asked(checker, partial(checker.check, request), policy, answer_by, report)
    if isinstance(reply, CheckReply) and len(reply.probabilities) == len(request.sentences):
        return CheckerAnswer(reply.probabilities)
    cause = reply if isinstance(reply, Cause) else Cause.MODEL_MISCONFIGURED
    get_current_span().set_attributes({names.CHECKER: checker.name, names.CHECKER_CAUSE: cause.value})
    return CheckerAnswer((None,) * len(request.sentences), cause)


async def ask_sufficiency(
    checker: Checker, request: SufficiencyRequest, policy: CheckPolicy, answer_by: Deadline, report: ReportBuilder
) -> float | None:
    """Ask a checker whether passages hold the answer to a question, as `ask_checker` asks about sentences.

    Returns:
        The probability; None where the checker is undecided, failed or was late.
    """
    reply = await _asked(checker, partial(checker.rate_sufficiency, request), policy, answer_by, report)
    return None if isinstance(reply, Cause) else reply.probability


async def _asked(
    checker: Checker,
    ask: Callable[[Deadline], Awaitable[ReplyT]],
    policy: CheckPolicy,
    answer_by: Deadline,
    report: ReportBuilder,
) -> ReplyT | Cause:
    """Return a checker's reply, or why there is none."""
    check_by = policy.check_by(asyncio.get_running_loop().time(), answer_by)
    usage = Usage()
    try:
        # An adapter keeps its deadline; one that does not must not keep the answer.
        async with asyncio.timeout_at(check_by.at + _GRACE):
            reply = await ask(check_by)
        usage = reply.usage
        return reply
    except TimeoutError:
        return Cause.MODEL_TIMEOUT
    except ChargedFailure as failure:
        usage = failure.usage
        return failure.cause
    except Failure as failure:
        return failure.cause
    finally:
        if usage != Usage():
            report.consumed(checker.model, Purpose.CHECK, usage)
