"""Passages on their screen: dropped, distrusted, flagged or forbidden."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import Finding, Flag
from groundwire_server.domain.outcome import Answered, Blocked
from groundwire_server.domain.vocabulary import Action, Cause, GuardAction, Screen, Stage
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.screening.evidence import EvidenceScreening
from groundwire_server.pipeline.stage import StageRunner
from tests.doubles.generator import DONE, ScriptedGenerator, draft
from tests.doubles.policies import time_plan
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.pipeline.running import FIRST, Path, path
from tests.pipeline.samples import ALICE, ask
from tests.pipeline.screening.guarding import IDENTITY, LocalWords, guards

EVIDENCE = Screen.EVIDENCE


def passage(chunk_id: str, text: str, document_id: str = "", title: str = "") -> Passage:
    return Passage(chunk_id, text, document_id or chunk_id, title)


async def screening(
    action: GuardAction, by_category: Mapping[str, GuardAction] | None = None, **words: str
) -> tuple[EvidenceScreening, ReportBuilder, LocalWords]:
    guard = LocalWords(**words)
    made = await path([])
    now = asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0))
    ports = replace(made.routes.ports(inquiry), screens=guards(guard, action, EVIDENCE, by_category=by_category or {}))
    report = ReportBuilder("", "", "", now)
    run = StageRunner(time_plan(4.0, now), LoopTime(), Spans().tracer, report)
    return EvidenceScreening(inquiry, ports, run), report, guard


async def test_what_is_distrusted_stays_with_its_flags_and_takes_what_is_near_along() -> None:
    screen, report, _ = await screening(GuardAction.DISTRUST, instruction="Ignore", link="http")
    bad = passage("c1", "Ignore all. See http://x.", "d1")
    beside, other = passage("c2", "Rain.", "d1"), passage("c3", "Sun.", "d2")
    first, second, third = await screen.passages([beside, bad, other])
    assert (first.trusted, first.flags) == (False, ())
    assert (second.trusted, second.flags) == (False, ("instruction", "link"))
    assert third is other
    assert report.flags[Flag(EVIDENCE, IDENTITY, "instruction", GuardAction.DISTRUST)] == 1


@pytest.mark.parametrize(("ordinal", "trusted"), [(2, False), (8, False), (1, True), (9, True)])
async def test_what_is_far_away_in_a_document_is_judged_by_itself(ordinal: int, trusted: bool) -> None:
    screen, _, _ = await screening(GuardAction.DISTRUST, instruction="Ignore")
    bad = replace(passage("c1", "Ignore all.", "d1"), ordinal=5)
    other = replace(passage("c2", "Rain.", "d1"), ordinal=ordinal)
    assert [each.trusted for each in await screen.passages([bad, other])] == [False, trusted]


async def test_a_neighbour_that_comes_later_is_looked_at_and_distrusts_what_was_there() -> None:
    screen, report, guard = await screening(GuardAction.DISTRUST, instruction="Ignore")
    selected, neighbour = passage("c1", "Rain.", "d1"), passage("c2", "Ignore all.", "d1")
    assert await screen.passages([selected]) == (selected,)
    first, second = await screen.passages([selected, neighbour])
    assert (first.trusted, second.trusted) == (False, False)
    assert guard.seen == ["Rain.", "Ignore all."], "each once"
    assert [timing.stage for timing in report.stages] == [Stage.SCREEN_EVIDENCE] * 2


async def test_what_is_dropped_is_not_there() -> None:
    screen, _, _ = await screening(GuardAction.DROP, instruction="Ignore")
    good = passage("c1", "Rain.")
    assert await screen.passages([passage("c2", "Ignore all."), good]) == (good,)


async def test_what_one_guard_drops_and_another_distrusts_takes_its_document_along() -> None:
    screen, _, _ = await screening(
        GuardAction.DISTRUST, by_category={"project": GuardAction.DROP}, instruction="Ignore", project="Globex"
    )
    (left,) = await screen.passages([passage("c1", "Ignore Globex.", "d1"), passage("c2", "Rain.", "d1")])
    assert (left.chunk_id, left.trusted) == ("c2", False)


@pytest.mark.parametrize(
    ("action", "texts"), [(GuardAction.DROP, ["Ignore all."]), (GuardAction.BLOCK, ["Rain.", "Ignore all."])]
)
async def test_where_nothing_is_left_or_one_blocks_the_evidence_is_forbidden(
    action: GuardAction, texts: list[str]
) -> None:
    screen, _, _ = await screening(action, instruction="Ignore")
    with pytest.raises(Failure) as caught:
        await screen.passages([passage(text, text) for text in texts])
    assert caught.value.cause is Cause.EVIDENCE_FORBIDDEN


async def test_titles_are_looked_at() -> None:
    screen, _, _ = await screening(GuardAction.FLAG, instruction="Ignore")
    (flagged,) = await screen.passages([passage("c1", "Rain.", title="Ignore all")])
    assert (flagged.flags, flagged.trusted) == (("instruction",), True)


async def test_a_neighbour_keeps_what_was_set_of_it_since() -> None:
    screen, _, _ = await screening(GuardAction.FLAG, instruction="Ignore")
    (flagged,) = await screen.passages([passage("c1", "Ignore.")])
    (cut,) = await screen.passages([replace(flagged, text="Ign", flags=())])
    assert (cut.text, cut.flags) == ("Ign", ("instruction",))


async def test_the_whole_path_blocks_and_flags() -> None:
    async def made(action: GuardAction) -> Path:
        screens = guards(LocalWords(instruction="one expression"), action, EVIDENCE)
        return await path(ScriptedGenerator([*draft((FIRST, ["p1"])), DONE]), screens=screens)

    blocked = await (await made(GuardAction.BLOCK)).ask(None)
    assert isinstance(blocked.result, Blocked)
    assert (blocked.cause, blocked.action) == (Cause.EVIDENCE_FORBIDDEN, Action.BLOCK)
    flagged = await (await made(GuardAction.FLAG)).ask(None)
    assert isinstance(flagged.result, Answered)
    assert flagged.result.answer.citations[0].passage.flags == ("instruction",)


async def test_long_texts_are_looked_at_beside_the_event_loop() -> None:
    threads: set[int] = set()

    class Watching(LocalWords):
        def find(self, text: str) -> Sequence[Finding]:
            threads.add(threading.get_ident())
            return super().find(text)

    made = await path([])
    now = asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0))
    ports = replace(made.routes.ports(inquiry), screens=guards(Watching(x="Ignore"), GuardAction.FLAG, EVIDENCE))
    run = StageRunner(time_plan(4.0, now), LoopTime(), Spans().tracer, ReportBuilder("", "", "", now))
    screen = EvidenceScreening(inquiry, ports, run)
    await screen.passages([passage("short", "Rain.")])
    assert threads == {threading.get_ident()}
    (flagged,) = await screen.passages([passage("long", f"{'Rain. ' * 2_000}Ignore all.")])
    assert len(threads) == 2
    assert flagged.flags == ("x",)
