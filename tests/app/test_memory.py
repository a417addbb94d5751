"""What the collector of cyclic garbage looks at."""

import gc
from collections.abc import Iterator

import pytest

from groundwire_server.app.memory import keep_what_is_there


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_there_is_not_looked_at_again() -> None:
    before = len(gc.get_objects())

    keep_what_is_there()

    assert len(gc.get_objects()) < before / 10
    assert gc.get_freeze_count() > before / 2


def test_what_comes_later_is_collected() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    keep_what_is_there()
    kept = Cycle()
    del kept

    assert gc.collect() > 0
