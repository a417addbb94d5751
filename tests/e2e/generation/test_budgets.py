"""A caller's deadline on the wire: HTTP carries none, so a provider sees it in when its connection is closed."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from groundwire.v1 import cause_pb2, outcome_pb2
from tests.doubles.policies import time_plan
from tests.doubles.silent import silent
from tests.doubles.upstream import Beat, Move, Pause, Reply, Stall, Upstream, upstream
from tests.e2e.calls import answer, stream
from tests.e2e.generation.conftest import Serve, one_model, provider, two, two_models
from tests.e2e.generation.drafts import SENTENCE, answers, chunk, segments
from tests.e2e.generation.test_leaving import WAITS, now

SECONDS = [3.0, 6.0, 9.0]
"""Of a call; a deadline of ten seconds and more is rounded on the wire."""

SLACK = 0.05
"""Seconds of the loop that a closing may take."""

OWN: dict[str, Any] = {"bounds": {"connect_seconds": 30, "first_token_seconds": None, "silence_seconds": 30}}
"""No bound of the model's own: what closes is the caller's."""

ONCE = {"retry": {"max_attempts": 1}}
STALLED = [
    case for case, reply in WAITS.items() if any(isinstance(move, Stall) for move in (*reply.before, *reply.body))
]


def whole(seconds: float) -> float:
    """Seconds that a model has of a call."""
    return time_plan(seconds).generate_by.at


@dataclass(frozen=True)
class Began:
    """When a call was made, by the loop's clock and by the world's, which a deadline on its way goes by."""

    at: float = field(default_factory=now)
    world: float = field(default_factory=time.monotonic)


def held(closed_at: float | None, began: Began, expected: float) -> None:
    """Not before its time, for what has been on its way counts, and soon after it."""
    assert closed_at is not None
    on_its_way = time.monotonic() - began.world
    assert expected - on_its_way - 0.005 < closed_at - began.at < expected + SLACK


async def idle(double: Any) -> None:
    async with asyncio.timeout(5):
        await double.idle.wait()


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("case", STALLED)
async def test_a_request_is_closed_when_the_callers_time_is_up(configured: Serve, case: str, seconds: float) -> None:
    async with upstream(WAITS[case]) as double, configured(one_model(double, **OWN, **ONCE)) as served:
        began = Began()
        outcome = (await stream(served, seconds=seconds))[-1].outcome
        assert now() - began.at < seconds
        await idle(double)
    assert outcome.cause == cause_pb2.CAUSE_MODEL_TIMEOUT
    (request,) = double.requests
    assert request.abandoned
    held(request.closed_at, began, whole(seconds))


async def test_callers_side_by_side_each_have_their_own_time(configured: Serve) -> None:
    async with upstream(Reply([Stall()])) as double, configured(one_model(double, **OWN, **ONCE)) as served:
        began = Began()
        await asyncio.gather(*(answer(served, seconds=seconds) for seconds in SECONDS))
        await idle(double)
    for request, seconds in zip(sorted(double.requests, key=lambda each: each.closed_at or 0.0), SECONDS, strict=True):
        held(request.closed_at, began, whole(seconds))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("case", ["before the head", "before the first token"])
async def test_a_model_has_half_of_the_callers_time_to_begin_where_another_can_be_asked(
    configured: Serve, case: str, seconds: float
) -> None:
    async with upstream(WAITS[case]) as first, upstream(answers()) as second:
        async with configured(two_models(first, second, **OWN, **ONCE)) as served:
            began = Began()
            outcome = await answer(served, seconds=seconds)
        await idle(first)
    assert (outcome.cause, outcome.action) == (cause_pb2.CAUSE_MODEL_SLOW_START, outcome_pb2.ACTION_NEXT_MODEL)
    assert outcome.degraded.answer.text == SENTENCE
    held(first.requests[0].closed_at, began, whole(seconds) / 2)


@pytest.mark.parametrize(
    ("route", "bounds", "expected"),
    [
        ({"time": {"first_token_share": 0.25}}, {}, whole(8.0) / 4),
        ({}, {"first_token_seconds": 1.0}, 1.0),
        ({"fallbacks": {"MODEL_SLOW_START": ["PASSAGES_ONLY"]}}, {}, whole(8.0)),
    ],
    ids=["another share", "a bound of its own", "a table that goes to no other"],
)
async def test_what_else_says_when_a_model_must_have_begun(
    configured: Serve, route: dict[str, Any], bounds: dict[str, Any], expected: float
) -> None:
    async with upstream(Reply([Stall()])) as first, upstream(answers()) as second:
        made = two_models(first, second, route=route, bounds={**OWN["bounds"], **bounds}, **ONCE)
        # The row of what then ends it names no other model either.
        made["routes"]["default"].setdefault("fallbacks", {})["MODEL_TIMEOUT"] = ["PASSAGES_ONLY"]
        async with configured(made) as served:
            began = Began()
            await answer(served, seconds=8.0)
        await idle(first)
    held(first.requests[0].closed_at, began, expected)


async def test_a_model_that_has_begun_has_the_rest_of_the_callers_time(configured: Serve) -> None:
    slowly: list[Move] = [chunk(segments(SENTENCE)[0]), Beat(), Pause(5.0), *answers().body[2:]]
    async with upstream(Reply(slowly)) as first, upstream(answers()) as second:
        async with configured(two_models(first, second, **OWN, **ONCE)) as served:
            outcome = await answer(served, seconds=8.0)
        # Longer than it had to begin.
        assert whole(8.0) / 2 < 5.0 < first.requests[0].waited
        assert outcome.answered.answer.text == SENTENCE
        assert not second.requests


def over_tls(port: int, second: Upstream | None = None, **bounds: float) -> dict[str, Any]:
    """A model whose TLS handshake never ends, and another where one is given."""
    url = f"https://127.0.0.1:{port}/v1"
    settings = {**ONCE, "bounds": {**OWN["bounds"], **bounds}}
    if second is None:
        return one_model(url, **settings)
    made = two_models(second, second, **settings)
    made["providers"]["cloud"] = provider(url)
    return made


@pytest.mark.parametrize("seconds", SECONDS)
async def test_a_connection_that_is_not_made_is_given_up_when_the_callers_time_is_up(
    configured: Serve, seconds: float
) -> None:
    async with silent() as double, configured(over_tls(double.port)) as served:
        began = Began()
        outcome = await answer(served, seconds=seconds)
        await idle(double)
    assert outcome.cause == cause_pb2.CAUSE_MODEL_TIMEOUT
    (connection,) = double.connections
    held(connection.closed_at, began, whole(seconds))


@pytest.mark.parametrize("seconds", SECONDS)
async def test_a_connection_that_is_not_made_is_given_up_for_another_model_at_half_of_it(
    configured: Serve, seconds: float
) -> None:
    async with (
        silent() as double,
        upstream(answers()) as second,
        configured(over_tls(double.port, second)) as served,
    ):
        began = Began()
        outcome = await answer(served, seconds=seconds)
        await idle(double)
    assert outcome.degraded.answer.text == SENTENCE
    (connection,) = double.connections
    held(connection.closed_at, began, whole(seconds) / 2)


async def test_a_connection_has_a_bound_of_its_own_within_the_callers_time(configured: Serve) -> None:
    async with silent() as double, configured(over_tls(double.port, connect_seconds=1.0)) as served:
        began = Began()
        outcome = await answer(served, seconds=5.0)
        await idle(double)
    assert outcome.cause == cause_pb2.CAUSE_MODEL_UNAVAILABLE
    held(double.connections[0].closed_at, began, 1.0)


async def test_callers_with_little_time_take_no_model_away_from_the_others(configured: Serve) -> None:
    replies = [WAITS["before the first token"]] * 4 + [answers()]
    breaker = {"breaker": {"min_calls": 2, "open_seconds": 60}}
    async with (
        two(replies, [answers()]) as (first, second),
        configured(two_models(first, second, **OWN, **ONCE, **breaker)) as served,
    ):
        hurried = await asyncio.gather(*(answer(served, seconds=4.0) for _ in range(4)))
        assert {each.cause for each in hurried} == {cause_pb2.CAUSE_MODEL_SLOW_START}
        assert (await answer(served)).report.model == "large"
