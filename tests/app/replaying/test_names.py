"""What a recording names: nobody else, and where texts are masked, not who asked either. It replays exactly as well."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from groundwire_server.app.recorded_files import recording_file
from groundwire_server.app.recorded_names import own_call
from groundwire_server.app.replay import replay
from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.cached_answer import AnswerStamp, CachedAnswer
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.guards.finding import GuardActions, GuardIdentity
from groundwire_server.domain.plain import with_passages
from groundwire_server.domain.routing import RoutingCondition, RoutingRule
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.evaluation.inputs.recordings import recording_of
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.exchange import PortCall, PortName, RecordedExchange, Returned
from groundwire_server.ports.guard import LocalGuard
from tests.app.replaying.recorded import GOOD, recorded
from tests.pipeline.samples import ALICE, ask
from tests.pipeline.screening.guarding import LocalWords

NAMES = (b"alice", b"staff", b"payroll", b"managers", b"visitor-4711")


async def restricted() -> RecordedExchange:
    """A call on behalf of somebody, whose passage a few may see."""
    _, exchange = await recorded(GOOD, stream=True, question=ask(end_user_id="visitor-4711"))

    def for_some(passage: Passage) -> Passage:
        return replace(passage, allowed_principals=frozenset({"staff", "payroll"}))

    found: RecordedExchange = with_passages(RecordedExchange, exchange, for_some)
    return replace(found, caller=replace(ALICE, principals=frozenset({"staff", "managers"})))


async def file_of(exchange: RecordedExchange, mask: Callable[[str], str] | None) -> bytes:
    return await asyncio.to_thread(recording_file, exchange, mask)


def read(content: bytes) -> RecordedExchange:
    (line,) = recording_of(Path("call.jsonl"), content.decode()).questions
    assert line.exchange is not None
    return line.exchange


@pytest.mark.parametrize("words", ["", "expressions"])
async def test_a_masked_recording_names_nobody_and_replays_exactly(words: str) -> None:
    def mask(text: str) -> str:
        return text.replace(words, "<NAME_1>") if words else text

    exchange = await restricted()
    content = await file_of(exchange, mask)
    assert [name for name in NAMES if name in content] == []
    kept = read(content)
    assert kept.caller.tenant == "acme"
    replayed = await replay(kept)
    assert replayed.exact, (replayed.unrecorded, replayed.differences)
    assert replayed.outcome is not None
    assert replayed.outcome.cause == exchange.outcome.cause


async def test_who_may_not_see_a_passage_does_not_see_it_in_a_replay_either() -> None:
    exchange = await restricted()
    kept = read(await file_of(replace(exchange, caller=replace(ALICE, principals=frozenset({"managers"}))), str))
    replayed = await replay(kept)
    assert replayed.outcome is not None
    assert replayed.outcome.answer is None


async def test_a_recording_that_is_not_masked_keeps_who_asked() -> None:
    content = await file_of(await restricted(), None)
    assert [name for name in NAMES if name not in content] == []


RULES = (
    RoutingRule("others", ("model-1",), RoutingCondition(tenants=frozenset({"globex"}))),
    RoutingRule("nobody", ("model-1",), RoutingCondition(end_user_share=0.0)),
    RoutingRule("known", ("model-2",), RoutingCondition(end_users=frozenset({"visitor-4711", "visitor-12"}))),
)


async def test_rules_of_routing_name_neither_tenants_nor_end_users_and_choose_the_same() -> None:
    outcome, exchange = await recorded(GOOD, GOOD, question=ask(end_user_id="visitor-4711"), routing=RULES)
    assert (outcome.report.routing_rule, outcome.report.model) == ("known", "model-2")
    assert exchange.policy.routing == (RoutingRule("known", ("model-2",)),)
    content = await file_of(exchange, str)
    assert [name for name in (b"globex", b"visitor") if name in content] == []
    replayed = await replay(read(content))
    assert replayed.exact, replayed.differences


async def test_guards_of_other_tenants_are_not_in_a_recording() -> None:
    def placed(name: str, *tenants: str) -> PlacedGuard[LocalGuard]:
        actions = GuardActions(GuardAction.FLAG, tenants=frozenset(tenants))
        return PlacedGuard(GuardIdentity(name, "1"), actions, LocalWords(), frozenset({"jailbreak"}))

    guards = ScreenGuards((placed("ours", "acme", "globex"), placed("theirs", "globex")))
    _, exchange = await recorded(GOOD, screens={Screen.QUESTION: guards})
    (part,) = exchange.parts.guards
    assert (part.identity.name, part.actions.tenants) == ("ours", None)
    assert (await replay(exchange)).exact


def test_an_earlier_answer_does_not_say_who_asked_for_it_first() -> None:
    kept = CachedAnswer(GroundedText("At six.", None, (), (), 1.0), AnswerStamp(b"", "1"), 0.0, (), "bob", "hash")
    call = PortCall(PortName.CACHE_GET, 1, 0.0, replies=(Returned(2, 0.1, kept), Returned(3, 0.2)))
    first, second = own_call(call).replies
    assert isinstance(first, Returned)
    assert first.value == replace(kept, subject="", end_user="")
    assert second == call.replies[1]
