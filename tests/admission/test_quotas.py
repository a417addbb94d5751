"""Who may begin by the limits of the table, who waits, and what a refusal says."""

import asyncio
import logging
from dataclasses import replace

import pytest

from groundwire_server.domain.admission import Work
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.limits import Queue
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import LimitScope, Reason, WithoutStore
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trail import begin_trail
from tests.admission.limiting import ADA, AwayStore, Held, Limited, RemoteStore, row, wall_clock

BOB = replace(ADA, subject="bob")


async def refusal(limited: Limited, requester: Requester = ADA, work: Work = Work.ANSWER) -> Rejection:
    with pytest.raises(Rejection) as raised:
        await limited.hold(requester, work).begin()
    return raised.value


async def test_a_refusal_says_which_limit_how_much_and_until_when() -> None:
    limited = Limited((row(requests_per_minute=2, scopes={"per": frozenset({LimitScope.SUBJECT})}),))
    for _ in range(2):
        await (await limited.hold().begin()).end()
    refused = await refusal(limited)
    assert refused.reason is Reason.QUOTA_EXCEEDED
    assert refused.metadata == {"quota": "users.requests_per_minute"}
    assert refused.retry_after == 30.0
    (quota,) = refused.quotas
    assert quota.subject == "subject:ada"
    assert quota.description == (
        "users.requests_per_minute allows 2 requests a minute for each subject; the next may come at "
        "2026-11-26T00:00:30.000+00:00"
    )
    assert (quota.limit, quota.metric, quota.value) == ("users.requests_per_minute", "requests", 2)
    assert quota.dimensions == {"tenant": "acme", "subject": "ada"}


async def test_it_may_come_when_the_refusal_said_and_not_before() -> None:
    limited = Limited((row(requests_per_minute=2),))
    for _ in range(2):
        await limited.hold().begin()
    wait = (await refusal(limited)).retry_after
    assert wait is not None
    await asyncio.sleep(wait - 0.001)
    await refusal(limited)
    await asyncio.sleep(0.001)
    await limited.hold().begin()


async def test_each_limit_that_has_nothing_left_is_named_and_the_longest_wait_counts() -> None:
    limited = Limited((row(requests_per_second=1, requests_per_minute=1), row("few", concurrent_calls=1)))
    await limited.hold().begin()
    refused = await refusal(limited)
    assert [each.limit for each in refused.quotas] == [
        "users.requests_per_second",
        "users.requests_per_minute",
        "few.concurrent_calls",
    ]
    assert refused.retry_after == 60.0


async def test_a_refused_call_takes_of_no_limit() -> None:
    limited = Limited((row(requests_per_minute=5), row("few", concurrent_calls=1)))
    first = await limited.hold().begin()
    for _ in range(9):
        await refusal(limited)
    await first.end()
    for _ in range(4):
        await (await limited.hold().begin()).end()
    assert [each.limit for each in (await refusal(limited)).quotas] == ["users.requests_per_minute"]


@pytest.mark.parametrize(
    ("scopes", "other"),
    [
        ({"per": frozenset({LimitScope.TENANT})}, replace(ADA, tenant="globex")),
        ({"per": frozenset({LimitScope.SUBJECT})}, BOB),
        ({"per": frozenset({LimitScope.SUBJECT})}, replace(ADA, tenant="globex")),
        ({"per": frozenset({LimitScope.END_USER})}, replace(ADA, end_user="visitor-2")),
        ({"per": frozenset({LimitScope.ROUTE})}, replace(ADA, route="faq")),
        ({"tenant": "acme"}, replace(ADA, tenant="globex")),
        ({"tenant": "acme", "subject": "ada"}, BOB),
        ({"tenant": "acme", "end_user": "visitor-1"}, replace(ADA, end_user="visitor-2")),
        ({"route": "default"}, replace(ADA, route="faq")),
    ],
)
async def test_what_one_uses_is_not_missing_to_another(scopes: dict[str, object], other: Requester) -> None:
    limited = Limited((row(requests_per_minute=1, scopes=scopes),))
    await limited.hold().begin()
    await refusal(limited)
    await limited.hold(other).begin()


async def test_without_per_all_callers_of_a_row_share_one_count_and_none_is_named() -> None:
    limited = Limited((row(requests_per_minute=1),))
    await limited.hold().begin()
    (quota,) = (await refusal(limited, replace(BOB, tenant="globex"))).quotas
    assert (quota.subject, quota.dimensions) == ("service", {})


