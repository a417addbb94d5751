"""Whose turn it is, whatever comes: by properties over random histories, and by counts where everyone waits."""

from collections import Counter
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.fairness.fair_slots import KEPT_FREE, SEEN_SECONDS, FairSlots, QueuePlace
from groundwire_server.domain.fairness.parties import REMEMBERED
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Priority

WEIGHTS = {"a": 3.0, "b": 1.0, "c": 0.5}

requesters = st.builds(
    Requester, st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y"]), priority=st.sampled_from(Priority)
)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("come"), requesters),
        st.tuples(st.just("end"), st.integers(0, 100)),
        st.tuples(st.just("give up"), st.integers(0, 100)),
        st.tuples(st.just("resize"), st.integers(1, 20)),
        st.tuples(st.just("pass"), st.integers(1, 100)),
    ),
    max_size=120,
)


def weight(tenant: str) -> float:
    return WEIGHTS.get(tenant, 1.0)


class World:
    """Slots with those who hold one or wait for one, kept by hand beside them."""

    def __init__(self, limit: int, size: int = 10) -> None:
        self.slots: FairSlots[QueuePlace] = FairSlots(limit, size, weight)
        self.holding: list[Requester] = []
        self.waiting: list[QueuePlace] = []
        self.now = 0.0

    def come(self, requester: Requester) -> bool:
        """Take a slot or a place; return whether there was either."""
        if self.slots.take(requester, self.now):
            self.holding.append(requester)
            return True
        if self.slots.waiting >= self.slots.size:
            shed = self.slots.to_shed(requester)
            if shed is None:
                return False
            self.give_up(shed)
        place = QueuePlace(requester)
        self.slots.enqueue(place)
        self.waiting.append(place)
        return True

    def give_up(self, place: QueuePlace) -> None:
        self.slots.leave(place)
        self.waiting.remove(place)

    def end(self, requester: Requester) -> None:
        self.holding.remove(requester)
        self.slots.release(requester, 1.0)

    def admit(self) -> list[Requester]:
        """Let all begin that may; return them in their order."""
        began = []
        while (place := self.slots.next(self.now)) is not None:
            self.waiting.remove(place)
            self.holding.append(place.requester)
            began.append(place.requester)
        return began


@given(moves=moves, limit=st.integers(1, 20))
def test_slots_are_counted_and_none_is_free_for_whom_it_could_serve(
    moves: list[tuple[str, object]], limit: int
) -> None:
    world = World(limit)
    for name, value in moves:
        match name, value:
            case "come", Requester():
                world.come(value)
            case "end", int() if world.holding:
                world.end(world.holding[value % len(world.holding)])
            case "give up", int() if world.waiting:
                world.give_up(world.waiting[value % len(world.waiting)])
            case "resize", int():
                world.slots.limit = value
            case "pass", int():
                world.now += value
            case _:
                pass  # nobody holds a slot, or waits for one
        slots = world.slots
        begun = world.admit()
        assert not begun or slots.used <= slots.limit
        assert (slots.used, slots.waiting) == (len(world.holding), len(world.waiting))
        assert slots.tenants_waiting == len({place.requester.tenant for place in world.waiting})
        if world.waiting and slots.used < slots.limit:
            # What is free is kept from the one tenant that waits, which holds the rest.
            (tenant,) = {place.requester.tenant for place in world.waiting}
            held = sum(requester.tenant == tenant for requester in world.holding)
            assert held >= slots.limit - slots.limit // KEPT_FREE


@given(st.lists(requesters, min_size=11, max_size=60))
def test_a_full_queue_sheds_the_least_urgent_and_no_tenant_below_its_part(arrivals: list[Requester]) -> None:
    world = World(1, size=10)
    for requester in arrivals:
        before = [place.requester for place in world.waiting]
        if world.come(requester) or len(before) < world.slots.size:
            continue
        # The one that was refused is no more urgent than any that stays, and its tenant has its part of the queue.
        order = list(Priority)
        assert all(order.index(each.priority) <= order.index(requester.priority) for each in before)
        alike = Counter(each.tenant for each in before if each.priority is requester.priority)
        own = (alike[requester.tenant] + 1) / weight(requester.tenant)
        assert all(own >= count / weight(tenant) for tenant, count in alike.items() if tenant != requester.tenant)


