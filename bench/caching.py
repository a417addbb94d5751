"""CPU of looking for an earlier answer where there is none: the key, the look-up, the lead, and keeping the new one."""

import time
from dataclasses import replace
from typing import cast

from opentelemetry.trace import Tracer

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.domain.answer import CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.policy import CachePolicy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, Verdict
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.single_flight import SingleFlight
from groundwire_server.pipeline.caching.stamp import RouteStamp
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports, RouteCache
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.recording import unrecorded
from groundwire_server.ports.retriever import Retriever

_ROUTE = "default"
_TEXT = "Lambda expressions yield naïve functions. " * 12
_PASSAGES = 8


class CacheMisses:
    """Questions that nobody has asked before, on a route that serves earlier answers.

    Args:
        tracer: makes the span of the stage.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._clock = SystemClock()
        built_in = load(Sources()).configuration.routes[_ROUTE].policy(_ROUTE)
        self._policy = replace(built_in, cache=CachePolicy(serve_fresh=True))
        metrics = unrecorded().metrics
        # A store is asked about an answer that was found, and none is.
        nowhere = cast("Retriever", None)
        ports = Ports(nowhere, None, built_in_prompts(), {}, AclRecheck(metrics), RuleChecker.packaged())
        cache = MemoryAnswerCache(AnswerCacheOptions(), self._clock, metrics)
        self._ports = replace(ports, cache=RouteCache(cache, RouteStamp(ports, {}).of, SingleFlight()))
        self._asked = 0

    async def milliseconds(self, calls: int) -> float:
        """Return the CPU that a call takes for looking, missing and keeping its answer, in milliseconds."""
        found = [Passage(f"{place}", _TEXT, f"{place}", revision=1) for place in range(_PASSAGES)]
        span = Span.within(_TEXT, 0, 40)
        text = GroundedText(
            _TEXT[:40],
            None,
            (Citation(found[0], _TEXT[:40], span),),
            (CheckedSentence(span, Verdict.VERBATIM, 1.0, (0,), "rules"),),
            1.0,
        )
        outcome = Outcome(Answered(text), Cause.ANSWER_VALIDATED, Action.ANSWER, NextStep.SHOW)
        taken = 0.0
        for _ in range(calls):
            self._asked += 1
            question = Question(_ROUTE, f"What does a lambda expression yield? {self._asked}", "request-1")
            now = self._clock.now()
            inquiry = Inquiry(question, Caller("bench", "load"), self._policy, now, Deadline(now + 10.0))
            report = ReportBuilder("request-1", "", _ROUTE, now)
            report.found = report.chosen = found
            run = StageRunner(inquiry.time_plan(), self._clock, self._tracer, report)
            began = time.process_time()
            with EarlierAnswers(inquiry, self._ports, run) as earlier:
                await earlier.fresh()
                await earlier.land(outcome)
            taken += time.process_time() - began
        return taken / calls * 1000
