"""An exchange that no server has had: one search, one prompt, one model that writes an answer."""

from dataclasses import replace
from datetime import UTC, datetime

from groundwire_server.domain.evidence import Evidence, Passage, Scores
from groundwire_server.domain.filters import AllOf, Equals, IsNull, Not
from groundwire_server.domain.generation import Finish, FinishReason, Prompt, Usage
from groundwire_server.domain.outcome import Abstained, Outcome, Report
from groundwire_server.domain.price import Price
from groundwire_server.domain.vocabulary import Action, Cause, NextStep
from groundwire_server.ports.exchange import (
    ClockReading,
    Failed,
    Finished,
    Left,
    PortCall,
    PortName,
    RecordedExchange,
    RenderedPrompt,
    Returned,
    RouteParts,
    Wrote,
)
from tests.doubles.policies import built_in_policy
from tests.pipeline.samples import ALICE, ask

PASSAGE = Passage(
    "c1",
    "Lambda expressions yield functions.",
    "lambdas",
    metadata={"lang": "en", "year": 2024.0, "tags": ("a", "b"), "draft": False},
    allowed_principals=frozenset({"*"}),
    scores=Scores(keyword=1.5),
)
FOUND = Evidence((PASSAGE,), "7", unknown=frozenset({"zebra"}))
PROMPT = Prompt("answer", "1.2.0", "Be exact.", "p1: …", "What?", {"p1": PASSAGE}, mark="abc", originals={1: "x"})


def sample() -> RecordedExchange:
    """An abstention, after a model that was slow and one that was left."""
    question = replace(ask("What is a lambda?"), filter=AllOf((Equals("year", 2024.0), Not(IsNull("lang")))))
    return RecordedExchange(
        server="0.1.0",
        question=question,
        caller=ALICE,
        policy=built_in_policy(),
        seconds=4.0,
        mark="abc",
        streamed=True,
        parts=RouteParts(("m",), "rules", prices={"m": Price(1.0, 2.0, 0.5, "EUR")}, stamp=b"\x00\xff"),
        outcome=Outcome(
            Abstained(1, (PASSAGE,)), Cause.MODEL_ABSTAINED, Action.ABSTAIN, NextStep.REPHRASE, Report("r", total=0.5)
        ),
        clock=(ClockReading(0, 0.0), ClockReading(1, 0.25, 0.02)),
        dates=(datetime(2026, 3, 1, tzinfo=UTC),),
        prompts=(RenderedPrompt("", PROMPT),),
        calls=(
            PortCall(PortName.SEARCH, 2, 0.1, request="d1", replies=(Returned(3, 0.2, FOUND),)),
            PortCall(
                PortName.GENERATOR,
                4,
                0.3,
                "m",
                replies=(
                    Wrote(5, 0.4, '{"conf', at_once=True),
                    Finished(6, 0.5, Finish(FinishReason.COMPLETE, Usage(10, 2))),
                ),
            ),
            PortCall(PortName.GENERATOR, 7, 0.5, "m", replies=(Failed(8, 0.6, Cause.MODEL_TIMEOUT, retry_after=2.0),)),
            PortCall(PortName.CACHE_PUT, 9, 0.6, replies=(Returned(10, 0.7, value=True),)),
            PortCall(PortName.EMBEDDER, 11, 0.6, replies=(Left(12, 0.8),)),
        ),
    )