async def test_work_of_another_kind_is_not_counted() -> None:
    limited = Limited(
        (row(requests_per_minute=1), row("import", requests_per_minute=1, scopes={"work": {Work.INGEST}}))
    )
    await limited.hold().begin()
    await limited.hold(work=Work.INGEST).begin()
    assert (await refusal(limited, work=Work.SEARCH)).metadata == {"quota": "users.requests_per_minute"}
    assert (await refusal(limited, work=Work.INGEST)).metadata == {"quota": "import.requests_per_minute"}


async def test_a_row_in_shadow_refuses_nobody_and_is_counted_and_told() -> None:
    limited = Limited((row(requests_per_minute=1, shadow=True),))
    trail = begin_trail()
    for _ in range(3):
        await limited.hold().begin()
    assert limited.counts.series(metrics.LIMITS_REACHED) == {("users.requests_per_minute", "SHADOW"): 2}
    assert trail.limits_in_shadow == ["users.requests_per_minute"]


async def test_refusals_are_counted_each_and_logged_once_a_window(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "groundwire.limits")
    limited = Limited((row(requests_per_minute=1, scopes={"tenant": "acme"}),))
    await limited.hold().begin()
    for _ in range(5):
        await refusal(limited)
    assert limited.counts.series(metrics.LIMITS_REACHED) == {("users.requests_per_minute", "ENFORCED"): 5}
    (line,) = caplog.records
    assert (line.message, vars(line)["limit"], vars(line)["tenant"]) == (
        "a limit is reached",
        "users.requests_per_minute",
        "acme",
    )


async def test_money_that_is_used_up_refuses_a_call_before_it_begins() -> None:
    limited = Limited((row(cost_per_day=100),))
    await limited.hold().begin()
    (limit,) = limited.table.spending(ADA)
    await limited.store.take([limit.demand(100)])
    refused = await refusal(limited)
    assert refused.retry_after == 86_400.0
    assert refused.quotas[0].description.endswith("a day; the next may come at 2026-11-27T00:00:00.000+00:00")
    await limited.hold(work=Work.SEARCH).begin()


async def test_concurrent_calls_are_given_back_however_a_call_ends() -> None:
    limited = Limited((row(concurrent_calls=1),))
    for _ in range(3):
        await (await limited.hold().begin()).end()
    held = await limited.hold().begin()
    await refusal(limited)
    await held.end()
    await limited.hold().begin()


async def test_calls_wait_in_the_order_they_came_for_one_to_end() -> None:
    limited = Limited((row(concurrent_calls=1, queue=Queue(2, 5.0)),))
    first = await limited.hold().begin()
    order: list[str] = []

    async def wait(name: str) -> None:
        held = await limited.hold().begin()
        order.append(name)
        await held.end()

    waiting = [asyncio.create_task(wait(name)) for name in ("second", "third")]
    await asyncio.sleep(1)
    assert order == []
    assert "2 calls in 1 lines" in repr(limited.lines)
    refused = await refusal(limited)
    assert refused.quotas[0].description == (
        "users.concurrent_calls allows 1 calls at once; try again when one has ended"
    )
    await first.end()
    await asyncio.gather(*waiting)
    assert order == ["second", "third"]
    assert "0 calls" in repr(limited.lines)


TWO_LINES = (
    row("tenants", concurrent_calls=2, queue=Queue(9, 20.0)),
    row("people", concurrent_calls=1, queue=Queue(9, 20.0), scopes={"per": frozenset({LimitScope.SUBJECT})}),
)


async def test_who_waits_for_a_limit_of_its_own_holds_up_nobody_in_the_line_of_all() -> None:
    limited = Limited(TWO_LINES)
    long_one, short_one = await limited.hold(ADA).begin(), await limited.hold(BOB).begin()
    again = asyncio.create_task(limited.hold(ADA).begin())
    await asyncio.sleep(0)
    behind = asyncio.create_task(limited.hold(replace(ADA, subject="eve")).begin())
    await asyncio.sleep(1)
    await short_one.end()
    held = await asyncio.wait_for(behind, 1)
    await held.end()
    assert not again.done()
    await long_one.end()
    await asyncio.wait_for(again, 1)
    assert "0 calls" in repr(limited.lines)


