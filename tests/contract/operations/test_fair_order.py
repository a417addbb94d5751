"""The order of work: by priority, then fair to tenants by their weights, then the oldest."""

from collections import Counter
from dataclasses import replace

import pytest

from groundwire_server.domain.operation import Bill
from groundwire_server.domain.vocabulary import Cause, Priority
from groundwire_server.ports.operations import QueueBounds
from tests.contract.operations.queued import AMPLE, LEASE, Queue, SteppingClock


def _weighing(weight: float) -> QueueBounds:
    return replace(AMPLE, weight=weight)


async def test_a_tenant_alone_is_served_in_its_order(queue: Queue) -> None:
    names = [f"op{number}" for number in range(12)]
    assert [(await queue.accept(name)).position for name in names] == list(range(12))
    assert await queue.drain() == names


async def test_one_question_waits_for_one_of_a_tenant_with_a_thousand(queue: Queue) -> None:
    await queue.fill("a", 1000)
    assert (await queue.accept("a1000")).position == 1000
    assert (await queue.accept("b", "globex")).position <= 1
    first_two = [
        claim.key.tenant
        for claim in (await queue.records.claim("w1", LEASE), await queue.records.claim("w1", LEASE))
        if claim
    ]
    assert "globex" in first_two


async def test_tenants_take_turns(queue: Queue) -> None:
    for number in range(6):
        await queue.accept(f"a{number}")
    for number in range(3):
        await queue.accept(f"b{number}", "globex")
    served = await queue.drain()
    assert Counter(each[0] for each in served[:6]) == {"a": 3, "b": 3}
    assert served[6:] == ["a3", "a4", "a5"]


async def test_shares_are_by_weight(queue: Queue) -> None:
    for number in range(40):
        await queue.accept(f"a{number}", bounds=_weighing(3.0))
    for number in range(40):
        await queue.accept(f"b{number}", "globex", bounds=_weighing(1.0))
    served = await queue.drain()
    for end in (8, 16, 24, 32, 40):
        count = Counter(each[0] for each in served[:end])
        assert count["a"] == pytest.approx(end * 3 / 4, abs=1)


async def test_a_tenant_gains_nothing_by_keeping_one_question_waiting_at_a_time(queue: Queue) -> None:
    for number in range(40):
        await queue.accept(f"a{number}")
    served: list[str] = []
    for number in range(20):
        small = await queue.accept(f"b{number}", "globex", bounds=_weighing(0.1))
        served += await _serve(queue, 1)
        if f"b{number}" not in served:
            # It is deleted and asked anew: what the tenant has had is not forgotten.
            assert await queue.records.delete(small.key)
    assert Counter(each[0] for each in served)["b"] <= 3


async def test_a_tenant_that_comes_back_has_saved_nothing_up(queue: Queue) -> None:
    await queue.accept("b0", "globex")
    for number in range(20):
        await queue.accept(f"a{number}")
    assert set(await _serve(queue, 11)) >= {"b0"}
    for number in range(1, 6):
        await queue.accept(f"b{number}", "globex")
    count = Counter(each[0] for each in await queue.drain())
    assert count == {"a": 10, "b": 5}


async def test_a_tenant_that_comes_back_takes_every_second_turn(queue: Queue) -> None:
    for number in range(30):
        await queue.accept(f"a{number}")
    await _serve(queue, 10)
    for number in range(10):
        await queue.accept(f"b{number}", "globex")
    served = await _serve(queue, 10)
    assert Counter(each[0] for each in served)["b"] == pytest.approx(5, abs=1)


async def test_what_waits_for_a_retry_does_not_hold_the_time_back(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept("early", "initech")
    assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 600.0, Bill())
    for number in range(20):
        await queue.accept(f"a{number}")
    await _serve(queue, 10)
    for number in range(10):
        await queue.accept(f"b{number}", "globex")
    assert Counter(each[0] for each in await _serve(queue, 10))["b"] == pytest.approx(5, abs=1)
    clock.step(600)
    assert (await queue.claim()).work.question.text == "early"


async def test_priorities_go_before_turns(queue: Queue) -> None:
    for number, priority in enumerate([Priority.EVALUATION, Priority.BACKGROUND, Priority.INTERACTIVE] * 2):
        await queue.accept(f"{priority.name}{number}", priority=priority)
    assert await queue.drain() == [
        "INTERACTIVE2",
        "INTERACTIVE5",
        "BACKGROUND1",
        "BACKGROUND4",
        "EVALUATION0",
        "EVALUATION3",
    ]


async def test_positions_count_what_comes_before(queue: Queue) -> None:
    await queue.accept("low", priority=Priority.BACKGROUND)
    for number in range(3):
        await queue.accept(f"a{number}")
    positions = {each.key: each.position for each in await queue.records.page("acme", None, [], None, 10)}
    names = ("a0", "a1", "a2", "low")
    assert [positions[queue.key(name)] for name in names] == [0, 1, 2, 3]
    for name in names:
        found = await queue.records.get(queue.key(name))
        assert found is not None
        assert found.position == positions[found.key]
    await queue.claim()
    found = await queue.records.get(queue.key("low"))
    assert found is not None
    assert found.position == 2


async def _serve(queue: Queue, count: int) -> list[str]:
    """Take up and complete so many; return their texts."""
    served = []
    for _ in range(count):
        claim = await queue.records.claim("w1", LEASE)
        assert claim is not None
        served.append(claim.work.question.text)
        assert await queue.records.complete(claim, b"", Bill(), [])
    return served
