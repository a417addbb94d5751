"""The checker of the history: what it accepts, and that it finds every kind of planted fault."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.ports.operations import HistoryEntry
from groundwire_server.work.history import HistoryEvent, HistoryFault, check_history

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Told = tuple[str, int]
"""An event and its attempt."""

BEGUN: Sequence[Told] = [("accepted", 0), ("begun", 1)]
ANSWERED: Sequence[Told] = [*BEGUN, ("effect", 1), ("billed", 1)]
REVIEWED: Sequence[Told] = [*BEGUN, ("in_review", 1), ("billed", 1)]
HALTED: Sequence[Told] = [*BEGUN, ("halted", 1)]


def history(told: Sequence[Told], operation_id: str = "a", first: int = 1) -> list[HistoryEntry]:
    return [
        HistoryEntry(number, operation_id, event, attempt, NOW)
        for number, (event, attempt) in enumerate(told, start=first)
    ]


@pytest.mark.parametrize(
    ("told", "end", "lost"),
    [
        ([("accepted", 0)], None, 0),
        (BEGUN, None, 0),
        (HALTED, None, 0),
        (ANSWERED, "effect", 0),
        ([*BEGUN, ("billed", 1), ("effect", 1)], "effect", 0),
        ([*BEGUN, ("begun", 2), ("effect", 2), ("billed", 2)], "effect", 1),
        ([*BEGUN, ("retried", 1), ("begun", 2), ("effect", 2), ("billed", 2)], "effect", 0),
        ([*BEGUN, ("released", 1), ("begun", 2), ("refused", 2), ("billed", 2)], "refused", 0),
        ([*HALTED, ("requeued", 1), ("begun", 2), ("effect", 2), ("billed", 2)], "effect", 0),
        ([*HALTED, ("expired", 1), ("billed", 1)], "expired", 0),
        ([*BEGUN, ("cancelled", 1), ("billed", 1)], "cancelled", 1),
        ([("accepted", 0), ("cancelled", 0), ("billed", 0)], "cancelled", 0),
        ([*ANSWERED, ("erased", 1)], "effect", 0),
        ([*BEGUN, ("erased", 1), ("billed", 1)], "erased", 1),
        (REVIEWED, None, 0),
        ([*REVIEWED, ("effect", 1)], "effect", 0),
        ([*REVIEWED, ("cancelled", 1)], "cancelled", 0),
        ([*BEGUN, ("begun", 2), ("in_review", 2), ("effect", 2), ("billed", 2)], "effect", 1),
        ([("accepted", 0), ("in_review", 0)], None, 0),
        ([("accepted", 0), ("in_review", 0), ("effect", 0)], "effect", 0),
        ([("accepted", 0), ("in_review", 0), ("expired", 0)], "expired", 0),
    ],
    ids=lambda each: " ".join(event for event, _ in each) if isinstance(each, list) else None,
)
def test_a_history_in_order_has_no_fault(told: Sequence[Told], end: str | None, lost: int) -> None:
    report = check_history(history(told), promised=["a"])
    assert report.faults == ()
    assert report.accepted == 1
    assert report.ends == ({} if end is None else {HistoryEvent(end): 1})
    assert report.open == (frozenset("a") if end is None else frozenset())
    assert report.lost_attempts == lost


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([("begun", 1)], HistoryFault.NEVER_ACCEPTED),
        ([("accepted", 0), ("accepted", 0)], HistoryFault.ACCEPTED_TWICE),
        ([("accepted", 0), ("mislaid", 0)], HistoryFault.UNKNOWN_EVENT),
        ([("accepted", 0), ("begun", 2)], HistoryFault.ATTEMPT_SKIPPED),
        ([*BEGUN, ("begun", 1)], HistoryFault.ATTEMPT_SKIPPED),
        ([*BEGUN, ("begun", 2), ("retried", 1)], HistoryFault.OTHER_ATTEMPT),
        ([*BEGUN, ("begun", 2), ("effect", 1), ("billed", 1)], HistoryFault.OTHER_ATTEMPT),
        ([("accepted", 0), ("effect", 0), ("billed", 0)], HistoryFault.NOT_UNDER_WAY),
        ([*BEGUN, ("retried", 1), ("effect", 1), ("billed", 1)], HistoryFault.NOT_UNDER_WAY),
        ([*ANSWERED, ("begun", 2)], HistoryFault.AFTER_THE_END),
        ([*ANSWERED, ("cancelled", 1)], HistoryFault.AFTER_THE_END),
        ([*BEGUN, ("cancelled", 1), ("effect", 1), ("billed", 1)], HistoryFault.AFTER_THE_END),
        ([*ANSWERED, ("effect", 1)], HistoryFault.TWO_EFFECTS),
        ([*ANSWERED, ("billed", 1)], HistoryFault.TWO_BILLS),
        ([*BEGUN, ("effect", 1)], HistoryFault.EFFECT_WITHOUT_BILL),
        ([*BEGUN, ("billed", 1)], HistoryFault.BILL_WITHOUT_END),
        ([*HALTED, ("begun", 2)], HistoryFault.HALTED_WENT_ON),
        ([*BEGUN, ("requeued", 1)], HistoryFault.REQUEUED_UNHALTED),
        ([*REVIEWED, ("begun", 2)], HistoryFault.REVIEWED_WENT_ON),
        ([*REVIEWED, ("in_review", 1)], HistoryFault.NOT_UNDER_WAY),
        ([*REVIEWED, ("retried", 1)], HistoryFault.NOT_UNDER_WAY),
        ([*REVIEWED, ("effect", 2)], HistoryFault.NOT_UNDER_WAY),
        ([*REVIEWED, ("effect", 1), ("effect", 1)], HistoryFault.TWO_EFFECTS),
        ([*BEGUN, ("begun", 2), ("in_review", 1)], HistoryFault.OTHER_ATTEMPT),
        ([*BEGUN, ("in_review", 1), ("effect", 1)], HistoryFault.EFFECT_WITHOUT_BILL),
        ([*BEGUN, ("retried", 1), ("in_review", 1), ("billed", 1)], HistoryFault.NOT_UNDER_WAY),
    ],
    ids=lambda each: each.name if isinstance(each, HistoryFault) else None,
)
def test_a_planted_fault_is_found_and_named(told: Sequence[Told], fault: HistoryFault) -> None:
    assert [each.fault for each in check_history(history(told)).faults] == [fault]


def test_an_operation_that_was_promised_and_is_not_there_is_lost() -> None:
    faults = check_history(history(ANSWERED), promised=["a", "b"]).faults
    assert [(each.operation_id, each.fault) for each in faults] == [("b", HistoryFault.LOST)]


def test_entries_out_of_order_are_found() -> None:
    first, second = history(BEGUN)
    assert HistoryFault.OUT_OF_ORDER in {each.fault for each in check_history([second, first]).faults}


def test_operations_are_judged_apart() -> None:
    report = check_history([*history(ANSWERED), *history(BEGUN, "b", 10), *history(HALTED, "c", 20)])
    assert (report.accepted, report.open, report.faults) == (3, frozenset("bc"), ())


@given(st.data())
def test_two_histories_may_be_interleaved_in_any_way(data: st.DataObject) -> None:
    left, right = list(ANSWERED), [*BEGUN, ("retried", 1), ("begun", 2), ("refused", 2), ("billed", 2)]
    entries: list[HistoryEntry] = []
    while left or right:
        name = data.draw(st.sampled_from([name for name, rest in (("a", left), ("b", right)) if rest]))
        event, attempt = (left if name == "a" else right).pop(0)
        entries.append(HistoryEntry(len(entries) + 1, name, event, attempt, NOW))
    report = check_history(entries)
    assert report.faults == ()
    assert report.ends == {HistoryEvent.EFFECT: 1, HistoryEvent.REFUSED: 1}


@given(st.integers(0, len(ANSWERED) - 1))
def test_no_entry_of_an_answered_operation_can_be_missing_or_there_twice(index: int) -> None:
    entries = history(ANSWERED)
    without = [*entries[:index], *entries[index + 1 :]]
    twice = [*entries[: index + 1], *entries[index:]]
    for wrong in (without, twice):
        assert check_history(wrong).faults or check_history(wrong).open
