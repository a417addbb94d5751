"""Promotions and rollbacks under load: no call fails, none gets half a change, and the next one has it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groundwire import Answered, Client, ProvidedPassage
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from tests.doubles.time import system_clock_of_the_loop, waiting_skipped
from tests.doubles.upstream import upstream
from tests.e2e.generation.conftest import model, provider
from tests.e2e.generation.drafts import DOCUMENTS, SECOND, SENTENCE
from tests.e2e.prompts import TENANT, MarkedModel, configured, numbered, template

pytestmark = pytest.mark.slow

CALLERS = 200
CHANGES = 4
SAYS = {"old": SENTENCE, "new": SECOND}
PASSAGES = [ProvidedPassage(passage_id=name, text=text) for name, text in DOCUMENTS]
VERSIONS = {"9.0.0": "old", "9.1.0": "new"}


@dataclass
class Load:
    """Callers that ask all the time, and what they got.

    Attributes:
        got: the version and the text of each answer, by the number of its question.
        began: how many questions have begun.
        answered: is set by each answer.
    """

    client: Client
    got: dict[str, tuple[str, str]] = field(default_factory=dict)
    began: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False

    async def ask(self) -> str:
        """Ask one question; return its number."""
        self.began += 1
        number = str(self.began)
        outcome = await self.client.answer(numbered(number), passages=PASSAGES, timeout=60)
        assert isinstance(outcome, Answered), outcome
        self.got[number] = outcome.report.prompt_version, outcome.text
        self.answered.set()
        return number

    async def go_on(self) -> None:
        """Ask one question after the other, until it is ended."""
        while not self.ending:
            await self.ask()

    async def more(self, many: int) -> None:
        """Wait until so many further answers have come."""
        wanted = len(self.got) + many
        while len(self.got) < wanted:
            self.answered.clear()
            await self.answered.wait()


@asynccontextmanager
async def served(folder: Path, marked: MarkedModel) -> AsyncIterator[str]:
    """Serve with two pushed versions, the older in force."""
    async with upstream(marked.reply) as double:
        sections = configured(
            folder,
            providers={"cloud": provider(double)},
            models={"cloud": model()},
            routes={"default": {"models": ["cloud"], "store": "main", "thresholds": {"min_relevance": 0.01}}},
            capacity={"max_concurrent": CALLERS},
        )
        file = folder / "groundwire.yaml"
        file.write_text(json.dumps(sections))
        sources = Sources(file, {})
        async with running(sources, load(sources)) as server:
            async with Client(server.address, tenant=TENANT) as operator:
                for number, mark in VERSIONS.items():
                    await operator.push_prompt("answer", number, template(mark))
                await operator.set_prompt_label("answer", "production", "9.0.0")
            yield server.address


async def test_a_rollback_under_load_loses_and_mixes_nothing(tmp_path: Path) -> None:
    marked = MarkedModel(**SAYS)
    # Time passes in turns of the loop: no call is late because the machine is slow.
    with system_clock_of_the_loop(), waiting_skipped():
        await _change_under_load(tmp_path, marked)


async def _change_under_load(tmp_path: Path, marked: MarkedModel) -> None:
    async with (
        served(tmp_path, marked) as address,
        Client(address, tenant=TENANT, subject="ana") as operator,
        Client(address, tenant="acme", principals=["staff"], retry=None) as client,
    ):
        load = Load(client)
        asking = [asyncio.create_task(load.go_on()) for _ in range(CALLERS)]
        await load.more(CALLERS)
        for _ in range(CHANGES // 2):
            await operator.set_prompt_label("answer", "production", "9.1.0", expected="9.0.0")
            # Whoever begins after the reply has the change, whatever is still in flight.
            assert load.got[await load.ask()][0] == "9.1.0"
            await load.more(CALLERS // 2)
            await operator.roll_back_prompt("answer", expected="9.1.0")
            assert load.got[await load.ask()][0] == "9.0.0"
            await load.more(CALLERS // 2)
        load.ending = True
        await asyncio.gather(*asking)
        changes = [each async for each in operator.prompt_changes("answer")]
        assert (await operator.verify_audit()).intact

    assert len(load.got) == load.began
    for number, (version, text) in load.got.items():
        mark = VERSIONS[version]
        assert (marked.seen[number], text) == ([mark], SAYS[mark]), number
    assert min(Counter(version for version, _ in load.got.values()).values()) > CALLERS // 2
    assert sum(each.rolled_back for each in changes) == CHANGES // 2
