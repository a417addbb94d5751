"""Erasing records while samples are on their way: none is written behind the erasure."""

import asyncio

from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.erasure import ErasedPlaceKind, OneSubject, RecordErasure
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.review.sample_erasure import PendingSampleErasure
from tests.doubles.cases import answered_case
from tests.review.test_sampling import Sampling, StandingClock

ERASURE = RecordErasure("acme", OneSubject("ann"))


def begun() -> tuple[Sampling, PendingSampleErasure]:
    """Return samples of which one is held up on its way."""
    sampling = Sampling(iter([0.0]))
    sampling.openings.gate.clear()
    sampling.leave_one(answered_case(), ReviewPolicy(sample_share=1.0))
    return sampling, PendingSampleErasure(sampling.samples, StandingClock())


async def test_what_is_on_its_way_is_written_before_it_is_erased() -> None:
    sampling, pending = begun()
    erasing = asyncio.create_task(pending.erase(ERASURE, NEVER))
    await asyncio.sleep(1)
    assert not erasing.done()
    sampling.openings.gate.set()
    assert await erasing == []
    assert len(sampling.openings.opened) == 1


async def test_a_receipt_is_not_complete_where_the_time_is_up_first() -> None:
    sampling, pending = begun()
    (place,) = await pending.erase(ERASURE, Deadline(1.0))
    assert (place.kind, place.complete) == (ErasedPlaceKind.CASES, False)
    assert place.note
    sampling.openings.gate.set()
    await sampling.samples.end()
    assert len(sampling.openings.opened) == 1


async def test_nothing_is_waited_for_where_nothing_is_on_its_way() -> None:
    assert await PendingSampleErasure(Sampling().samples, StandingClock()).erase(ERASURE, NEVER) == []
