"""What the collector of cyclic garbage looks at."""

import gc
from collections.abc import Iterator

import pytest

from groundwire_server.app.memory import settle_garbage_collection


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_there_is_not_looked_at_again() -> None:
    before = len(gc.get_objects())

    settle_garbage_collection()

    assert len(gc.get_objects()) < before / 10
    assert gc.get_freeze_count() > before / 2


def test_what_comes_later_is_collected() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    settle_garbage_collection()
    kept = Cycle()
    del kept

    assert gc.collect() > 0
