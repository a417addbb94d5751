"""Options of the queue."""

from typing import Any

import pytest
from pydantic import ValidationError

from groundwire_server.work.options import QueueOptions


@pytest.mark.parametrize(
    "options",
    [
        {"max_waiting": 10, "max_waiting_per_tenant": 11},
        {"answer_within_seconds": 60, "max_answer_within_seconds": 30},
        {"backoff_seconds": 60, "max_backoff_seconds": 30},
        {"attempts": 0},
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueueOptions.model_validate(options)


def test_the_bound_of_a_tenant_gives_way_to_that_of_all() -> None:
    bounds = QueueOptions(max_waiting=10).bounds(3.0)
    assert (bounds.waiting, bounds.waiting_per_tenant, bounds.weight) == (10, 10, 3.0)


@pytest.mark.parametrize(("wanted", "seconds"), [(None, 600.0), (60.0, 60.0), (10_000.0, 7200.0)])
def test_a_call_may_ask_for_less_time_and_for_no_more_than_the_longest(wanted: float | None, seconds: float) -> None:
    options = QueueOptions(answer_within_seconds=600, max_answer_within_seconds=7200)
    assert options.answer_within(wanted) == seconds
