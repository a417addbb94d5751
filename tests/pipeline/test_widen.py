"""Neighbours join what was selected where the budget leaves room, and nothing that goes wrong costs the selection."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from unittest.mock import Mock

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import PassageKind, Place
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.select import select, shortened
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.widen import widen
from groundwire_server.ports.tokens import ModelTokens
from groundwire_server.telemetry import metrics, names
from tests.doubles.counts import Counts
from tests.doubles.spans import Spans
from tests.doubles.store import SearchAlone
from tests.doubles.time import LoopTime, SocketTimeLoop
from tests.doubles.tokens import QUARTERS
from tests.pipeline.samples import ALICE, RULES, ask, policy

DEADLINE = 8.0
FORTY_TOKENS = 160


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fake": SocketTimeLoop}


def part(document: str, ordinal: int, *, text: str = "", section: tuple[str, ...] = (), revision: int = 1) -> Passage:
    """A passage of 40 tokens: `d3` is the one with the ordinal 3 of the document `d`."""
    name = f"{document}{ordinal}"
    return Passage(
        name,
        text or f"{name} ".ljust(FORTY_TOKENS, name[0]),
        document,
        ordinal=ordinal,
        revision=revision,
        allowed_principals=frozenset({"staff"}),
        place=Place(section),
    )


def found(document: str, ordinal: int, relevance: float = 0.9, section: tuple[str, ...] = ()) -> Passage:
    return replace(part(document, ordinal, section=section), scores=Scores(0.8, 2.0, 0.7, relevance))


BOOK = [part("d", ordinal) for ordinal in range(7)] + [part("e", ordinal) for ordinal in range(3)]


SPREAD = {name: found(name[0], int(name[1])) for name in ("d3", "e1", "d5", "d1", "e0", "d0", "d6")}


class Library(SearchAlone):
    """A store that returns everything that it has, whatever is asked of it."""

    def __init__(self, passages: Sequence[Passage] = BOOK) -> None:
        self.asked: list[tuple[list[str], int]] = []
        self.began = asyncio.Event()
        self.seconds = 0.0
        self.failure: Failure | None = None
        self._passages = tuple(passages)

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        raise AssertionError

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        self.asked.append(([passage.chunk_id for passage in passages], reach))
        self.began.set()
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return Evidence(self._passages)


class Widened:
    """One selection that is widened, and what it left behind."""

    def __init__(self, library: Library | None = None, neighbours: int = 1, **changes: object) -> None:
        self.library = library or Library()
        self.spans, self.counts = Spans(), Counts()
        self.tokens = QUARTERS
        self._policy = replace(policy(), neighbours=neighbours, **changes)  # type: ignore[arg-type]

    async def of(self, *selected: Passage, provided: tuple[Passage, ...] = ()) -> tuple[Passage, ...]:
        tokens = dict.fromkeys(self._policy.models, self.tokens)
        ports = Ports(self.library, None, built_in_prompts(), {}, AclRecheck(self.counts), RULES, tokens=tokens)
        now = asyncio.get_running_loop().time()
        inquiry = Inquiry(ask(provided=provided), ALICE, self._policy, now, Deadline(now + DEADLINE))
        run = StageRunner(inquiry.time_plan(), LoopTime(), self.spans.tracer, ReportBuilder("", "", "", 0.0))
        async with run.stage(Stage.SELECT) as stage:
            return await widen(select(Evidence(selected), inquiry.policy, self.tokens), inquiry, ports, stage)

    async def ids(self, *selected: Passage) -> str:
        return " ".join(passage.chunk_id for passage in await self.of(*selected))

    @property
    def noted(self) -> dict[str, object]:
        return self.spans.attributes("groundwire.select")


@pytest.mark.parametrize(
    ("neighbours", "selected", "chosen"),
    [
        (0, [found("d", 3)], "d3"),
        (1, [found("d", 3)], "d2 d3 d4"),
        (2, [found("d", 3)], "d1 d2 d3 d4 d5"),
        (3, [found("d", 0)], "d0 d1 d2 d3"),
        (1, [found("e", 2), found("d", 3)], "e1 e2 d2 d3 d4"),
        (1, [found("d", 3), found("d", 4)], "d2 d3 d4 d5"),
        (1, [found("d", 4), found("d", 2)], "d1 d2 d3 d4 d5"),
        (1, [found("d", 6), found("e", 0), found("d", 4)], "d3 d4 d5 d6 e0 e1"),
        (1, [found("d", 0), found("d", 5)], "d0 d1 d4 d5 d6"),
    ],
)
async def test_those_that_stand_together_are_in_reading_order_at_the_place_of_the_best(
    neighbours: int, selected: Sequence[Passage], chosen: str
) -> None:
    assert await Widened(neighbours=neighbours).ids(*selected) == chosen


def under(passage: Passage, parent: int) -> Passage:
    return replace(passage, place=Place(("Guide", "Install"), parent=parent))


@pytest.mark.parametrize(
    ("tokens", "chosen"),
    [(40 + 39, "d5"), (40 + 40, "d5 d6"), (40 + 79, "d5 d6"), (40 + 80, "d1 d5 d6"), (1000, "d1 d5 d6")],
)
async def test_the_beginning_of_the_section_around_comes_after_neighbours_and_stands_before_them(
    tokens: int, chosen: str
) -> None:
    guide = [part("d", ordinal, section=("Guide",)) for ordinal in range(5)]
    library = Library([*guide, *(under(part("d", ordinal), 1) for ordinal in (5, 6))])
    widened = Widened(library, evidence_tokens=tokens)
    selected = under(found("d", 5), 1)
    assert await widened.ids(selected) == chosen


async def test_the_beginning_of_a_section_comes_once_and_keeps_its_place_where_it_was_found() -> None:
    guide = [part("d", ordinal, section=("Guide",)) for ordinal in range(3)]
    library = Library([*guide, *(under(part("d", ordinal), 0) for ordinal in (5, 8))])
    both = under(found("d", 5), 0), under(found("d", 8), 0)
    assert await Widened(library).ids(*both) == "d0 d5 d8"
    assert await Widened(library).ids(*both, found("d", 0, section=("Guide",))) == "d5 d8 d0 d1"
    assert await Widened(library, neighbours=0).ids(*both) == "d5 d8"


@pytest.mark.parametrize(
    ("tokens", "chosen"),
    [
        (80 + 24, "d3 e1"),
        (80 + 39, "d3 e1"),
        (80 + 40, "d3 d4 e1"),
        (80 + 80, "d2 d3 d4 e1"),
        (80 + 120, "d2 d3 d4 e1 e2"),
        (80 + 160, "d2 d3 d4 e0 e1 e2"),
    ],
)
async def test_the_budget_goes_to_the_best_first_and_to_what_follows_before_what_precedes(
    tokens: int, chosen: str
) -> None:
    assert await Widened(evidence_tokens=tokens).ids(found("d", 3), found("e", 1)) == chosen


@pytest.mark.parametrize(("limit", "chosen"), [(1, "d3"), (2, "d3 d4"), (3, "d2 d3 d4"), (None, "d2 d3 d4")])
async def test_a_limit_of_passages_counts_them(limit: int | None, chosen: str) -> None:
    assert await Widened(passages_limit=limit).ids(found("d", 3)) == chosen


async def test_what_does_not_fit_hides_what_is_beyond_it() -> None:
    library = Library([*BOOK[:4], part("d", 4, text="long " * 400), *BOOK[5:]])
    assert await Widened(library, 3, evidence_tokens=300).ids(found("d", 3)) == "d0 d1 d2 d3"


async def test_they_are_of_the_same_section_of_the_same_revision() -> None:
    inner = ("Post", "Hours")
    library = Library(
        [
            part("d", 1, section=inner),
            part("d", 2, section=("Post",)),
            part("d", 4, section=inner, revision=2),
            part("d", 5, section=inner),
            part("d", 7, section=inner),
        ]
    )
    assert await Widened(library, 3).ids(found("d", 3, section=inner), found("d", 6, section=inner)) == "d3 d5 d6 d7"


async def test_they_have_the_relevance_of_what_they_stand_beside_and_no_score_of_a_search() -> None:
    before, best, after = await Widened().of(found("d", 3, relevance=0.93))
    assert best == found("d", 3, relevance=0.93)
    assert [each.neighbour for each in (before, best, after)] == [True, False, True]
    assert before.scores == after.scores == Scores(relevance=0.93)


async def test_what_another_passage_says_already_takes_no_room() -> None:
    same = "Parcels wait in the mail room until five o'clock."
    library = Library([part("d", 2), part("d", 4, text=same)])
    twice = replace(found("e", 1), text=same.upper())
    assert await Widened(library).ids(found("d", 3), twice) == "d2 d3 e1"


async def test_code_is_compared_to_the_letter() -> None:
    code = Place(kind=PassageKind.CODE)
    library = Library([replace(part("d", 4, text="run --a (b)"), place=code)])
    other = replace(found("e", 1), text="run --a b", place=code)
    assert await Widened(library).ids(replace(found("d", 3), place=code), other) == "d3 d4 e1"


async def test_a_passage_is_counted_once_from_selection_to_prompt() -> None:
    widened, counting = Widened(Library([part("d", 4)])), Mock(wraps=QUARTERS.counter)
    widened.tokens = ModelTokens(counting)
    await widened.of(found("d", 3), found("e", 1))
    counted = [each.args[0] for each in counting.count.call_args_list]
    assert counted == [part("d", 3).text, part("e", 1).text, part("d", 4).text]


async def test_the_store_is_asked_once_for_all() -> None:
    widened = Widened(neighbours=2)
    await widened.of(found("d", 3), found("e", 1))
    assert widened.library.asked == [(["d3", "e1"], 2)]


@pytest.mark.parametrize(("tokens", "asked"), [(8 * 40, ["d3"]), (11 * 40, ["d3", "e1", "d5"]), (9999, list(SPREAD))])
async def test_it_is_asked_for_neighbours_of_the_best_as_many_as_there_is_room_for(
    tokens: int, asked: Sequence[str]
) -> None:
    widened = Widened(evidence_tokens=tokens)
    await widened.of(*SPREAD.values())
    assert widened.library.asked == [(asked, 1)]


@pytest.mark.parametrize(
    ("changes", "selected"),
    [
        ({"neighbours": 0}, [found("d", 3)]),
        ({"evidence_tokens": 64}, [found("d", 3)]),
        ({"passages_limit": 1}, [found("d", 3)]),
    ],
)
async def test_it_is_not_asked_where_nothing_can_come_of_it(
    changes: Mapping[str, int], selected: Sequence[Passage]
) -> None:
    widened = Widened(**changes)  # type: ignore[arg-type]
    assert list(await widened.of(*selected)) == selected
    assert not widened.library.asked


async def test_passages_of_the_callers_own_have_no_neighbours() -> None:
    widened = Widened()
    own = found("d", 3)
    assert await widened.of(own, provided=(own,)) == (own,)
    assert not widened.library.asked


async def test_what_the_caller_may_not_see_is_dropped_and_counted() -> None:
    secret = replace(part("d", 4), allowed_principals=frozenset({"board"}))
    widened = Widened(Library([part("d", 2), secret, part("d", 5)]), 3)
    assert await widened.ids(found("d", 3)) == "d2 d3"
    assert widened.counts.of(metrics.PASSAGES_DROPPED) == 1


async def test_a_store_that_fails_or_is_late_costs_neither_the_selection_nor_much_time() -> None:
    selected = (found("d", 4), found("d", 2))
    for seconds, failure, cause, takes in (
        (0.0, Failure(Cause.STORE_UNAVAILABLE), Cause.STORE_UNAVAILABLE, 0.0),
        (60.0, None, Cause.STORE_TIMEOUT, 0.5),
    ):
        widened = Widened()
        widened.library.seconds, widened.library.failure = seconds, failure
        began = asyncio.get_running_loop().time()
        assert await widened.of(*selected) == selected
        assert asyncio.get_running_loop().time() - began == pytest.approx(takes, abs=0.05)
        assert widened.noted[names.NEIGHBOURS_CAUSE] == cause.value
        assert names.PASSAGES_NEIGHBOURS not in widened.noted


async def test_a_caller_that_leaves_ends_the_call() -> None:
    widened = Widened()
    widened.library.seconds = 60.0
    task = asyncio.create_task(widened.of(found("d", 3)))
    await widened.library.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_span_has_how_many_joined() -> None:
    widened = Widened()
    await widened.of(found("d", 3), found("e", 0))
    assert widened.noted[names.PASSAGES_CHOSEN] == 5
    assert widened.noted[names.PASSAGES_NEIGHBOURS] == 3
    assert widened.noted[names.BEST_RELEVANCE] == 0.9


async def test_a_shorter_prompt_does_without_them_before_it_does_without_what_was_found() -> None:
    chosen = await Widened().of(found("d", 3), found("e", 1))
    assert [each.chunk_id for each in shortened(chosen)] == ["d3", "e1"]
    assert [each.chunk_id for each in shortened(shortened(chosen))] == ["d3"]