@pytest.mark.parametrize("slots", [1, 4, 9])
def test_tenants_that_always_wait_are_served_by_weight_and_their_subjects_alike(slots: int) -> None:
    world = World(slots, size=10_000)
    for tenant in WEIGHTS:
        for _ in range(200):
            for subject in ("x", "y"):
                world.come(Requester(tenant, subject))
    served: Counter[tuple[str, str]] = Counter()
    for _ in range(180 // slots):
        for requester in list(world.holding):
            world.end(requester)
            served[requester.tenant, requester.subject] += 1
        world.admit()
    by_tenant = {tenant: served[tenant, "x"] + served[tenant, "y"] for tenant in WEIGHTS}
    total = sum(by_tenant.values())
    for tenant, share in WEIGHTS.items():
        assert by_tenant[tenant] == pytest.approx(total * share / sum(WEIGHTS.values()), abs=2 * slots)
        assert served[tenant, "x"] == pytest.approx(served[tenant, "y"], abs=slots + 1)


def test_another_weight_holds_for_tenants_that_never_stop_calling() -> None:
    weights = {"a": 1.0, "b": 1.0}
    slots: FairSlots[QueuePlace] = FairSlots(4, 10_000, weights.__getitem__)
    holding: list[Requester] = []

    def served(turns: int) -> Counter[str]:
        counts: Counter[str] = Counter()
        for turn in range(turns):
            for tenant in weights:
                slots.enqueue(QueuePlace(Requester(tenant)))
            while (place := slots.next(float(turn))) is not None:
                holding.append(place.requester)
                counts[place.requester.tenant] += 1
            slots.release(holding.pop(0), 1.0)
        return counts

    served(100)
    weights["a"] = 3.0
    counts = served(400)
    assert counts["a"] / counts["b"] == pytest.approx(3.0, rel=0.1)


def test_a_subject_is_served_by_priority() -> None:
    world = World(1)
    for priority in (Priority.INTERACTIVE, Priority.EVALUATION, Priority.BACKGROUND, Priority.INTERACTIVE):
        world.come(Requester("a", "x", priority=priority))
    order = []
    while world.holding:
        world.end(world.holding[0])
        order += [requester.priority for requester in world.admit()]
    assert order == [Priority.INTERACTIVE, Priority.BACKGROUND, Priority.EVALUATION]


def test_one_that_was_idle_is_neither_ahead_by_what_it_did_not_use_nor_behind() -> None:
    world = World(1, size=1000)
    for _ in range(100):
        world.come(Requester("busy"))
    for _ in range(50):
        world.end(world.holding[0])
        world.admit()
    for _ in range(20):
        world.come(Requester("idle"))
    order = []
    for _ in range(20):
        world.end(world.holding[0])
        order += [requester.tenant for requester in world.admit()]
    assert order[0] == "idle"
    assert order == ["idle", "busy"] * 10


def test_a_tenant_alone_may_hold_all_and_leaves_an_eighth_where_another_was_seen_lately() -> None:
    world = World(16, size=1000)
    for _ in range(20):
        world.come(Requester("busy"))
    assert len(world.holding) == 16
    world.come(Requester("other"))
    for _ in range(5):
        world.end(Requester("busy"))
        world.admit()
    assert Counter(each.tenant for each in world.holding) == {"busy": 14, "other": 1}
    assert world.slots.take(Requester("third"), world.now), "a call of another begins at once"
    world.now += SEEN_SECONDS + 1
    world.end(Requester("busy"))
    world.admit()
    assert Counter(each.tenant for each in world.holding)["busy"] == 14, "the third was seen within the window"
    world.now += 1
    world.slots.release(Requester("third"))
    world.slots.release(Requester("other"))
    world.admit()


def test_a_place_says_which_turn_it_would_be() -> None:
    world = World(1, size=1000)
    assert world.slots.position(Requester("a")) == 1
    for number in range(6):
        world.come(Requester("b", f"s{number % 2}"))
    assert world.slots.position(Requester("c")) == 1, "a newcomer is next"
    assert world.slots.position(Requester("b", "s0")) == 5
    assert world.slots.position(Requester("b", "new")) == 1


def test_a_million_names_leave_nothing_behind() -> None:
    world = World(2, size=100)
    began = perf_counter()
    for number in range(100_000):
        requester = Requester(f"tenant-{number}", f"subject-{number}")
        if not world.slots.take(requester, 0.0):
            raise AssertionError("a slot is free")
        world.slots.release(requester)
    assert perf_counter() - began < 60
    assert len(world.slots._tenants) == 0
    assert len(world.slots._tenants._left) <= REMEMBERED


def test_a_slot_counts_by_the_time_that_it_is_held() -> None:
    world = World(1, size=1000)
    for _ in range(100):
        world.come(Requester("long"))
        world.come(Requester("short"))
    held: Counter[str] = Counter()
    for _ in range(100):
        (requester,) = world.holding
        seconds = 3.0 if requester.tenant == "long" else 1.0
        held[requester.tenant] += int(seconds)
        world.holding.clear()
        world.slots.release(requester, seconds)
        world.admit()
    assert held["long"] == pytest.approx(held["short"], rel=0.15)
