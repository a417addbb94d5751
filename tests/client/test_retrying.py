"""When a call is sent again, and when that comes to an end."""

import grpc
import pytest

from groundwire.errors import Error
from groundwire.retrying import Attempts, Retry, RetryBudget

LOST = Error(grpc.StatusCode.UNAVAILABLE, "lost", connection_lost=True)
NEVER = Error(grpc.StatusCode.UNAVAILABLE, "never reached")
BUSY = Error(grpc.StatusCode.UNAVAILABLE, "busy", reason="OVERLOADED", retry_after=2.0)
FULL = Error(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", reason="QUOTA_EXCEEDED", retry_after=2.0)
FINAL = Error(grpc.StatusCode.UNAVAILABLE, "no", reason="OVERLOADED", retry_after=2.0, final=True)
TOO_LARGE = Error(grpc.StatusCode.RESOURCE_EXHAUSTED, "too large")
WRONG = Error(grpc.StatusCode.INVALID_ARGUMENT, "wrong", reason="INVALID_REQUEST")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def attempts(
    retry: Retry | None = Retry(),  # noqa: B008  (frozen)
    *,
    budget: RetryBudget | None = None,
    timeout: float = 30.0,
    repeatable: bool = True,
    clock: Clock | None = None,
) -> Attempts:
    return Attempts(retry, budget or RetryBudget(), timeout, repeatable=repeatable, clock=clock or Clock())


@pytest.mark.parametrize(
    ("error", "repeatable", "again"),
    [
        (LOST, True, True),
        (LOST, False, False),  # nobody knows whether it was carried out
        (BUSY, True, True),
        (BUSY, False, True),  # the server says that it was not
        (FULL, True, True),
        (FINAL, True, False),
        (NEVER, True, False),
        (TOO_LARGE, True, False),
        (WRONG, True, False),
    ],
)
def test_what_is_sent_again(error: Error, repeatable: bool, again: bool) -> None:
    assert (attempts(repeatable=repeatable).wait_after(error) is not None) is again


def test_without_retry_nothing_is_sent_again() -> None:
    assert attempts(None).wait_after(LOST) is None


def test_waits_grow_up_to_a_bound_and_differ_a_little() -> None:
    retry = Retry(attempts=9, initial_backoff=0.1, multiplier=3.0, max_backoff=1.0)
    several = attempts(retry)

    waits = [several.wait_after(LOST) for _ in range(5)]

    for wait, middle in zip(waits, [0.1, 0.3, 0.9, 1.0, 1.0], strict=True):
        assert wait is not None
        assert 0.8 * middle <= wait <= 1.2 * middle
    assert len({retry.backoff(1) for _ in range(20)}) > 1


def test_the_server_is_given_the_time_it_asks_for() -> None:
    assert attempts().wait_after(BUSY) == 2.0


def test_attempts_come_to_an_end_and_an_event_begins_their_count_anew() -> None:
    three = attempts(Retry(attempts=3))

    assert [three.wait_after(LOST) is None for _ in range(3)] == [False, False, True]
    three.progressed()
    assert three.wait_after(LOST) is not None


def test_all_attempts_share_the_time_of_the_call() -> None:
    clock = Clock()
    several = attempts(timeout=3.0, clock=clock)

    assert several.time_left == 3.0
    assert several.wait_after(BUSY) == 2.0
    clock.now += 2.0
    assert several.time_left == 1.0
    assert several.wait_after(BUSY) is None  # there is less time than the server asks for
    clock.now += 5.0
    assert several.time_left == 0.0


def test_while_most_calls_are_turned_away_none_is_sent_again() -> None:
    budget = RetryBudget()

    waited = [attempts(budget=budget).wait_after(BUSY) is not None for _ in range(6)]

    assert waited == [True, True, True, True, False, False]
    assert attempts(budget=budget).wait_after(LOST) is not None  # a connection says nothing of the server's load
    for _ in range(30):
        attempts(budget=budget).succeeded()
    assert attempts(budget=budget).wait_after(BUSY) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"initial_backoff": 0.0},
        {"multiplier": 0.5},
        {"max_backoff": 0.0},
        {"resume_window": -1.0},
        {"resume_window": 301.0},
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Retry needs"):
        Retry(**wrong)  # type: ignore[arg-type]