async def test_who_moves_to_another_line_keeps_its_turn() -> None:
    limited = Limited(TWO_LINES)
    first, second = await limited.hold(ADA).begin(), await limited.hold(BOB).begin()
    order: list[str] = []

    async def wait(subject: str) -> None:
        held = await limited.hold(replace(ADA, subject=subject)).begin()
        order.append(subject)
        await asyncio.sleep(1)
        await held.end()

    waiting = []
    for subject in ("ada", "eve", "dan", "zoe"):
        waiting.append(asyncio.create_task(wait(subject)))
        await asyncio.sleep(0.01)
    await second.end()
    await asyncio.sleep(0.5)
    await first.end()
    await asyncio.gather(*waiting)
    assert order == ["eve", "dan", "ada", "zoe"]


async def test_nobody_waits_in_a_line_for_a_limit_without_one() -> None:
    limited = Limited((TWO_LINES[0], replace(TWO_LINES[1], queue=None)))
    await limited.hold(ADA).begin()
    await limited.hold(BOB).begin()
    await refusal_at_once(limited)
    assert [each.limit for each in (await refusal(limited)).quotas] == [
        "tenants.concurrent_calls",
        "people.concurrent_calls",
    ]


@pytest.mark.parametrize(("queue_seconds", "seconds", "waited"), [(5.0, 30.0, 5.0), (5.0, 2.0, 1.9)])
async def test_a_call_waits_as_long_as_the_row_says_and_no_longer_than_it_can_answer(
    queue_seconds: float, seconds: float, waited: float
) -> None:
    limited = Limited((row(concurrent_calls=1, queue=Queue(2, queue_seconds)),))
    await limited.hold().begin()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Rejection):
        await limited.hold(seconds=seconds).begin()
    assert loop.time() - began == pytest.approx(waited)
    assert "0 calls" in repr(limited.lines)


async def test_a_caller_that_leaves_the_line_holds_nothing_and_lets_the_next_try() -> None:
    limited = Limited((row(concurrent_calls=1, queue=Queue(2, 30.0)),))
    first = await limited.hold().begin()
    leaving = asyncio.create_task(limited.hold().begin())
    staying = asyncio.create_task(limited.hold().begin())
    await asyncio.sleep(1)
    await first.end()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    held = await asyncio.wait_for(staying, 1)
    await refusal_at_once(limited)
    await held.end()
    await limited.hold().begin()


async def refusal_at_once(limited: Limited) -> None:
    with pytest.raises(Rejection):
        await limited.hold(seconds=0.0).begin()


async def test_a_caller_that_leaves_while_the_store_is_asked_holds_nothing() -> None:
    limited = Limited((row(concurrent_calls=1),), store=RemoteStore(wall_clock))
    leaving = asyncio.create_task(limited.hold().begin())
    await asyncio.sleep(0.5)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(1)
    await limited.hold().begin()


async def test_what_a_killed_process_held_is_free_soon_after_the_deadline() -> None:
    limited = Limited((row(concurrent_calls=1),))
    await limited.hold(seconds=10.0).begin()
    await asyncio.sleep(14.9)
    await refusal(limited)
    await asyncio.sleep(0.2)
    await limited.hold().begin()


async def test_counts_outlive_the_table_they_were_made_by() -> None:
    limited = Limited((row(requests_per_minute=3, concurrent_calls=9),))
    for _ in range(2):
        await limited.hold().begin()
    changed = Limited((row(requests_per_minute=2, concurrent_calls=2),), store=limited.store)
    assert [each.limit for each in (await refusal(changed)).quotas] == [
        "users.requests_per_minute",
        "users.concurrent_calls",
    ]


@pytest.mark.parametrize("without", [WithoutStore.OPEN, WithoutStore.CLOSED])
async def test_without_its_store_a_route_is_open_or_closed_and_says_so(
    without: WithoutStore, caplog: pytest.LogCaptureFixture
) -> None:
    limited = Limited((row(requests_per_minute=1),), store=AwayStore(), without_store={"default": without})
    trail = begin_trail()
    open_ = without is WithoutStore.OPEN
    for _ in range(2):
        if open_:
            await (await limited.hold().begin()).end()
        else:
            assert (await refusal(limited)).reason is Reason.LIMITS_UNAVAILABLE
    assert limited.counts.series(metrics.LIMITS_UNCHECKED) == {("default", str(open_).lower()): 2}
    assert trail.limits_unchecked is open_
    (line,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert line.message == "limits cannot be checked"
    assert vars(line)["why"].startswith("the store is away")


async def test_a_call_of_no_row_costs_the_store_nothing() -> None:
    limited = Limited((row(requests_per_minute=1, scopes={"tenant": "acme"}),), store=AwayStore())
    held: Held = await limited.hold(replace(ADA, tenant="globex")).begin()
    await held.end()
    assert limited.counts.series(metrics.LIMITS_UNCHECKED) == {}
