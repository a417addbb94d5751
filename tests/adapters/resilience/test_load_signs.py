"""What one tenant's calls show of a dependency, and what they must not do to others."""

from contextlib import aclosing

import pytest

from groundwire_server.adapters.resilience.fair_limiter import AdaptiveConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.load_signs import LoadSigns
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.generation import GenerationRequest, Piece, Prompt
from groundwire_server.domain.requester import Requester
from tests.adapters.resilience.protected import protected
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait
from tests.doubles.time import LoopTime


def seen(*calls: tuple[str, float]) -> list[bool]:
    """Return which of calls of tenants, one a second, were signs of too many."""
    known = LoadSigns()
    for number in range(10):
        known.began("earlier", 0.1, number - 40.0)
    return [known.began(tenant, seconds, float(at)) for at, (tenant, seconds) in enumerate(calls)]


def test_calls_in_a_row_that_are_slow_to_begin_are_a_sign() -> None:
    assert seen(("acme", 0.1), ("acme", 2.0), ("acme", 2.0), ("acme", 0.1)) == [False, False, True, False]
    assert seen(("acme", 2.0), ("globex", 2.0), ("acme", 2.0)) == [False, True, True]


def test_slow_calls_of_one_tenant_are_no_sign_while_others_begin_quickly() -> None:
    assert not any(seen(*(("globex", 0.1), ("acme", 2.0), ("acme", 2.0)) * 10))


def test_a_tenant_that_has_not_called_for_a_while_speaks_for_nothing() -> None:
    assert seen(("globex", 0.1), *(("acme", 2.0),) * 12)[-1]


async def _ask(generator: object, tenant: str, seconds: float) -> list[Piece]:
    request = GenerationRequest("alias", Requester(tenant), Prompt("answer", "1", "", "", "", {}), 500)
    deadline = NEVER if seconds == float("inf") else Deadline(LoopTime().now() + seconds)
    async with aclosing(generator.generate(request, deadline)) as pieces:  # type: ignore[attr-defined]
        return [piece async for piece in pieces]


async def test_long_answers_of_one_tenant_refuse_nobody_elses_short_ones() -> None:
    long: list[Move] = ["x", Wait(20.0), DONE]
    model = ScriptedGenerator(*[long] * 32, ["x", DONE])
    slots = FairLimiter(AdaptiveConcurrencyOptions(max_concurrent=8, queue_size=100))
    generator = protected(model, limiters=[slots])
    for _ in range(32):
        await _ask(generator, "acme", float("inf"))
    assert await _ask(generator, "globex", 5.0) == ["x", DONE]


def test_the_tenants_that_are_remembered_are_few() -> None:
    signs = LoadSigns()
    for number in range(10_000):
        signs.completed(str(number), 1.0, 0.0)
    assert "of 128 tenants" in repr(signs)


@pytest.mark.parametrize("calls", [0, 3])
def test_what_is_not_known_of_a_tenant_is_taken_for_nothing(calls: int) -> None:
    signs = LoadSigns()
    for _ in range(calls):
        signs.completed("acme", 9.0, 0.0)
    assert signs.quick("acme", 1.0) == 0.0
